"""The door answers a batch of requests in one transaction: lock, load, decide, write."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.door import outcomes, statements
from backbone.door.batch import Batch, Loaded, Read
from backbone.door.carrying import Carrier
from backbone.door.commands import by_command
from backbone.door.decider import Decider
from backbone.door.notices import NO_NOTICES, NOTIFY, Notices, addressed
from backbone.door.outcomes import Outcome
from backbone.door.recalling import recalled
from backbone.door.request import Request, key_of
from backbone.door.rows import Rows
from backbone.door.statements import ANSWER, TRY_LOCK, WITHDRAW, lock_all
from backbone.door.stored import OUTCOMES, Stored
from backbone.door.telling import tell_decided
from backbone.postgres.pool import Connection, Pool, is_transient, transaction
from backbone.process import tracing
from backbone.process.metrics import BATCH_SECONDS, BATCH_SIZE
from backbone.words.errors import EVIDENCE_BROKEN, Broken, Unavailable

log = logging.getLogger(__name__)

# Writes further rows of a service in the same transaction, such as the entries of a mailbox.
Ride = Callable[[Connection, Batch], Awaitable[None]]


async def no_ride(conn: Connection, batch: Batch) -> None:
    """Write nothing beside the door's own tables, as most services do."""


class Door:
    """The only writer of the aggregates of one service."""

    def __init__(
        self,
        pool: Pool,
        deciders: Sequence[Decider[Any]],
        written: Callable[[], object] = lambda: None,
        ride: Ride = no_ride,
        carrier: Carrier | None = None,
        rows: Rows | None = None,
    ) -> None:
        """`written` is called after each commit; a door with a carrier sends outcomes to fronts;
        `rows` proves what was read, and signs what is written.

        Raises ValueError for a command of two types.
        """
        self.written = written
        self.name = deciders[0].table.name
        self._pool = pool
        self._deciders = tuple(deciders)
        self._by_table = {each.table.name: each for each in deciders}
        self._by_command = by_command(deciders)
        self._load = statements.load_from(each.table for each in deciders)
        self._find = statements.find_in(each.table for each in deciders)
        self._writes: dict[tuple[str, ...], str] = {}
        self._ride = ride
        self._carrier = carrier
        self.rows = rows or Rows(pool)
        self._stored = Stored(self.rows.coded(OUTCOMES))

    def decider_of(self, command: Any) -> Decider[Any]:
        """The decider of this command. Raises KeyError for an unknown command."""
        return self._by_command[type(command)]

    async def perform(self, requests: Sequence[Request[Any]]) -> list[Outcome]:
        """Answer all requests and commit. Raises transient errors only."""
        BATCH_SIZE.labels(self.name).observe(len(requests))
        began = time.time_ns()
        try:
            with BATCH_SECONDS.labels(self.name).time():
                async with transaction(self._pool, lock_all(self._lock_keys(requests))) as conn:
                    answers = await self._locked(conn, requests)
        except Exception as error:
            if is_transient(error):
                raise
            return await self._one_by_one(requests, error)
        self.written()
        tell_decided(requests, answers, began, "call")
        return answers

    async def attempt(self, requests: Sequence[Request[Any]]) -> list[Outcome | None]:
        """Answer requests of clocks; None for those whose aggregate is locked. Never waits.

        Only what changes something is stored: the request of a clock has no caller who repeats it,
        and a stored refusal, or a "nothing to do yet", would silence this clock for ever. Raises
        the error that breaks the transaction.
        """
        began = time.time_ns()
        async with transaction(self._pool) as conn:
            wanted = [self._aggregate_keys(request) for request in requests]
            free = {row["key"] for row in await conn.fetch(TRY_LOCK, sorted(set().union(*wanted)))}
            own = [each for each, keys in zip(requests, wanted, strict=True) if keys <= free]
            batch = await self._read(conn, own)
            answers = {request.request_id: batch.answer(request) for request in own}
            wrote = {row.request_id for row in batch.journal_rows}
            batch.outcomes = {of: batch.outcomes[of] for of in wrote}
            await self._save(conn, batch, NO_NOTICES)  # no front waits for a clock
        found = [answers.get(request.request_id) for request in requests]
        self.written()
        tell_decided(requests, found, began, "clock")
        return found

    async def within(self, conn: Connection, requests: Sequence[Request[Any]]) -> list[Outcome]:
        """Answer the requests inside the caller's transaction, which may write further rows. After
        its commit the caller calls `written()`."""
        began = time.time_ns()
        await conn.execute(lock_all(self._lock_keys(requests)))
        answers = await self._locked(conn, requests)
        tell_decided(requests, answers, began, "event")
        return answers

    async def find(self, request_ids: Sequence[UUID]) -> list[Outcome]:
        """Return the stored outcomes of these requests, each with its state if that is current."""
        rows = await self._pool.fetch(self._find, request_ids)
        return [await self._with_state(outcomes.from_row(row), row) for row in rows]

    async def answer(self, request_id: UUID) -> Outcome | None:
        """The stored outcome without its state; None also for one that was changed by hand: the
        door refuses the request itself then."""
        row = await self._pool.fetchrow(ANSWER, request_id)
        if row is None:
            return None
        outcome = await self._stored.sound(outcomes.from_row(row), row["proof"], self._pool)
        return None if outcome.reason == EVIDENCE_BROKEN else outcome

    async def _locked(self, conn: Connection, requests: Sequence[Request[Any]]) -> list[Outcome]:
        batch = await self._read(conn, requests)
        answers = [batch.answer(request) for request in requests]
        await self._save(conn, batch, addressed(requests, answers, self._carrier))
        return [
            await recalled(conn, self.rows, self.decider_of(request.command), request, answer)
            for request, answer in zip(requests, answers, strict=True)
        ]

    async def _read(self, conn: Connection, requests: Sequence[Request[Any]]) -> Batch:
        also = {key for request in requests for key in self._also(request)}
        aggregate_ids = {request.aggregate_id for request in requests} | also
        request_ids = [request.request_id for request in requests]
        return await self._load_of(conn, list(aggregate_ids), request_ids, list(also))

    async def _load_of(
        self,
        conn: Connection,
        aggregate_ids: Sequence[UUID],
        request_ids: Sequence[UUID],
        groups: Sequence[UUID],
    ) -> Batch:
        rows = await conn.fetch(self._load, aggregate_ids, request_ids, groups)
        known: dict[UUID, Outcome] = {}
        states: dict[UUID, Loaded] = {}
        members: dict[UUID, set[UUID]] = {}
        now = rows[0]["now"]
        for row in rows[1:]:
            if row["part"] == "outcomes":
                known[row["id"]] = await self._stored.read(row, now, conn)
            elif row["part"] == "group":
                members.setdefault(UUID(row["doc"]), set()).add(row["id"])
            else:
                states[row["id"]] = await self._loaded(self._by_table[row["part"]], row, conn)
        found = {key: frozenset(ids) for key, ids in members.items()}
        return Batch(self.decider_of, Read(now, states, known, found))

    async def _loaded(self, decider: Decider[Any], row: Any, conn: Any = None) -> Loaded:
        """Prove and decode a row; one that is neither blocks its own aggregate alone."""
        try:
            proven = await self.rows.prove(decider, row, conn)
            return Loaded(decider.from_row(proven), row["hash"])
        except (ValueError, TypeError, Unavailable, Broken) as error:
            log.error("state.unreadable", extra={"aggregate_id": row["id"]}, exc_info=error)
            return Loaded(None, row["hash"], error)

    async def _with_state(self, outcome: Outcome, row: Any) -> Outcome:
        outcome = await self._stored.sound(outcome, row["of_outcome"], self._pool)
        if row["doc"] is None or outcome.reason:
            return outcome
        return replace(outcome, state=(await self._loaded(self._by_table[row["part"]], row)).state)

    async def _save(self, conn: Connection, batch: Batch, notices: Notices) -> None:
        """Write new outcomes, events and states, and notify the waiting fronts, also of repeats."""
        if not batch.outcomes:
            if notices[0]:
                await conn.execute(NOTIFY, *notices)
            return
        if batch.withdrawn:
            await conn.execute(WITHDRAW, batch.withdrawn)
        await conn.execute(*self._write_of(batch), *notices)
        if batch.journal_rows:
            await self._ride(conn, batch)

    def _write_of(self, batch: Batch) -> tuple[Any, ...]:
        """The statement for the changed tables, and all its parameters but the notices."""
        rows: dict[str, list[list[Any]]] = {}
        for of, state in batch.changed.items():
            decider = batch.deciders[of]
            values = statements.state_values(decider, state, batch.hash_of(of), self.rows.code)
            rows.setdefault(decider.table.name, []).append(values)
        tables = tuple(sorted(rows))
        statement = self._writes.get(tables)
        if statement is None:
            owned = [self._by_table[name].table for name in tables]
            statement = self._writes[tables] = statements.write_to(owned)
        signed = (
            row.signed(batch.deciders[row.aggregate_id].topic, self.rows.sign)
            for row in batch.journal_rows
        )
        records = [statements.journal_values(row) for row in signed]
        answers = [self._stored.values(each) for each in batch.outcomes.values()]
        arrays = [array for name in tables for array in statements.turned(rows[name])]
        arrays += statements.turned(records, len(statements.JOURNAL))
        return (statement, *arrays, *statements.turned(answers))

    def _also(self, request: Request[Any]) -> Sequence[UUID]:
        return tuple(self.decider_of(request.command).also(request.command))

    def _aggregate_keys(self, request: Request[Any]) -> set[int]:
        return {key_of(each) for each in (request.aggregate_id, *self._also(request))}

    def _lock_keys(self, requests: Sequence[Request[Any]]) -> list[int]:
        """The advisory locks of a batch, sorted: all transactions lock in this order."""
        keys = {key_of(request.request_id) for request in requests}
        return sorted(keys.union(*map(self._aggregate_keys, requests)))

    async def _one_by_one(
        self, requests: Sequence[Request[Any]], error: Exception
    ) -> list[Outcome]:
        """Repeat a broken batch one request at a time; the request that breaks is INTERNAL."""
        if len(requests) > 1:
            return [(await self.perform([request]))[0] for request in requests]
        [request], began = requests, time.time_ns()
        told = {"trace_id": tracing.id_of(request.traceparent)}
        log.error("command.broken", exc_info=error, extra=told)
        own = sorted({key_of(request.aggregate_id), key_of(request.request_id)})
        async with transaction(self._pool, lock_all(own)) as conn:
            batch = await self._load_of(conn, [request.aggregate_id], [request.request_id], [])
            answer = batch.give_up(request)
            await self._save(conn, batch, addressed(requests, [answer], self._carrier))
        self.written()
        tell_decided(requests, [answer], began, "call")
        return [answer]
