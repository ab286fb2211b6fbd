"""Consumers of events: each source version once, in order, and nothing is ever dropped.

An event that cannot be read goes to the dead letters. One that cannot be applied is parked, and
the later ones of its source aggregate queue behind it, while all others flow.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, TypeAlias
from uuid import UUID

import stamina
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError
from google.protobuf.message import DecodeError, Message

from backbone.door import Door
from backbone.inbox import Inbox
from backbone.kafka import Publisher, dead_topic
from backbone.metrics import CONSUMED, DEAD_LETTERS, LINKS_REFUSED
from backbone.postgres import Connection, Pool, is_transient
from backbone.pulse import Pulse
from backbone.request import Request

log = logging.getLogger(__name__)

# Returns what the event asks of the own aggregates: nothing, one or several requests.
Asked: TypeAlias = Sequence[Request[Any]]
Handler: TypeAlias = Callable[[Any], Asked | Awaitable[Asked]]


@dataclass(frozen=True)
class Subscription:
    """Which group reads which topic, as which message, and what it makes of an event.

    `parks_unknown`: an unknown kind, from a newer producer, is parked where something is decided
    from it, and else ignored and counted. `ours` selects which of the source aggregates $1 concern
    this service, where most do not: the others leave no trace here.
    """

    group: str
    topic: str
    event: type[Message]
    handler: Handler
    parks_unknown: bool = False
    ours: str = ""


class Consumer:
    """Applies the events of one subscription to the door of one service."""

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
        self.inbox = Inbox(subscription.group)

    async def run(self, brokers: str, pulse: Pulse) -> None:
        """Consume for ever; while Kafka is away, wait."""
        name = f"consumer {self._subscription.group}"
        while True:
            pulse.beat(name)
            try:
                await self._consume(brokers, lambda: pulse.beat(name))
            except (KafkaError, Exception) as error:
                if not isinstance(error, KafkaError) and not is_transient(error):
                    raise
                log.warning("consumer.away", extra={"error": str(error), "group": name})
            await asyncio.sleep(0.5)

    async def _consume(self, brokers: str, beat: Callable[[], None]) -> None:
        consumer = AIOKafkaConsumer(
            self._subscription.topic,
            bootstrap_servers=brokers,
            group_id=self._subscription.group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=2_000,
            rebalance_timeout_ms=15_000,
        )
        try:
            await consumer.start()
            while True:
                beat()
                found = await consumer.getmany(timeout_ms=1_000, max_records=200)
                for partition, records in found.items():
                    for record in await self._ours(records):
                        beat()
                        await self._handle(record)
                    await consumer.commit({partition: records[-1].offset + 1})
        finally:
            await consumer.stop()

    async def _ours(self, records: Sequence[ConsumerRecord]) -> Sequence[ConsumerRecord]:
        """Leave out what concerns others; a key that is no id is poison, and goes on."""
        if not self._subscription.ours:
            return records
        sources = [source_of(record) for record in records]
        asked = list({source for source in sources if source is not None})
        ours = {row[0] for row in await self._pool.fetch(self._subscription.ours, asked)} | {None}
        kept = [each for each, source in zip(records, sources, strict=True) if source in ours]
        CONSUMED.labels(self._subscription.group, "foreign").inc(len(records) - len(kept))
        return kept

    async def _handle(self, record: ConsumerRecord) -> None:
        """Repeat what is transient in place: the order of the partition is kept."""
        async for attempt in stamina.retry_context(
            on=is_transient_error, attempts=None, timeout=None, wait_max=2.0
        ):
            with attempt:
                fate = await self._take(record)
        CONSUMED.labels(self._subscription.group, fate).inc()

    async def _take(self, record: ConsumerRecord) -> str:
        try:
            event: Any = self._subscription.event.FromString(record.value)
            meta, kind = event.meta, event.WhichOneof("kind")
            source = UUID(meta.aggregate_id)
        except (DecodeError, ValueError, TypeError) as error:
            await self._bury(record, error)
            return "dead"
        async with self._pool.acquire() as conn, conn.transaction():
            if await self.inbox.has(conn, source, meta.version):
                return "repeated"
            if await self.inbox.waits(conn, source):
                await self.inbox.park(conn, source, meta.version, record, "BEHIND_ANOTHER")
                return "parked"
            if kind is None and self._subscription.parks_unknown:
                await self.inbox.park(conn, source, meta.version, record, "UNKNOWN_KIND")
                return "parked"
        return await self._apply(event, source, record) if kind else "ignored"

    async def _apply(self, event: Any, source: UUID, record: ConsumerRecord) -> str:
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                return await self.apply(conn, event, source)
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("event.parked", extra={"source": str(source)})
            async with self._pool.acquire() as conn, conn.transaction():
                await self.inbox.park(conn, source, event.meta.version, record, repr(error)[:500])
            return "parked"

    async def apply(self, conn: Connection, event: Any, source: UUID) -> str:
        """Perform what the event asks, and note its version, in the transaction of the caller."""
        requests = self._subscription.handler(event)
        if isawaitable(requests):
            requests = await requests
        if requests:
            for outcome in await self._door.within(conn, requests):
                if outcome.reason == "INTERNAL":
                    raise RuntimeError(f"{outcome.request_id} met a bug of ours")
                if outcome.reason:
                    LINKS_REFUSED.labels(self._subscription.group, outcome.reason).inc()
                    await self.inbox.refused(conn, event, outcome)
        await self.inbox.note(conn, source, event.meta.version)
        return "applied" if requests else "ignored"

    async def replay(self, source: UUID) -> tuple[int, int]:
        """Apply the parked events of one aggregate again, in order; return (applied, waiting)."""
        applied = 0
        for row in await self.inbox.parked(self._pool, source):
            event = self._subscription.event.FromString(row["value"])
            try:
                async with self._pool.acquire() as conn, conn.transaction():
                    if not await self.inbox.has(conn, source, row["version"]):
                        await self.apply(conn, event, source)
                    await self.inbox.unpark(conn, source, row["version"])
            except Exception as error:
                if is_transient(error):
                    raise
                log.warning("event.still_parked", exc_info=error)
                break
            applied += 1
        return applied, len(await self.inbox.parked(self._pool, source))

    async def _bury(self, record: ConsumerRecord, error: Exception) -> None:
        """Keep what nobody can read, with where it came from and why; waits for Kafka."""
        group = self._subscription.group
        await self._publisher.bury(dead_topic(record.topic, group), record, repr(error))
        DEAD_LETTERS.labels(group).inc()


def source_of(record: ConsumerRecord) -> UUID | None:
    """The aggregate that the key of a record names, None where it names none."""
    try:
        return UUID((record.key or b"").decode())
    except ValueError:
        return None


def is_transient_error(error: Exception) -> bool:
    return isinstance(error, KafkaError) or is_transient(error)
