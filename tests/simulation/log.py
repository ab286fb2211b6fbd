"""The simulated Kafka: topics in partitions, producers, and consumers that commit offsets.

What was sent arrives even when its sender dies. An offset is committed as Faust does it: up to the
highest record that was acknowledged, whatever gap lies before it. A consumer that takes over begins
at the last commit.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import Context
from dataclasses import dataclass, field
from random import Random
from typing import Any
from zlib import crc32

from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError

from backbone.kafka.producer import Publisher
from tests.simulation.loop import Loop

PARTITIONS = 3
COMMIT_EVERY = 0.5
SESSION = 6.0  # until the partitions of a dead consumer are given to another one
SEND_SECONDS = 10.0

Headers = Sequence[tuple[str, bytes]]
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Record:
    """One record, with the names that aiokafka gives its parts."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: Headers
    timestamp: int


@dataclass
class Event:
    """A record as a stream of Faust hands it out."""

    message: Record
    _consumer: "Consumer"

    def ack(self) -> None:
        self._consumer.acknowledged(self.message)


@dataclass
class Group:
    """What the log keeps of a consumer group: who reads now, and from where the next one reads."""

    generation: int = 0
    free_at: float = 0.0
    committed: dict[Place, int] = field(default_factory=lambda: defaultdict(int))


class Log:
    """All topics. While it is away nothing is taken or handed out."""

    def __init__(self, loop: Loop, chance: Random, told: Callable[[Record], object]) -> None:
        """`told` hears of each record whose offset is committed for the first time."""
        self.loop = loop
        self.chance = chance
        self.outside = Context()
        self.away = False
        self.bad = 0.0  # of so many records one is not taken, unheard or doubled
        self.slow = 0.002
        self.faults: dict[str, int] = defaultdict(int)
        self.topics: dict[str, list[list[Record]]] = defaultdict(
            lambda: [[] for _ in range(PARTITIONS)]
        )
        self.groups: dict[str, Group] = defaultdict(Group)
        self._told = told
        self._arrival = loop.create_future()

    def append(self, topic: str, key: bytes, value: bytes, headers: Headers) -> None:
        """What the leader of the partition does."""
        partition = crc32(key) % PARTITIONS
        kept = self.topics[topic][partition]
        stamp = int(self.loop.time() * 1000)
        kept.append(Record(topic, partition, len(kept), key, value, headers, stamp))
        self.move()

    def move(self) -> None:
        """Wake who waits for records."""
        arrival, self._arrival = self._arrival, self.loop.create_future()
        arrival.set_result(None)

    async def arrival(self) -> None:
        await self._arrival  # no reader is ever cancelled, which would wake the others

    def delay(self) -> float:
        return self.slow * (0.3 + self.chance.random() ** 4 * 10)

    def later(self, callback: Callable[..., object], *args: Any) -> None:
        self.loop.call_later(self.delay(), callback, *args, context=self.outside)

    async def publish(self, topic: str, key: bytes, value: bytes, headers: Headers) -> None:
        """Send one record. Raises KafkaError, also for one that was taken unheard."""
        fate = self.fate()
        if fate == "record lost":
            await asyncio.sleep(self.delay())
            raise KafkaConnectionError("not connected")
        sent = self.loop.create_future()

        def take() -> None:
            if self.away:
                return
            for _ in range(2 if fate == "record doubled" else 1):
                self.append(topic, key, value, headers)
            if fate != "record unheard" and not sent.done():
                sent.set_result(None)

        self.later(take)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await sent
        except TimeoutError as error:
            raise KafkaTimeoutError("not acknowledged") from error

    def fate(self) -> str:
        if self.away:
            return "record lost"
        if not self.bad or self.chance.random() >= self.bad:
            return ""
        fate = self.chance.choice(("record lost", "record unheard", "record doubled"))
        self.faults[fate] += 1
        return fate

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[Any]:
        """The relay's producer; what it holds at the end may still arrive, in order."""
        if self.away:
            raise KafkaConnectionError("not connected")
        yield Producer(self)

    def commit(self, group: Group, place: Place, offset: int) -> None:
        known = group.committed[place]
        for record in self.topics[place[0]][place[1]][known:offset]:
            self._told(record)
        group.committed[place] = max(known, offset)

    def lag(self, group: str, topics: Sequence[str]) -> int:
        """How many records of the topics the group has still to acknowledge."""
        committed = self.groups[group].committed
        return sum(
            len(kept) - committed[topic, number]
            for topic in topics
            for number, kept in enumerate(self.topics[topic])
        )


