"""The stream processor: records in, batches through the door, acknowledged after the commit.

The only file that imports Faust. Agents let no exception escape: Faust would acknowledge the
record. Acknowledgements go out in the order of arrival: Faust would commit past a gap.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import faust
from aiokafka.structs import TopicPartition
from msgspec.structs import replace
from yarl import URL

from backbone.door.batcher import Batcher
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.kafka.origin import Forged, Origin
from backbone.kafka.producer import Burial
from backbone.kafka.stall import ConsumerStuckError, Progress
from backbone.process.current import client_context
from backbone.process.pulse import end_if_asked
from backbone.process.wires import MECHANISM, Brokers, Protected
from services.workflow import arriving, codec, supervising
from services.workflow.metrics import LANE, STREAMED

GROUP = "workflow.stream"
TOPICS = (codec.COMMANDS, *codec.INTAKES, arriving.EVENTS, supervising.EVENTS)

log = logging.getLogger(__name__)

# Returns the requests of a record, none for a record to ignore; raises for an unreadable one.
Read = Callable[[str, bytes], Sequence[Request[Any]]]


# Seconds between two looks whether a record can be read here by now.
NEWER_PAUSE = 1.0


@dataclass(frozen=True)
class Source:
    """The reader of some topics, and the reasons that make a record a dead letter.

    The refusal of a command is the answer to its caller; an opening has no caller, so its refusal
    goes to the dead letters.
    """

    read: Read
    is_lost: Callable[[str], bool]
    # Whether a record waits here for a process of a newer release, instead of being put aside.
    waits: bool = True


@dataclass(frozen=True)
class Road:
    """The parts that agents share: the patient batcher, the burial of unreadable records, and
    the check of signatures, which a record must pass before it is acted upon.

    `lanes` are those of the running agents, for the watchdog.
    """

    batcher: Batcher[Any]
    burial: Burial
    origin: Origin
    lanes: "set[Lane]" = field(default_factory=set)


class Reading:
    """The progress of Faust's consumer."""

    def __init__(self, app: faust.App) -> None:
        self._app = app

    def assignment(self) -> Collection[TopicPartition]:
        assigned: Collection[TopicPartition] = self._app.consumer.assignment()
        return assigned

    async def end_offsets(self, partitions: list[TopicPartition]) -> Mapping[TopicPartition, int]:
        ends: Mapping[TopicPartition, int] = await self._app.consumer.highwaters(*partitions)
        return ends

    async def position(self, partition: TopicPartition) -> int:
        return int(await self._app.consumer.position(partition) or 0)


async def watch(app: faust.App, road: Road) -> None:
    """Raise ConsumerStuckError once Faust has silently stopped fetching (its issue 629)."""
    progress = Progress(Reading(app))
    while True:
        end_if_asked()
        await asyncio.sleep(1)
        try:
            # With open records Faust may pause rightly: it waits for Postgres.
            if not any(lane.open for lane in road.lanes):
                await progress.check()
        except ConsumerStuckError:
            raise
        except Exception as error:
            log.info("stream.unseen", extra={"error": repr(error)})  # not up yet


def build_app(brokers: Brokers, road: Road, data: str, key: bytes) -> faust.App:
    """Return the app with its four agents; it connects when it is started.

    `key` is the service's key for the hashes of request bodies.
    """
    app = _bare_app(brokers, data)
    _add_agent(app, "commands", [codec.COMMANDS], source_of_commands(key), road)
    _add_agent(app, "intake", list(codec.INTAKES), source_of_openings(key), road)
    _add_agent(app, "arrivals", [arriving.EVENTS], source_of_arrivals(), road)
    _add_agent(app, "supervisions", [supervising.EVENTS], source_of_supervisions(), road)
    return app


def source_of_commands(key: bytes) -> Source:
    """The command topic: only a bug makes a dead letter, other refusals answer a caller."""
    return Source(
        lambda _, value: [codec.from_value(value, key)],
        lambda reason: reason == "INTERNAL",
        waits=False,  # its caller goes by the direct road
    )


def source_of_openings(key: bytes) -> Source:
    """The intake topics: a refusal has no caller; all but those of an earlier end or opening make
    dead letters. A correction after the end stands on its receipt.
    """

    return Source(
        lambda topic, value: codec.intake_requests(topic, value, key),
        lambda reason: reason not in ("", "ALREADY_OPEN", "INCIDENT_OVER", "INCIDENT_MERGED"),
    )


