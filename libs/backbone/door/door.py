"""The one door: a batch of requests, one transaction, three statements: lock, load, write."""

import logging
from base64 import b64decode
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from backbone.door import journal, outcomes
from backbone.door.batch import Batch
from backbone.door.decider import Aggregate, Decider
from backbone.door.notices import TELL, addressed
from backbone.door.outcomes import Outcome, Row
from backbone.door.request import Request
from backbone.door.statements import TRY_LOCK, WITHDRAW, load_from, lock_all, write_to
from backbone.postgres.pool import Connection, Pool, is_transient, transaction
from backbone.process.metrics import BATCH_SIZE

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Aggregate)
C = TypeVar("C")
E = TypeVar("E")

# Rows that are not decided but ride in the same transaction, such as the entries of a mailbox.
Ride = Callable[[Connection, Batch[S, C, E]], Awaitable[None]]


async def no_ride(conn: Connection, batch: Batch[S, C, E]) -> None:
    """Most services write nothing beside the door's own tables."""


class Door(Generic[S, C, E]):
    """Changes the aggregates of one service; nothing else does."""

    def __init__(
        self,
        pool: Pool,
        decider: Decider[S, C, E],
        written: Callable[[], object] = lambda: None,
        ride: Ride[S, C, E] = no_ride,
    ) -> None:
        self.written = written
        self.table = decider.table
        self._pool = pool
        self._decider = decider
        self._load = load_from(decider.table)
        self._write = write_to(decider.table, decider.record)
        self._ride = ride

    async def perform(self, requests: Sequence[Request[C]]) -> list[Outcome]:
        """Answer every request once and for all. Raises only what is transient."""
        BATCH_SIZE.labels(self.table).observe(len(requests))
        try:
            async with transaction(self._pool, lock_all(lock_keys(requests))) as conn:
                answers = await self._locked(conn, requests)
        except Exception as error:
            if is_transient(error):
                raise
            answers = await self._one_by_one(requests, error)
        self.written()
        return answers

    async def attempt(self, requests: Sequence[Request[C]]) -> list[Outcome | None]:
        """Answer clocks; None for those whose aggregate is busy. Never waits.

        Only what takes effect is written: nobody repeats the request of a clock, and a refusal
        that were kept would silence this clock for ever. Raises whatever breaks the transaction.
        """
        async with transaction(self._pool) as conn:
            keys = {key_of(request.aggregate_id) for request in requests}
            free = {row["key"] for row in await conn.fetch(TRY_LOCK, sorted(keys))}
            own = [request for request in requests if key_of(request.aggregate_id) in free]
            batch = await self._read(conn, own)
            answers = {request.request_id: batch.answer(request) for request in own}
            batch.outcomes = {of: each for of, each in batch.outcomes.items() if not each.reason}
            await self._save(conn, batch, own)
        self.written()
        return [answers.get(request.request_id) for request in requests]

    async def within(self, conn: Connection, requests: Sequence[Request[C]]) -> list[Outcome]:
        """Answer the requests inside a transaction of the caller, who may add rows of its own.

        After the commit the caller says `written()`.
        """
        await conn.execute(lock_all(lock_keys(requests)))
        return await self._locked(conn, requests)

    async def _locked(self, conn: Connection, requests: Sequence[Request[C]]) -> list[Outcome]:
        batch = await self._read(conn, requests)
        answers = [batch.answer(request) for request in requests]
        await self._save(conn, batch, requests)
        return answers

    async def _read(self, conn: Connection, requests: Sequence[Request[C]]) -> Batch[S, C, E]:
        aggregate_ids = [request.aggregate_id for request in requests]
        request_ids = [request.request_id for request in requests]
        row = await conn.fetchrow(self._load, aggregate_ids, request_ids)
        assert row is not None, "a SELECT without FROM has one row"  # noqa: S101
        known = [outcomes.from_row(found) for found in row["outcomes"]]
        return Batch(
            self._decider,
            row["now"],
            dict(filter(None, map(self._state, row["states"]))),
            {UUID(of): b64decode(text) for of, text in row["hashes"].items()},
            {outcome.request_id: outcome for outcome in known},
        )

    def _state(self, row: Row) -> tuple[UUID, S] | None:
        """A row that cannot be read back parks its aggregate; the others go on."""
        try:
            return UUID(row["id"]), self._decider.from_row(row)
        except (ValueError, TypeError):
            log.exception("state.unreadable", extra={"aggregate_id": row["id"]})
            return None

    async def _save(
        self, conn: Connection, batch: Batch[S, C, E], requests: Sequence[Request[C]]
    ) -> None:
        """Write what is new, and tell the fronts that wait; a repeat is told its first answer."""
        notices = addressed(requests)
        if not batch.outcomes:
            if notices[0]:
                await conn.execute(TELL, *notices)
            return
        if batch.withdrawn:
            await conn.execute(WITHDRAW, batch.withdrawn)
        await conn.execute(
            self._write,
            list(batch.rows.values()),
            [journal.to_row(record) for record in batch.records],
            [outcomes.to_row(outcome) for outcome in batch.outcomes.values()],
            *notices,
        )
        if batch.records:
            await self._ride(conn, batch)

    async def _one_by_one(self, requests: Sequence[Request[C]], error: Exception) -> list[Outcome]:
        """One bad request must not take the others along; alone, it is a bug and stored as one."""
        if len(requests) > 1:
            return [(await self.perform([request]))[0] for request in requests]
        log.error("command.broken", exc_info=error)
        async with transaction(self._pool, lock_all(lock_keys(requests))) as conn:
            batch = await self._read(conn, requests)
            answer = batch.give_up(requests[0])
            await self._save(conn, batch, requests)
            return [answer]


def lock_keys(requests: Sequence[Request[C]]) -> list[int]:
    """The advisory locks of a batch in the one order that all transactions use."""
    ids = {request.aggregate_id for request in requests}
    ids |= {request.request_id for request in requests}
    return sorted(map(key_of, ids))


def key_of(some_id: UUID) -> int:
    """The number under which an id is locked."""
    return int.from_bytes(some_id.bytes[-8:], signed=True)
