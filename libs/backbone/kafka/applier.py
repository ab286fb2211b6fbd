"""Applies events to the door of one service: each source version once, in order, none dropped.

An event that cannot be read goes to the dead letters. One that cannot be applied is parked, and
the later ones of its source aggregate queue behind it, while all others flow.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import isawaitable
from typing import Any, TypeAlias
from uuid import UUID

from aiokafka import ConsumerRecord
from google.protobuf.message import DecodeError, Message

from backbone.door.door import Door
from backbone.door.request import Request
from backbone.kafka.inbox import Inbox, Standing
from backbone.kafka.producer import Publisher, dead_topic
from backbone.postgres.pool import Connection, Pool, is_transient, transaction
from backbone.process.metrics import DEAD_LETTERS, GAPS, LINKS_REFUSED
from backbone.words.errors import Unavailable
from liandong.event.v1.event_pb2 import Meta

log = logging.getLogger(__name__)

# Returns what the event asks of the own aggregates: nothing, one or several requests.
Asked: TypeAlias = Sequence[Request[Any]]
Handler: TypeAlias = Callable[[Any], Asked | Awaitable[Asked]]


@dataclass(frozen=True)
class Subscription:
    """Which group reads which topic, as which message, and what it makes of an event.

    `parks_unknown`: an unknown kind, from a newer producer, is parked where something is decided
    from it, and else ignored and counted. Where most events do not concern this service, `ours`
    selects the source aggregates $1 that do, and `kinds` names the kinds that do: all others leave
    no trace here, so that a gap between the versions means nothing where there are `kinds`.
    """

    group: str
    topic: str
    event: type[Message]
    handler: Handler
    parks_unknown: bool = False
    ours: str = ""
    kinds: frozenset[str] = frozenset()

    def concerns(self, kind: str | None) -> bool:
        """Whether an event of this kind, None for an unknown one, asks something of us."""
        return not self.kinds or kind in self.kinds or (kind is None and self.parks_unknown)


BEHIND = "BEHIND_ANOTHER"
UNREADABLE = (DecodeError, ValueError, TypeError)


class Waits(Exception):
    """The event cannot be applied yet, for this reason."""


def kind_of(event: Any) -> str | None:
    """The name of the kind, None for one from a newer producer."""
    kind: str | None = event.WhichOneof("kind")
    return kind


class Applier:
    """What one group makes of single events, those of its topic and those that were parked."""

    def __init__(
        self,
        pool: Pool,
        door: Door,
        subscription: Subscription,
        publisher: Publisher,
    ) -> None:
        self._pool = pool
        self._door = door
        self._subscription = subscription
        self._publisher = publisher
        self._inbox = Inbox(subscription.group)

    async def take_together(self, records: Sequence[ConsumerRecord]) -> list[str] | None:
        """Settle them in one transaction and say what became of each. Raises what is transient.

        None, and nothing was done, where one of them needs a look of its own.
        """
        try:
            return await self._settled([self._read(record) for record in records])
        except Exception as error:
            if is_transient(error):
                raise
            return None

    async def take(self, record: ConsumerRecord) -> str:
        """Settle one record and say what became of it. Raises only what is transient."""
        try:
            event = self._read(record)
        except UNREADABLE as error:
            await self._bury(record, error)
            return "dead"
        try:
            [fate] = await self._settled([event])
            return fate
        except Exception as error:
            if is_transient(error):
                raise
            return await self._park(event, record, error)

    def can_read(self, record: ConsumerRecord) -> bool:
        try:
            self._read(record)
        except UNREADABLE:
            return False
        return True

    def _read(self, record: ConsumerRecord) -> Any:
        event: Any = self._subscription.event.FromString(record.value)
        UUID(event.meta.aggregate_id), UUID(event.meta.event_id)
        if event.meta.version < 1:
            raise ValueError("an event without a version")
        return event

    async def _settled(self, events: Sequence[Any]) -> list[str]:
        """One transaction for all of them; it raises where an event cannot be applied."""
        concerned = [each for each in events if self._subscription.concerns(kind_of(each))]
        sources = [UUID(event.meta.aggregate_id) for event in concerned]
        if not sources:
            return ["ignored"] * len(events)
        async with transaction(self._pool, self._inbox.lock(*sources)) as conn:
            standing = await self._inbox.standing(conn, *sources)
            gaps = self._gaps(concerned, standing)
            fates, asked = await self._ask(events, standing)
            await self._apply(conn, asked)
            await self._inbox.note(conn, {of: now.last for of, now in standing.items()})
        self._door.written()
        for source, after in gaps:
            log.warning("event.gap", extra={"source": str(source), "after": after})
        GAPS.labels(self._subscription.group).inc(len(gaps))
        return fates

    def _gaps(
        self, events: Sequence[Any], standing: Mapping[UUID, Standing]
    ) -> list[tuple[UUID, int]]:
        """Where versions are missing, and after which; told after the commit, so only once."""
        gaps: list[tuple[UUID, int]] = []
        last = {source: now.last for source, now in standing.items()}
        for event in events if not self._subscription.kinds else ():
            source, version = UUID(event.meta.aggregate_id), event.meta.version
            if 0 < last[source] < version - 1:
                gaps.append((source, last[source]))
            last[source] = max(last[source], version)
        return gaps

    async def _ask(
        self, events: Sequence[Any], standing: dict[UUID, Standing]
    ) -> tuple[list[str], list[tuple[Meta, Request[Any]]]]:
        """What becomes of each, and what they ask for. Raises Waits for what has to be parked."""
        fates: list[str] = []
        asked: list[tuple[Meta, Request[Any]]] = []
        for event in events:
            meta, source = event.meta, UUID(event.meta.aggregate_id)
            if not self._subscription.concerns(kind_of(event)):
                fates.append("ignored")
            elif meta.version <= standing[source].last:
                fates.append("repeated")
            else:
                requests = await self._requests(event, standing[source])
                standing[source] = Standing(meta.version, waits=False)
                fates.append("applied" if requests else "ignored")
                asked += [(meta, request) for request in requests]
        return fates, asked

    async def _requests(self, event: Any, before: Standing) -> Asked:
        if before.waits:
            raise Waits(BEHIND)
        if kind_of(event) is None:
            if self._subscription.parks_unknown:
                raise Waits("UNKNOWN_KIND")
            return ()
        requests = self._subscription.handler(event)
        return await requests if isawaitable(requests) else requests

    async def _apply(self, conn: Connection, asked: Sequence[tuple[Meta, Request[Any]]]) -> None:
        """Perform what the events ask, in the transaction of the caller."""
        requests = [request for _, request in asked]
        outcomes = await self._door.within(conn, requests) if requests else []
        for (meta, _), outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome.refusal, Unavailable):
                raise outcome.refusal  # transient: a newer process can apply the event
            if outcome.reason == "INTERNAL":
                raise RuntimeError(f"{outcome.request_id} met a bug of ours")
            if outcome.reason:
                LINKS_REFUSED.labels(self._subscription.group, outcome.reason).inc()
                await self._inbox.refused(conn, meta, outcome)

    async def _park(self, event: Any, record: ConsumerRecord, error: Exception) -> str:
        """Keep an event until somebody has mended what is in its way."""
        source = UUID(event.meta.aggregate_id)
        if isinstance(error, Waits):
            reason = str(error)
        else:
            reason = repr(error)[:500]
            log.error("event.parked", extra={"source": str(source)}, exc_info=error)
        async with transaction(self._pool, self._inbox.lock(source)) as conn:
            behind = (await self._inbox.standing(conn, source))[source].waits
            if behind or reason != BEHIND:
                await self._inbox.park(conn, event.meta, record, reason)
                return "queued" if behind else "parked"
        return await self.take(record)  # what was before it has just been replayed

    async def replay(self, source: UUID) -> tuple[int, int]:
        """Apply the parked events of one aggregate again, in order; return (applied, waiting)."""
        applied = 0
        try:
            while await self._replay_first(source):
                applied += 1
        except Exception as error:
            if is_transient(error):
                raise
            log.warning("event.still_parked", exc_info=error)
        self._door.written()
        return applied, await self._inbox.waiting(self._pool, source)

    async def _replay_first(self, source: UUID) -> bool:
        async with transaction(self._pool, self._inbox.lock(source)) as conn:
            before = (await self._inbox.standing(conn, source))[source]
            row = await self._inbox.first_parked(conn, source)
            if row is None:
                return False
            event: Any = self._subscription.event.FromString(row["value"])
            if kind_of(event) is None:
                raise LookupError("still of a kind that nobody knows here")
            if row["version"] > before.last:
                requests = await self._requests(event, replace(before, waits=False))
                await self._apply(conn, [(event.meta, request) for request in requests])
                await self._inbox.note(conn, {source: row["version"]})
            await self._inbox.unpark(conn, source, row["version"])
            return True

    async def _bury(self, record: ConsumerRecord, error: Exception) -> None:
        """Keep what nobody can read, with where it came from and why."""
        group = self._subscription.group
        await self._publisher.put_aside(dead_topic(record.topic, group), record, repr(error))
        DEAD_LETTERS.labels(group).inc()
