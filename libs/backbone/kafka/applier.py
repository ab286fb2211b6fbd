"""Applies events to the door of one service: each source version once, in order, none dropped.

An unreadable event goes to the dead letters. An event that cannot be applied is parked, and later
events of its source aggregate queue behind it; events of other aggregates are not held up.
"""

import logging
from collections.abc import Mapping, Sequence
from inspect import isawaitable
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord
from google.protobuf.message import DecodeError
from msgspec.structs import replace

from backbone.door.door import Door
from backbone.door.request import Request
from backbone.kafka.inbox import LINKS, Inbox, Standing
from backbone.kafka.origin import Forged, Origin
from backbone.kafka.producer import Burial, Publisher
from backbone.kafka.subscription import Subscription, kind_of
from backbone.postgres.pool import Connection, Pool, is_transient, transaction
from backbone.process import tracing
from backbone.process.metrics import GAPS, LINKS_REFUSED
from backbone.words.errors import Unavailable
from liandong.event.v1.event_pb2 import Meta

log = logging.getLogger(__name__)

BEHIND, UNKNOWN = "BEHIND_ANOTHER", "UNKNOWN_KIND"
UNREADABLE = (DecodeError, ValueError, TypeError)


class Waits(Exception):
    """The event cannot be applied yet; the message is the reason."""


class Applier:
    """Applies the events of one group, from its topic or from its parked events."""

    def __init__(
        self,
        pool: Pool,
        door: Door,
        subscription: Subscription,
        publisher: Publisher,
        origin: Origin,
    ) -> None:
        self._origin = origin
        self._pool = pool
        self._door = door
        self._subscription = subscription
        self._burial = Burial(publisher, subscription.group)
        self._gap = GAPS.labels(subscription.group)
        self._refused = LINKS_REFUSED.labels(subscription.group)
        self._inbox = Inbox(subscription.group, door.rows.coded(LINKS))

    async def take_together(self, records: Sequence[ConsumerRecord]) -> list[str] | None:
        """Apply the records in one transaction; return the fate of each. Raises transient errors.

        Returns None, with nothing written, if they must be applied one by one.
        """
        try:
            return await self._settled([self._read(record) for record in records])
        except Exception as error:
            if is_transient(error):
                raise
            return None

    async def take(self, record: ConsumerRecord) -> str:
        """Apply, park or bury one record; return its fate. Raises transient errors only."""
        try:
            event = self._read(record)
        except Forged as error:
            await self._burial.put_aside(record, repr(error))
            return "forged"
        except UNREADABLE as error:
            await self._burial.put_aside(record, repr(error))
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
        """Raises Forged also for what cannot be read, if no service has signed it: only a service
        can tell by bad records that a release is bad."""
        try:
            event: Any = self._subscription.event.FromString(record.value)
            UUID(event.meta.aggregate_id), UUID(event.meta.event_id)
            if event.meta.version < 1:
                raise ValueError("an event without a version")
        except UNREADABLE:
            self._origin.check(record)
            raise
        if self._subscription.concerns(kind_of(event)):
            self._origin.check(record)
        return event

    async def _settled(self, events: Sequence[Any]) -> list[str]:
        """Apply the events in one transaction. Raises if one of them cannot be applied."""
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
        self._gap.inc(len(gaps))
        return fates

    def _gaps(
        self, events: Sequence[Any], standing: Mapping[UUID, Standing]
    ) -> list[tuple[UUID, int]]:
        """Missing versions as (source, last version before the gap); reported after the commit."""
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
        """The fate of each event, and their requests. Raises Waits if one must be parked."""
        fates = {id(event): "ignored" for event in events}
        fresh: dict[UUID, list[Any]] = {}
        for event in events:
            version, source = event.meta.version, UUID(event.meta.aggregate_id)
            if not self._subscription.concerns(kind_of(event)):
                continue
            if version <= standing[source].last:
                fates[id(event)] = "repeated"
                continue
            if self._is_known(event, standing[source]):
                fresh.setdefault(source, []).append(event)
            standing[source] = Standing(version, waits=False)
        asked: list[tuple[Meta, Request[Any]]] = []
        for together in fresh.values():
            found = await self._requests(together)
            fates |= dict.fromkeys(map(id, together), "applied" if found else "ignored")
            asked += found
        return list(fates.values()), asked

    def _is_known(self, event: Any, before: Standing) -> bool:
        """Whether the handler knows the event's kind. Raises Waits if the event must be parked."""
        if before.waits:
            raise Waits(BEHIND)
        if kind_of(event) is not None:
            return True
        if self._subscription.parks_unknown:
            raise Waits(UNKNOWN)
        return False

    async def _requests(self, events: Sequence[Any]) -> list[tuple[Meta, Request[Any]]]:
        """The requests of one source's events, each with the metadata of the event behind it."""
        metas = {event.meta.event_id: event.meta for event in events}
        # Calls of the handler itself to other services belong to the trace of the last event.
        follows = f"follow {self._subscription.group}"
        with tracing.span(follows, events[-1].meta.traceparent, "consumer"):
            requests = self._subscription.handler(events)
            found = await requests if isawaitable(requests) else requests
        return [_traced(metas[request.cause], request) for request in found]

    async def _apply(self, conn: Connection, asked: Sequence[tuple[Meta, Request[Any]]]) -> None:
        """Answer the events' requests in the caller's transaction, and record refused links."""
        requests = [request for _, request in asked]
        outcomes = await self._door.within(conn, requests) if requests else []
        for (meta, _), outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome.refusal, Unavailable):
                raise outcome.refusal  # transient: a newer process can apply the event
            if outcome.reason == "INTERNAL":
                raise RuntimeError(f"{outcome.request_id} met a bug of ours")
            if outcome.reason:
                self._refused.inc()
                await self._inbox.refused(conn, meta, outcome)

    async def _park(self, event: Any, record: ConsumerRecord, error: Exception) -> str:
        """Keep an event in the inbox until an operator has removed the obstacle and replays it."""
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
        return await self.take(record)  # the event it waited for has just been replayed

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
                raise LookupError("the event's kind is still unknown to this process")
            if row["version"] > before.last:
                await self._apply(conn, await self._requests([event]))
                await self._inbox.note(conn, {source: row["version"]})
            await self._inbox.unpark(conn, source, row["version"])
            return True


def _traced(meta: Meta, request: Request[Any]) -> tuple[Meta, Request[Any]]:
    """A follow-up belongs to the trace of its own event."""
    return meta, replace(request, traceparent=meta.traceparent)
