"""Consumers of events: they follow a topic in order, and wait for absent servers."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar
from uuid import UUID

import stamina
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition

from backbone.door.door import Door
from backbone.kafka import closing
from backbone.kafka.applier import Applier
from backbone.kafka.connecting import connection
from backbone.kafka.origin import Origin
from backbone.kafka.poison import Poisons, after_readable
from backbone.kafka.producer import Publisher, is_passing
from backbone.kafka.records import Place, is_cloud_event, oldest, place_of, source_of
from backbone.kafka.stall import Progress
from backbone.kafka.subscription import Subscription
from backbone.postgres.pool import Pool
from backbone.process.metrics import CONSUMED, STOPPED, begin
from backbone.process.pulse import Pulse
from backbone.process.wires import Brokers

log = logging.getLogger(__name__)

T = TypeVar("T")

FATES = ("applied", "repeated", "ignored", "foreign", "queued", "parked", "dead", "forged")

COMMIT_SECONDS = 10.0
# No caller waits for the effect of an event, so Kafka may gather records for a moment: fewer
# fetches, and more events per transaction.
GATHER_MS = 250
ENOUGH_BYTES = 65_536
# Seconds between commits: events that are read again after a crash are known to the inbox.
COMMIT_EVERY = 0.5
# Events per transaction, which holds the locks of all their aggregates.
TOGETHER = 50


class Consumer:
    """Applies the events of one subscription to the door of one service."""

    def __init__(
        self,
        pool: Pool,
        door: Door,
        subscription: Subscription,
        publisher: Publisher,
        origin: Origin,
    ) -> None:
        self._pool = pool
        self._subscription = subscription
        self._origin = origin
        self._applier = Applier(pool, door, subscription, publisher, origin)
        self.poisons = Poisons()
        self._in_hand: float | None = None  # when the oldest unsettled record was written
        begin(CONSUMED, [subscription.group], FATES)
        self._stopped = STOPPED.labels(subscription.group)

    @property
    def topic(self) -> str:
        return self._subscription.topic

    def lag(self) -> float:
        """Seconds since the oldest record that was fetched and is not settled was written."""
        return 0.0 if self._in_hand is None else max(0.0, time.time() - self._in_hand)

    async def run(self, brokers: Brokers, pulse: Pulse) -> None:
        """Consume for ever; while Kafka is away, wait."""
        name = f"consumer {self._subscription.group}"
        while True:
            pulse.beat(name)
            self._stopped.set(self.poisons.too_many)
            try:
                if not self.poisons.too_many:
                    await self._consume(brokers, lambda: pulse.beat(name))
            except Exception as error:
                if not is_passing(error):
                    raise
                log.warning("consumer.away", extra={"error": str(error), "loop": name})
            await asyncio.sleep(0.5)

    async def _consume(self, brokers: Brokers, beat: Callable[[], None]) -> None:
        consumer = AIOKafkaConsumer(
            self._subscription.topic,
            **connection(brokers),
            group_id=self._subscription.group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=2_000,
            rebalance_timeout_ms=15_000,
            request_timeout_ms=10_000,
            fetch_min_bytes=ENOUGH_BYTES,
            fetch_max_wait_ms=GATHER_MS,
        )
        settled: dict[TopicPartition, int] = {}
        try:
            await consumer.start()
            progress = Progress(consumer)
            committed = time.monotonic()
            while not self.poisons.too_many:
                beat()
                found = await consumer.getmany(timeout_ms=1_000, max_records=200)
                if not found:
                    await progress.check()
                await self._origin.learn(consumer, [self._subscription.topic])
                self._in_hand = oldest(found)
                settled |= await self._handle(found, beat) if found else {}
                self._in_hand = self._in_hand if self.poisons.too_many else None
                if time.monotonic() > committed + COMMIT_EVERY:
                    settled = await _commit(consumer, settled)
                    committed = time.monotonic()
            log.critical("consumer.stopped", extra={"group": self._subscription.group})
        finally:
            with suppress(KafkaError, TimeoutError):
                await _commit(consumer, settled, patience=1.0)
            await closing.close(consumer)

    async def _handle(
        self, found: Mapping[TopicPartition, Sequence[ConsumerRecord]], beat: Callable[[], None]
    ) -> dict[TopicPartition, int]:
        """Settle the records, in order per partition; return the next offset of each partition."""
        go_on = {partition: records[-1].offset + 1 for partition, records in found.items()}
        every = [(source_of(record), record) for records in found.values() for record in records]
        ours = await patiently(partial(self._ours, {source for source, _ in every}), beat)
        left: list[ConsumerRecord] = []
        foreign: list[ConsumerRecord] = []
        for source, record in every:
            (left if source in ours else foreign).append(record)
        after_good = after_readable(every, ours, self._applier.can_read)
        await self._leave(foreign, beat)
        while left and not self.poisons.too_many:
            del left[: await self._settle(left[:TOGETHER], after_good, beat)]
        if not left and None in after_good:
            self.poisons.readable()
        for record in reversed(left):
            go_on[TopicPartition(record.topic, record.partition)] = record.offset
        return go_on

    async def _settle(
        self,
        records: Sequence[ConsumerRecord],
        after_good: Collection[Place | None],
        beat: Callable[[], None],
    ) -> int:
        """Apply the records together, or one by one if that fails; return how many are settled.

        Transient errors are retried in place, so that the order of each partition is kept.
        """
        fates = await patiently(partial(self._applier.take_together, records), beat)
        for record, fate in zip(records, fates or (), strict=False):
            self._count(fate, after_good=place_of(record) in after_good)
        if fates is not None:
            return len(fates)
        for number, record in enumerate(records):
            if self.poisons.too_many:
                return number
            fate = await patiently(partial(self._applier.take, record), beat)
            self._count(fate, after_good=place_of(record) in after_good)
        return len(records)

    def _count(self, fate: str, *, after_good: bool) -> None:
        CONSUMED.labels(self._subscription.group, fate).inc()
        if after_good:
            self.poisons.readable()
        if fate in ("parked", "dead"):
            self.poisons.bad(fate)
        elif fate in ("applied", "ignored", "repeated"):
            self.poisons.good()

    async def _ours(self, sources: set[UUID | None]) -> set[UUID | None]:
        """The ids that concern this service, and None, which stands for keys that are no ids."""
        if not self._subscription.ours:
            return sources | {None}
        asked = list(sources - {None})
        return {row[0] for row in await self._pool.fetch(self._subscription.ours, asked)} | {None}

    async def _leave(self, records: Sequence[ConsumerRecord], beat: Callable[[], None]) -> None:
        """Count events of other services' aggregates; put unreadable ones into the dead letters.

        They do not count towards a stop: a service with few events must not stop over them.
        """
        fates = Counter(foreign=len(records))
        for record in records:
            # Only our relays write CloudEvents; all else is read here, because its key may be wrong
            # too, and then it concerns no service.
            if not is_cloud_event(record) and not self._applier.can_read(record):
                fates["foreign"] -= 1
                fates[await patiently(partial(self._applier.take, record), beat)] += 1
        for fate, count in fates.items():
            CONSUMED.labels(self._subscription.group, fate).inc(count)

    async def replay(self, source: UUID) -> tuple[int, int]:
        """Apply the parked events of one aggregate again, in order; return (applied, waiting)."""
        applied, waiting = await self._applier.replay(source)
        if applied:
            self.resume()
        return applied, waiting

    def resume(self) -> bool:
        """Let a stopped consumer go on where it stopped; return whether it was stopped."""
        stopped = self.poisons.too_many
        self.poisons.good()
        return stopped


async def patiently(work: Callable[[], Awaitable[T]], beat: Callable[[], None]) -> T:
    """Repeat `work` on transient errors until it succeeds, beating at each attempt."""
    async for attempt in stamina.retry_context(
        on=is_passing, attempts=None, timeout=None, wait_max=2.0
    ):
        with attempt:
            beat()
            return await work()
    raise AssertionError("stamina never gives up")


async def _commit(
    consumer: AIOKafkaConsumer,
    offsets: dict[TopicPartition, int],
    patience: float = COMMIT_SECONDS,
) -> dict[TopicPartition, int]:
    """Commit the offsets, and return an empty dict to collect the next ones.

    A refused commit is only logged: after a rebalance another consumer has the partition. The
    timeout is ours, because aiokafka retries for ever without Kafka.
    """
    try:
        async with asyncio.timeout(patience):
            if offsets:
                await consumer.commit(offsets)
    except (CommitFailedError, IllegalStateError) as error:
        log.warning("commit.refused", extra={"error": str(error)})
    return {}
