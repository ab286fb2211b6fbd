"""Reads all partitions of all event topics into the ring, without a consumer group."""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from zlib import crc32

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition
from google.protobuf.message import DecodeError, Message

from backbone.kafka import closing
from backbone.kafka.connecting import connection
from backbone.kafka.origin import Origin
from backbone.kafka.producer import Burial, Publisher
from backbone.kafka.stall import Progress
from backbone.postgres.pool import is_transient
from backbone.process.pulse import Pulse, end_if_asked
from backbone.process.wires import Brokers
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.dispute.v1.dispute_events_pb2 import DisputeEvent
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.petition.v1.petition_events_pb2 import PetitionEvent
from liandong.population.v1.population_events_pb2 import PopulationEvent
from liandong.supervision.v1.supervision_events_pb2 import SupervisionEvent
from services.gateway.contract.naming import Names
from services.gateway.contract.writing import to_json
from services.gateway.live.changes import Change, Ring
from services.gateway.live.visibility import scope_of
from services.gateway.metrics import CHANGES

log = logging.getLogger(__name__)

NAME = "changes"
GROUP = "gateway.changes"
# Seconds for which nothing is fetched after a batch: the first change comes at once, those behind
# it together. A fetch for each change was half of the gateway's processor time under load, and
# Kafka's own waiting for company would wake an idle gateway for nothing.
GATHER = 0.1
# Unreadable records that may wait to be written to the dead letters; more are only counted.
MOST_UNREADABLE = 1_000
EVENTS: dict[str, type[Message]] = {
    "alarm": AlarmEvent,
    "petition": PetitionEvent,
    "dispute": DisputeEvent,
    "emergency": EmergencyEvent,
    "population": PopulationEvent,
    "incident": IncidentEvent,
    "supervision": SupervisionEvent,
}


class Feed:
    """`events` maps a source, such as "incident", to the message of its topic."""

    def __init__(
        self,
        brokers: Brokers,
        events: Mapping[str, type[Message]],
        ring: Ring,
        publisher: Publisher,
        names: Names,
        origin: Origin,
    ) -> None:
        self._origin = origin
        self._brokers, self._ring, self._burial = brokers, ring, Burial(publisher, GROUP)
        self._unreadable: asyncio.Queue[tuple[ConsumerRecord, str]] = asyncio.Queue(MOST_UNREADABLE)
        self._partitions: list[TopicPartition] = []
        self._begins: dict[TopicPartition, int] = {}
        self._sources = {f"liandong.{source}.events.v1": source for source in events}
        self._showing = {source: Showing(source, event, names) for source, event in events.items()}

    @property
    def topics(self) -> list[str]:
        return list(self._sources)

    def read(self) -> Mapping[TopicPartition, int]:
        """The offsets that it reads next."""
        return dict(zip(self._partitions, self._ring.head, strict=False))

    async def run(self, pulse: Pulse) -> None:
        """Read until cancelled. While Kafka is unavailable, streams stay open, to catch up."""
        while True:
            pulse.beat(NAME)
            try:
                await self._follow(pulse)
            except (KafkaError, Exception) as error:
                if not isinstance(error, KafkaError) and not is_transient(error):
                    raise
                log.warning("changes.away", extra={"error": repr(error)})
            await asyncio.sleep(0.5)

    async def bury(self) -> None:
        """Write unreadable records to the dead letters until cancelled; streams do not wait for it.

        Each start reads the end of the log again, so a dead letter may be written twice. It is
        listed and counted once.
        """
        while True:
            end_if_asked()
            record, reason = await self._unreadable.get()
            again = self._is_read_again(record)
            await self._burial.bury(record, f"UNREADABLE: {reason}", again=again)

    async def _follow(self, pulse: Pulse) -> None:
        partitions = await partitions_of(self._brokers, self._sources)
        if not partitions:
            return
        consumer = AIOKafkaConsumer(
            **connection(self._brokers),
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=10_000,
        )
        try:
            await consumer.start()
            consumer.assign(partitions)
            await self._resume(consumer, partitions)
            self._partitions = partitions
            progress = Progress(consumer)
            places = {partition: at for at, partition in enumerate(partitions)}
            while True:
                pulse.beat(NAME)
                batches = await consumer.getmany(timeout_ms=5_000, max_records=500)
                if not batches:
                    await progress.check()
                    continue
                await self._origin.learn(consumer, self._sources)
                for partition, records in batches.items():
                    self._take(places[partition], self._sources[partition.topic], records)
                self._ring.wake()
                consumer.pause(*partitions)
                await asyncio.sleep(GATHER)
                consumer.resume(*partitions)
        finally:
            await closing.close(consumer)

    async def _resume(
        self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
    ) -> None:
        """Continue at the end of the ring, or begin again shortly before the ends of the logs."""
        epoch = crc32(repr([tuple(partition) for partition in partitions]).encode())
        starts = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        head = self._ring.head
        if epoch != self._ring.epoch or not all(
            starts[partition] <= at <= ends[partition]
            for partition, at in zip(partitions, head, strict=True)
        ):
            share = self._ring.most // max(1, len(partitions))
            head = [max(starts[each], ends[each] - share) for each in partitions]
            self._ring.begin(epoch, head)
            self._begins = {each: ends[each] for each in partitions}
        for partition, at in zip(partitions, head, strict=True):
            consumer.seek(partition, at)

    def _check(self, record: ConsumerRecord) -> None:
        """Raises Forged; each start reads the end of the log again, and rings no alarm again for
        what was forged before. It goes to the dead letters, whoever has met it."""
        again = self._is_read_again(record)
        (self._origin.check_again if again else self._origin.check)(record)

    def _is_read_again(self, record: ConsumerRecord) -> bool:
        begins = self._begins.get(TopicPartition(record.topic, record.partition), 0)
        return bool(record.offset < begins)

    def _take(self, place: int, source: str, records: Sequence[ConsumerRecord]) -> None:
        for record in records:
            try:
                self._check(record)
                change = self._showing[source].change_of(place, record)
            except (DecodeError, ValueError) as error:
                change = None
                CHANGES.labels("unreadable").inc()
                with suppress(asyncio.QueueFull):
                    self._unreadable.put_nowait((record, str(error)))
            if change is not None:
                self._ring.append(change)
            else:
                self._ring.skip(place, record.offset)


