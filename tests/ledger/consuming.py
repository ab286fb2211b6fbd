"""A consumer on a topic of its own, with a handler that a test may break and mend."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from msgspec.structs import replace

from backbone.door.door import Door
from backbone.door.request import Request
from backbone.kafka.consumer import Consumer
from backbone.kafka.origin import Forged, Origin
from backbone.kafka.producer import Publisher
from backbone.kafka.subscription import Handler, Subscription
from backbone.postgres.pool import Pool
from backbone.process.pulse import Pulse
from backbone.words.errors import Unavailable
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from tests.ledger.building import a_request
from tests.ledger.domain import Break, Claim, Command, Write
from tests.servers import Broker
from tests.topics import make_topic, publish

GROUP = "ledger.test"


@dataclass
class Handling:
    """What the tests' service makes of an event; a test may break it and mend it."""

    seen: list[str] = field(default_factory=list)
    broken: set[UUID] = field(default_factory=set)
    away: bool = False

    def requests(self, events: Sequence[IncidentEvent]) -> Sequence[Request[Command]]:
        return [request for event in events for request in self._requests(event)]

    def _requests(self, event: IncidentEvent) -> Sequence[Request[Command]]:
        source, meta = UUID(event.meta.aggregate_id), event.meta
        if self.away:
            raise Unavailable("DIRECTORY_NOT_LOADED")
        if source in self.broken:
            raise KeyError("a bug of ours")
        self.seen.append(f"{meta.aggregate_id[:4]}@{meta.version}")
        command = self.command(event, source)
        return [asked(event, source, command)] if command else []

    def command(self, event: IncidentEvent, source: UUID) -> Command | None:
        match event.WhichOneof("kind"):
            case "progress_reported" if event.meta.version == 1:
                return Write(source, event.progress_reported.text)
            case "claimed":
                return Claim(event.claimed.holder)
            case "voided":
                return Break()
        return None


def asked(event: IncidentEvent, source: UUID, command: Command) -> Request[Command]:
    request_id = uuid5(UUID(event.meta.event_id), "link")
    request = a_request(source, command, request_id=request_id, body_hash="")
    return replace(request, cause=event.meta.event_id)


def an_event(source: UUID, version: int, kind: str = "progress_reported") -> tuple[bytes, bytes]:
    event = IncidentEvent()
    event.meta.aggregate_id, event.meta.version = str(source), version
    event.meta.event_id = str(uuid5(source, str(version)))
    if kind:
        getattr(event, kind).SetInParent()
    return str(source).encode(), event.SerializeToString()


# The header of a record that stands for one which no service has signed.
STRANGE = "strange"


class Trusting(Origin):
    """For tests of what follows the check of signatures, which has tests of its own."""

    def __init__(self) -> None:
        """Without keys."""

    async def learn(self, consumer: Any, topics: Any) -> None:
        """Nothing is refused."""

    def check(self, record: Any) -> None:
        """Every record passes, but for those that say that no service has signed them."""
        if STRANGE in dict(record.headers):
            raise Forged("FORGED: it is not signed")


@dataclass
class Bench:
    """A consumer on a topic of its own."""

    broker: Broker
    topic: str
    pool: Pool
    consumer: Consumer
    handling: Handling
    publisher: Publisher
    pulse: Pulse
    subscription: Subscription

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        loops = [self.consumer.run(self.broker.address, self.pulse), self.publisher.run()]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            assert not [task for task in tasks if task.done()]
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def publish(self, *records: tuple[bytes, bytes | None]) -> None:
        await publish(self.broker, self.topic, *records)

    async def until(self, query: str, expected: int, *arguments: Any) -> None:
        async with asyncio.timeout(30):
            while await self.pool.fetchval(query, *arguments) != expected:
                await asyncio.sleep(0.02)

    async def noted(self, source: UUID, version: int) -> None:
        query = "SELECT coalesce(max(version), 0) FROM inbox WHERE aggregate_id = $1"
        await self.until(query, version, source)


async def make_bench(
    broker: Broker,
    pool: Pool,
    door: Door,
    handler: Callable[[Handling], Handler] = lambda handling: handling.requests,
    **more: Any,
) -> Bench:
    await broker.started()
    topic = await make_topic(broker, f".{GROUP}.dead")
    handling, publisher = Handling(), Publisher(broker.address)
    subscription = Subscription(GROUP, topic, IncidentEvent, handler(handling), **more)
    consumer = Consumer(pool, door, subscription, publisher, Trusting())
    return Bench(broker, topic, pool, consumer, handling, publisher, Pulse(), subscription)