class Producer:
    """Idempotent: in order, and after a record that was not taken none of the later ones."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queue: list[tuple[Any, ...]] = []

    async def send(
        self, topic: str, value: bytes, key: bytes, headers: Headers
    ) -> asyncio.Future[None]:
        sent = self._log.loop.create_future()
        if not self._queue:
            self._log.later(self._flush)
        self._queue.append((topic, key, value, headers, sent))
        return sent

    def _flush(self) -> None:
        """One request to the broker: all of it, a part, or all but the acknowledgement."""
        queue, self._queue = self._queue, []
        fate = self._log.fate()
        taken = len(queue)
        if self._log.away or fate == "record lost":
            taken = 0 if self._log.away else self._log.chance.randrange(len(queue))
        for topic, key, value, headers, _ in queue[:taken]:
            self._log.append(topic, key, value, headers)
        heard = 0 if fate == "record unheard" else taken
        self._log.later(_tell, [each[-1] for each in queue], heard)


def _tell(waiting: list[asyncio.Future[None]], taken: int) -> None:
    for number, sent in enumerate(waiting):
        if sent.done():
            continue
        if number < taken:
            sent.set_result(None)
        else:
            sent.set_exception(KafkaConnectionError("not acknowledged"))


class Consumer:
    """A stream of some topics, as one process reads them; a new one begins at the last commit."""

    def __init__(self, log: Log, group: str, topics: Sequence[str]) -> None:
        self._log = log
        self._group = log.groups[group]
        self._topics = topics
        self._positions: dict[Place, int] = {}
        self._acknowledged: dict[Place, int] = {}
        self._group.generation += 1
        self._generation = self._group.generation

    async def events(self) -> AsyncIterator[Event]:
        """Every record once, in the order of its partition."""
        await asyncio.sleep(max(0.0, self._group.free_at - self._log.loop.time()))
        places = [(topic, number) for topic in self._topics for number in range(PARTITIONS)]
        self._positions = {place: self._group.committed[place] for place in places}
        while True:
            waiting = [each for each in places if self._has_more(each)]
            if self._log.away or self._fenced or not waiting:
                await self._log.arrival()
                await asyncio.sleep(self._log.delay())
                continue
            topic, number = place = self._log.chance.choice(waiting)
            record = self._log.topics[topic][number][self._positions[place]]
            self._positions[place] += 1
            yield Event(record, self)

    @property
    def _fenced(self) -> bool:
        """Another one has its partitions: it was taken for dead."""
        return self._generation < self._group.generation

    def _has_more(self, place: Place) -> bool:
        return self._positions[place] < len(self._log.topics[place[0]][place[1]])

    def acknowledged(self, record: Record) -> None:
        self._acknowledged[record.topic, record.partition] = record.offset + 1

    async def commit(self) -> None:
        """Commit for ever; one that was fenced commits nothing any more."""
        while True:
            await asyncio.sleep(COMMIT_EVERY * (0.1 + self._log.chance.random()))
            if not self._log.away and not self._fenced:
                for place, offset in self._acknowledged.items():
                    self._log.commit(self._group, place, offset)

    def lose(self) -> None:
        """The process is gone: its partitions go to the next one when its session is over."""
        self._group.free_at = self._log.loop.time() + SESSION


class Publishing(Publisher):
    """The flow's publisher, with the simulated log under it."""

    def __init__(self, log: Log) -> None:
        super().__init__("")
        self._log = log

    async def publish(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> None:
        await self._log.publish(topic, key, value, headers)