async def partitions_of(brokers: Brokers, topics: Collection[str]) -> list[TopicPartition]:
    """All partitions, in an order that all gateways share; none while a topic is missing."""
    admin = AIOKafkaAdminClient(**connection(brokers), request_timeout_ms=10_000)
    try:
        await admin.start()
        if not set(topics) <= set(await admin.list_topics()):
            return []
        described = await admin.describe_topics(sorted(topics))
    finally:
        await admin.close()
    return sorted(
        TopicPartition(topic["topic"], partition["partition"])
        for topic in described
        for partition in topic["partitions"]
    )


class Showing:
    """Turns the events of one topic into changes."""

    def __init__(self, source: str, event: type[Message], names: Names) -> None:
        self._source, self._event, self._names = source, event, names
        kinds = event.DESCRIPTOR.oneofs_by_name["kind"].fields
        self._kinds = {each.name: each.message_type.name for each in kinds if each.message_type}

    def change_of(self, place: int, record: ConsumerRecord) -> Change | None:
        """The change; None for a kind of a newer producer. Raises DecodeError or ValueError."""
        event: Any = self._event.FromString(record.value or b"")
        if not event.meta.aggregate_id:
            raise ValueError("an event that does not say whose it is")
        kind = event.WhichOneof("kind")
        CHANGES.labels("known" if kind else "unknown").inc()
        if kind is None:
            return None
        scope = scope_of(self._source, event.meta)
        write = partial(self._write, event, kind)
        return Change(place, record.offset, record.timestamp, scope, write)

    def _write(self, event: Any, kind: str) -> bytes:
        """Which aggregate changed and how; clients read its content from the service."""
        meta = event.meta
        change = {
            "source": self._source,
            "kind": self._kinds[kind],
            "id": meta.aggregate_id,
            "version": meta.version,
            "time": meta.time.ToJsonString(),
            "actor": meta.actor or None,
            "unit": meta.unit or None,
            "area": meta.area or None,
            "event_id": meta.event_id,
        }
        return to_json(self._names.beside(change))
