"""The stream processor: records in, batches through the door, acknowledged after the commit.

The only file that imports Faust. Nothing leaves an agent as an exception: Faust would acknowledge
the record. Acknowledgements go out in the order of arrival: a gap would be committed.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import faust

from backbone.batcher import Batcher
from backbone.kafka import Publisher, dead_topic
from backbone.metrics import DEAD_LETTERS
from backbone.outcomes import Outcome
from backbone.request import Request
from services.workflow import codec
from services.workflow.domain import Command
from services.workflow.metrics import STREAMED

GROUP = "workflow.stream"
COMMANDS = "liandong.incident.commands.v1"

log = logging.getLogger(__name__)

# Returns the request of a record, or None where it asks nothing of us; raises for what is broken.
Read = Callable[[str, bytes], Request[Command] | None]


@dataclass(frozen=True)
class Road:
    """What the agents need: the patient batcher, and where unreadable records go."""

    batcher: Batcher[Command]
    publisher: Publisher


def build_app(brokers: str, road: Road, data: str) -> faust.App:
    """Return the app with its two agents; nothing connects before it is started."""
    app = _bare_app(brokers, data)
    _add_agent(app, "commands", [COMMANDS], lambda _, value: codec.to_request(value), road)
    _add_agent(app, "intake", list(codec.INTAKES), codec.intake_request, road)
    return app


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


def _add_agent(app: faust.App, name: str, topics: list[str], read: Read, road: Road) -> None:
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
        lane = Lane(road, read)
        acknowledging = asyncio.create_task(lane.acknowledge())
        acknowledging.add_done_callback(_end_the_process)
        try:
            async for event in stream.noack().events():
                await lane.accept(event)
        finally:
            acknowledging.cancel()


class Lane:
    """Keeps records in order from their arrival until they may be acknowledged."""

    def __init__(self, road: Road, read: Read) -> None:
        self._road = road
        self._read = read
        # Nothing waits for a record that asks nothing; False marks one that nobody can read.
        self._open: asyncio.Queue[tuple[Any, asyncio.Future[Outcome] | bool]]
        self._open = asyncio.Queue(maxsize=1000)

    async def accept(self, event: Any) -> None:
        """Take one record on; waits while too many are open."""
        message = event.message
        try:
            request = self._read(message.topic, message.value)
        except Exception as error:
            log.warning("record.unreadable", extra={"topic": message.topic, "error": repr(error)})
            await self._open.put((event, False))
            return
        waiting = True if request is None else await self._road.batcher.put(request)
        await self._open.put((event, waiting))

    async def acknowledge(self) -> None:
        """Acknowledge for ever, in order; what is broken is kept for diagnosis first."""
        while True:
            event, waiting = await self._open.get()
            event_fate = "ignored" if waiting is True else "performed"
            if waiting is False or (
                not isinstance(waiting, bool) and (await waiting).reason == "INTERNAL"
            ):
                await self._keep(event.message)
                event_fate = "dead"
            STREAMED.labels(event_fate).inc()
            event.ack()

    async def _keep(self, message: Any) -> None:
        await self._road.publisher.bury(dead_topic(message.topic, GROUP), message, "UNREADABLE")
        DEAD_LETTERS.labels(GROUP).inc()


def _end_the_process(task: asyncio.Task[None]) -> None:
    """Unacknowledged records come again; a lane that stands still would not show."""
    if not task.cancelled():
        log.critical("lane.broken", exc_info=task.exception())
        os._exit(70)
