"""The stream processor: records in, batches through the door, acknowledged after the commit.

The only file that imports Faust. Nothing leaves an agent as an exception: Faust would acknowledge
the record. Acknowledgements go out in the order of arrival: a gap would be committed.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import faust
from aiokafka.structs import TopicPartition

from backbone.door.batcher import Batcher
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.kafka.producer import Publisher, dead_topic
from backbone.kafka.stall import ConsumerStuckError, Progress
from backbone.process.metrics import DEAD_LETTERS
from services.workflow import codec
from services.workflow.metrics import STREAMED

GROUP = "workflow.stream"
COMMANDS = "liandong.incident.commands.v1"

log = logging.getLogger(__name__)

# Returns the request of a record, or None where it asks nothing of us; raises for what is broken.
Read = Callable[[str, bytes], Request[Any] | None]


@dataclass(frozen=True)
class Source:
    """How the records of some topics are read, and which reasons make one a dead letter.

    The refusal of a command is its caller's answer; that of an opening would be heard by nobody.
    """

    read: Read
    is_lost: Callable[[str], bool]


@dataclass(frozen=True)
class Road:
    """What the agents need: the patient batcher, and where unreadable records go.

    `lanes` are those of the agents that run, for whoever watches.
    """

    batcher: Batcher[Any]
    publisher: Publisher
    lanes: "set[Lane]" = field(default_factory=set)


class Reading:
    """Faust's consumer, asked for its progress."""

    def __init__(self, app: faust.App) -> None:
        self._app = app

    def assignment(self) -> Collection[TopicPartition]:
        found: Collection[TopicPartition] = self._app.consumer.assignment()
        return found

    async def end_offsets(self, partitions: list[TopicPartition]) -> Mapping[TopicPartition, int]:
        ends: Mapping[TopicPartition, int] = await self._app.consumer.highwaters(*partitions)
        return ends

    async def position(self, partition: TopicPartition) -> int:
        return int(await self._app.consumer.position(partition) or 0)


async def watch(app: faust.App, road: Road) -> None:
    """Raise ConsumerStuckError once Faust has stopped fetching without a word (its issue 629)."""
    progress = Progress(Reading(app))
    while True:
        await asyncio.sleep(1)
        try:
            # With records in hand Faust may hold back for good reason: Postgres is awaited.
            if not any(lane.open for lane in road.lanes):
                await progress.check()
        except ConsumerStuckError:
            raise
        except Exception as error:
            log.info("stream.unseen", extra={"error": repr(error)})  # Kafka or Faust is on its way


def build_app(brokers: str, road: Road, data: str, key: bytes) -> faust.App:
    """Return the app with its two agents; nothing connects before it is started.

    `key` is the service's, which the hashes of request bodies are made with.
    """
    app = _bare_app(brokers, data)
    _add_agent(app, "commands", [COMMANDS], source_of_commands(key), road)
    _add_agent(app, "intake", list(codec.INTAKES), source_of_openings(key), road)
    return app


def source_of_commands(key: bytes) -> Source:
    """The command topic: every refusal but that of a bug is the answer to a caller."""
    return Source(
        lambda _, value: codec.from_value(value, key), lambda reason: reason == "INTERNAL"
    )


def source_of_openings(key: bytes) -> Source:
    """The topics of the intakes: no caller hears the refusal of an opening."""
    return Source(
        lambda topic, value: codec.intake_request(topic, value, key),
        lambda reason: reason not in ("", "ALREADY_OPEN"),
    )


def _bare_app(brokers: str, data: str) -> faust.App:
    return faust.App(
        GROUP,
        broker=f"kafka://{brokers}",
        store="memory://",
        datadir=data,
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_session_timeout=6,
        broker_heartbeat_interval=2,
        broker_rebalance_timeout=15,
        broker_max_poll_interval=60,
        broker_commit_interval=0.5,
        broker_commit_every=1_000,
        stream_wait_empty=True,
        producer_acks=-1,
    )


def _add_agent(app: faust.App, name: str, topics: list[str], source: Source, road: Road) -> None:
    """One agent, never more than one at a time: concurrency would commit past what is open."""
    channel = app.topic(
        *topics,
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )

    @app.agent(channel, name=name, concurrency=1)
    async def perform(stream: Any) -> None:
        lane = Lane(road, source)
        road.lanes.add(lane)
        acknowledging = asyncio.create_task(lane.acknowledge())
        acknowledging.add_done_callback(_end_the_process)
        try:
            async for event in stream.noack().events():
                await lane.accept(event)
        finally:
            acknowledging.cancel()
            road.lanes.discard(lane)


class Lane:
    """Keeps records in order from their arrival until they may be acknowledged."""

    def __init__(self, road: Road, source: Source) -> None:
        self._road = road
        self._source = source
        self.open = 0  # arrived, and not yet acknowledged
        # Nothing waits for a record that asks nothing; False marks one that nobody can read.
        self._queue: asyncio.Queue[tuple[Any, asyncio.Future[Outcome] | bool]]
        self._queue = asyncio.Queue(maxsize=1000)

    async def accept(self, event: Any) -> None:
        """Take one record on; waits while too many are open."""
        message = event.message
        self.open += 1
        try:
            request = self._source.read(message.topic, message.value)
        except Exception as error:
            log.warning("record.unreadable", extra={"topic": message.topic, "error": repr(error)})
            await self._queue.put((event, False))
            return
        waiting = True if request is None else await self._road.batcher.put(request)
        await self._queue.put((event, waiting))

    async def acknowledge(self) -> None:
        """Acknowledge for ever, in order; what is broken is kept for diagnosis first."""
        while True:
            event, waiting = await self._queue.get()
            event_fate = "ignored" if waiting is True else "performed"
            reason = "UNREADABLE" if waiting is False else ""
            if not isinstance(waiting, bool):
                reason = (await waiting).reason
            if waiting is False or self._source.is_lost(reason):
                await self._keep(event.message, reason)
                event_fate = "dead"
            STREAMED.labels(event_fate).inc()
            event.ack()
            self.open -= 1

    async def _keep(self, message: Any, reason: str) -> None:
        await self._road.publisher.bury(dead_topic(message.topic, GROUP), message, reason)
        DEAD_LETTERS.labels(GROUP).inc()


def _end_the_process(task: asyncio.Task[None]) -> None:
    """Unacknowledged records come again; a lane that stands still would not show."""
    if not task.cancelled():
        log.critical("lane.broken", exc_info=task.exception())
        os._exit(70)