def source_of_arrivals() -> Source:
    """The steps of teams; a team may be sent before its matter is an incident."""
    return Source(
        lambda _, value: arriving.arrival_requests(value),
        lambda reason: reason not in ("", "NO_SUCH_INCIDENT"),
    )


def source_of_supervisions() -> Source:
    """The events of supervisions, which each incident of theirs follows."""
    return Source(lambda _, value: supervising.follow_requests(value), lambda reason: reason != "")


def _bare_app(brokers: Brokers, data: str) -> faust.App:
    return faust.App(
        GROUP,
        broker=[URL(f"kafka://{each.strip()}") for each in str(brokers).split(",")],
        broker_credentials=_credentials(brokers),
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


def _credentials(brokers: Brokers) -> faust.SASLCredentials | None:
    if not isinstance(brokers, Protected):
        return None
    wires = brokers.wires
    return faust.SASLCredentials(
        username=wires.user,
        password=wires.password,
        ssl_context=client_context(wires),
        mechanism=MECHANISM,
    )


def _add_agent(app: faust.App, name: str, topics: list[str], source: Source, road: Road) -> None:
    """Add an agent of concurrency 1: with more, Faust would commit past open records."""
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
        LANE.labels(name).set_function(lambda: lane.open)
        acknowledging = asyncio.create_task(lane.acknowledge())
        acknowledging.add_done_callback(_end_the_process)
        try:
            async for event in stream.noack().events():
                await lane.accept(event)
        finally:
            acknowledging.cancel()
            road.lanes.discard(lane)


def traced(message: Any, requests: Sequence[Request[Any]]) -> Sequence[Request[Any]]:
    """A command says its trace in its value, an event in the header of its CloudEvent."""
    told = dict(message.headers or ()).get("ce_traceparent", b"").decode("latin-1")
    return [each if each.traceparent else replace(each, traceparent=told) for each in requests]


class Lane:
    """Acknowledges the records of one agent in the order of their arrival."""

    def __init__(self, road: Road, source: Source) -> None:
        self._road = road
        self._source = source
        self.open = 0  # arrived, and not yet acknowledged
        # Record and its pending outcomes, none for an ignored one; or why it goes to the dead
        # letters.
        self._queue: asyncio.Queue[tuple[Any, list[asyncio.Future[Outcome]] | str]]
        self._queue = asyncio.Queue(maxsize=1000)

    async def accept(self, event: Any) -> None:
        """Queue one record; waits while too many are open."""
        message = event.message
        self.open += 1
        try:
            requests = traced(message, self._source.read(message.topic, message.value))
            if requests:
                self._road.origin.check(message)
        except Exception as error:
            log.warning("record.unreadable", extra={"topic": message.topic, "error": repr(error)})
            reason = str(error) if isinstance(error, Forged) else "UNREADABLE"
            await self._queue.put((event, reason))
            return
        await self._queue.put((event, [await self._asked(each) for each in requests]))

    async def _asked(self, request: Request[Any]) -> "asyncio.Future[Outcome]":
        """The outcome of a request; of an event's request not before this process could judge it.

        During an upgrade a process of the newer release may have written the record. This one is
        about to be replaced: it acknowledges nothing more, and the next one reads from here.
        """
        first = await self._road.batcher.put(request)
        if not self._source.waits:
            return first
        return asyncio.ensure_future(self._judged(request, first))

    async def _judged(self, request: Request[Any], first: "asyncio.Future[Outcome]") -> Outcome:
        outcome = await first
        while outcome.reason == "NEWER_SHAPE":
            await asyncio.sleep(NEWER_PAUSE)
            outcome = await (await self._road.batcher.put(request))
        return outcome

    async def acknowledge(self) -> None:
        """Acknowledge until cancelled, in order; dead letters are written first."""
        while True:
            end_if_asked()
            event, waiting = await self._queue.get()
            fate = "ignored" if waiting == [] else "performed"
            if isinstance(waiting, str):
                lost = [waiting]
            else:
                reasons = [(await each).reason for each in waiting]
                lost = [each for each in reasons if self._source.is_lost(each)]
            if lost:
                await self._road.burial.bury(event.message, lost[0])
                fate = "dead"
            STREAMED.labels(fate).inc()
            event.ack()
            self.open -= 1


def _end_the_process(task: asyncio.Task[None]) -> None:
    """Exit: a restart reads unacknowledged records again, a stopped lane would go unnoticed."""
    if not task.cancelled():
        log.critical("lane.broken", exc_info=task.exception())
        os._exit(70)
