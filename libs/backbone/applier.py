"""Applies events to the door of one service: each source version once, in order, none dropped.

An event that cannot be read goes to the dead letters. One that cannot be applied is parked, and
the later ones of its source aggregate queue behind it, while all others flow.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, TypeAlias
from uuid import UUID

from aiokafka import ConsumerRecord
from google.protobuf.message import DecodeError, Message

from backbone.door import Door
from backbone.inbox import Inbox
from backbone.kafka import Publisher, dead_topic
from backbone.metrics import DEAD_LETTERS, GAPS, LINKS_REFUSED
from backbone.postgres import Connection, Pool, is_transient, transaction
from backbone.request import Request
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


class Applier:
    """What one group makes of single events, those of its topic and those that were parked."""

    def __init__(
        self,
        pool: Pool,
        door: Door[Any, Any, Any],
        subscription: Subscription,
        publisher: Publisher,
    ) -> None:
        self._pool = pool
        self._door = door
        self._subscription = subscription
        self._publisher = publisher
        self._inbox = Inbox(subscription.group)

    async def take(self, record: ConsumerRecord) -> str:
        """Settle one record and say what became of it. Raises only what is transient."""
        try:
            event = self._read(record)
        except (DecodeError, ValueError, TypeError) as error:
            await self._bury(record, error)
            return "dead"
        if not self._subscription.concerns(event.WhichOneof("kind")):
            return "ignored"
        try:
            async with transaction(self._pool, self._lock(event.meta)) as conn:
                fate = await self._settle(conn, event, record)
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("event.parked", extra={"source": event.meta.aggregate_id})
            async with transaction(self._pool) as conn:
                await self._inbox.park(conn, event.meta, record, repr(error)[:500])
            return "parked"
        self._door.written()
        return fate

    def _lock(self, meta: Meta) -> str:
        return self._inbox.lock(UUID(meta.aggregate_id))

    def _read(self, record: ConsumerRecord) -> Any:
        event: Any = self._subscription.event.FromString(record.value)
        UUID(event.meta.aggregate_id), UUID(event.meta.event_id)
        if event.meta.version < 1:
            raise ValueError("an event without a version")
        return event

    async def _settle(self, conn: Connection, event: Any, record: ConsumerRecord) -> str:
        meta, known = event.meta, event.WhichOneof("kind") is not None
        standing = await self._inbox.standing(conn, UUID(meta.aggregate_id))
        if meta.version <= standing.last:
            return "repeated"
        if standing.waits:
            await self._inbox.park(conn, meta, record, "BEHIND_ANOTHER")
            return "queued"
        if not known and self._subscription.parks_unknown:
            await self._inbox.park(conn, meta, record, "UNKNOWN_KIND")
            return "parked"
        if not self._subscription.kinds and 0 < standing.last < meta.version - 1:
            log.warning("event.gap", extra={"source": meta.aggregate_id, "after": standing.last})
            GAPS.labels(self._subscription.group).inc()
        if known:
            return await self._apply(conn, event)
        await self._inbox.note(conn, meta)
        return "ignored"

    async def _apply(self, conn: Connection, event: Any) -> str:
        """Perform what the event asks, and note its version, in the transaction of the caller."""
        requests = self._subscription.handler(event)
        if isawaitable(requests):
            requests = await requests
        for outcome in await self._door.within(conn, requests) if requests else ():
            if outcome.reason == "INTERNAL":
                raise RuntimeError(f"{outcome.request_id} met a bug of ours")
            if outcome.reason:
                LINKS_REFUSED.labels(self._subscription.group, outcome.reason).inc()
                await self._inbox.refused(conn, event.meta, outcome)
        await self._inbox.note(conn, event.meta)
        return "applied" if requests else "ignored"

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
            standing = await self._inbox.standing(conn, source)
            row = await self._inbox.first_parked(conn, source)
            if row is None:
                return False
            event: Any = self._subscription.event.FromString(row["value"])
            if event.WhichOneof("kind") is None:
                raise LookupError("still of a kind that nobody knows here")
            if row["version"] > standing.last:
                await self._apply(conn, event)
            await self._inbox.unpark(conn, source, row["version"])
            return True

    async def _bury(self, record: ConsumerRecord, error: Exception) -> None:
        """Keep what nobody can read, with where it came from and why."""
        group = self._subscription.group
        await self._publisher.put_aside(dead_topic(record.topic, group), record, repr(error))
        DEAD_LETTERS.labels(group).inc()
