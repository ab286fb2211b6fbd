"""How far consumers are behind, in records and in seconds, seen from outside of them.

It compares what a group has committed with the ends of its topics, so that a consumer that stands
still, or is dead beside a living process, shows as well as a slow one. Followers commit nothing:
they say themselves how far they are.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from backbone.kafka.bookmark import open_reader
from backbone.kafka.connecting import connection
from backbone.kafka.producer import is_passing
from backbone.process.metrics import LAG_RECORDS, LAG_SECONDS, SHORT, begin
from backbone.process.pulse import Pulse
from backbone.process.wires import Brokers

log = logging.getLogger(__name__)

LOOK = 5.0
PATIENCE = 10.0
LOOP = "lag"
# Seconds that the oldest record may be old. A backlog after an outage shrinks faster.
LATE = 60.0
# Ends that are kept for each partition; older ones are thinned out, so that months fit.
KEPT = 720

Offsets = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Follower:
    """One that commits nothing; `read` tells the offsets that it reads next."""

    topics: Collection[str]
    read: Callable[[], Offsets]


def flaw_of(group: str, records: int, seconds: float) -> str:
    """The flaw of a consumer that is behind; empty if it is not."""
    if seconds <= LATE:
        return ""
    return f"{group} lags behind by {seconds:.0f} s, {records} records: `liandong consumers list`"


class Behind:
    """The ends of partitions over time: the age of the first end that is not reached yet."""

    def __init__(self) -> None:
        self._ends: dict[TopicPartition, deque[tuple[float, int]]] = {}

    def at(self, now: float, ends: Offsets, done: Offsets) -> tuple[int, float]:
        """The records behind, and the age of the oldest one as far back as it was seen."""
        records, since = 0, now
        for partition, end in ends.items():
            seen = self._ends.setdefault(partition, deque())
            if not seen or end > seen[-1][1]:
                seen.append((now, end))
            if len(seen) > KEPT:
                del seen[len(seen) // 2]
            reached = done.get(partition, 0)
            while seen and seen[0][1] <= reached:
                seen.popleft()
            records += max(0, end - reached)
            since = min(since, seen[0][0]) if seen else since
        return records, now - since


class Lags:
    """Measures groups of one service, each of which has some topics, and followers."""

    def __init__(
        self,
        brokers: Brokers,
        groups: Mapping[str, Collection[str]],
        pulse: Pulse,
        followers: Mapping[str, Follower] | None = None,
    ) -> None:
        self._brokers, self._pulse = brokers, pulse
        self._followers = followers or {}
        groups = {**groups, **{name: each.topics for name, each in self._followers.items()}}
        self._groups = groups
        self._behind = {group: Behind() for group in groups}
        for each in (LAG_RECORDS, LAG_SECONDS):
            begin(each, [*groups])
        self._topics = sorted({topic for topics in groups.values() for topic in topics})
        begin(SHORT, self._topics)

    async def run(self) -> None:
        """Measure for ever. While Kafka is away the last figures stand."""
        while self._groups:
            self._pulse.beat(LOOP)
            try:
                await self._connected()
            except Exception as error:
                if not is_passing(error):
                    raise
                log.info("lag.unseen", extra={"error": str(error)})
            await self._pulse.rest(LOOP, LOOK)
        await asyncio.Event().wait()

    async def _connected(self) -> None:
        admin = AIOKafkaAdminClient(**connection(self._brokers), request_timeout_ms=10_000)
        async with open_reader(self._brokers) as reader:
            try:
                await admin.start()
                async for _ in self._pulse.rounds(LOOP, LOOK):
                    async with asyncio.timeout(PATIENCE):
                        await self._look(reader, admin)
            finally:
                await admin.close()

    async def _look(self, reader: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        # A reader that was just opened does not know the partitions of what it does not read.
        described = await admin.describe_topics(self._topics)
        parts = {each["topic"]: partitions_of(each) for each in described}
        now = asyncio.get_running_loop().time()
        for group, topics in self._groups.items():
            of = [part for topic in topics for part in parts.get(topic, ())]
            begins, ends = await reader.beginning_offsets(of), await reader.end_offsets(of)
            told = await self._read_by(group, admin)
            # Records that the topic has deleted were read before, or never will be.
            done = {each: max(told.get(each, 0), begins[each]) for each in of}
            records, seconds = self._behind[group].at(now, ends, done)
            LAG_RECORDS.labels(group).set(records)
            LAG_SECONDS.labels(group).set(seconds)
            self._pulse.note(f"lag {group}", flaw_of(group, records, seconds))
        for topic in described:
            SHORT.labels(topic["topic"]).set(short_of_copies(topic))

    async def _read_by(self, group: str, admin: AIOKafkaAdminClient) -> Offsets:
        if group in self._followers:
            return self._followers[group].read()
        committed = await admin.list_consumer_group_offsets(group)
        return {partition: each.offset for partition, each in committed.items()}


def partitions_of(topic: Mapping[str, Any]) -> list[TopicPartition]:
    """The partitions of a topic, as Kafka describes it."""
    return [TopicPartition(topic["topic"], each["partition"]) for each in topic["partitions"]]


def short_of_copies(topic: Mapping[str, Any]) -> int:
    """The partitions of a topic, as Kafka describes it, with a copy that does not keep up."""
    return sum(len(each["isr"]) < len(each["replicas"]) for each in topic["partitions"])
