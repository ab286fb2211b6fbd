"""The two processes of the flow, wired as `services.workflow.wiring` does, on simulated edges."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

from backbone.door.batcher import Batcher, patiently
from backbone.door.carrying import CHANNEL, Carrier
from backbone.door.decider import Decider
from backbone.door.door import Door
from backbone.door.notices import Waiting
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.door.timers import Timers
from backbone.kafka.origin import Origin
from backbone.kafka.producer import Burial
from backbone.kafka.relay import Relay
from backbone.postgres.pool import is_transient
from backbone.process.pulse import Pulse
from backbone.rpc.caller import Call
from backbone.words.city import City
from backbone.words.errors import Refusal, Unavailable
from liandong.incident.v1 import incident_service_pb2 as pb
from services.workflow import codec, storage, stream, wiring
from services.workflow.breaker import Breaker
from services.workflow.incident.record import Incident
from services.workflow.roads import Roads
from services.workflow.stream import Lane, Road, Source
from services.workflow.taking import Taking
from tests.cities import a_city
from tests.simulation.connections import Connection, Pool
from tests.simulation.database import Database, Session
from tests.simulation.log import Consumer, Log, Publishing
from tests.simulation.loop import Loop, Process
from tests.simulation.tables import Row

KEY = b"the key of the simulated service"
CITY = a_city(
    claim_cap=3,
    bounce_cap=2,
    arrival_minutes={"ALARM.P1": 15, "ALARM.P2": 30},
    feedback_minutes={"P1": 120, "P2": 480, "P3": 720, "P4": 1440},
)
INTAKES = ("liandong.alarm.events.v1",)
PATIENCE = 5.0


@dataclass(frozen=True)
class Parts:
    """The parts of the flow that a planted bug may replace."""

    door: Callable[..., Door] = Door
    relay: Callable[..., Relay] = Relay
    lane: Callable[[Road, Source], Lane] = Lane
    decider: Callable[[Callable[[], City]], Decider[Incident]] = wiring.build_decider
    lapse: Callable[[Any], Request[Any]] = wiring.request_of_lapse
    statements: Mapping[str, Callable[[Database, Session, Sequence[Any]], list[Row]]] = field(
        default_factory=dict
    )


@dataclass(frozen=True)
class Edges:
    """What stands outside of the processes."""

    loop: Loop
    database: Database
    log: Log
    chance: Callable[[], float]
    parts: Parts

    def decider(self) -> Decider[Incident]:
        return self.parts.decider(lambda: CITY)

    async def connect(self) -> Any:
        return Connection(self.database)


@dataclass(frozen=True)
class Answer:
    """What a caller heard: a refusal, or the incident as it was after the command."""

    reason: str
    aggregate_id: UUID | None
    version: int
    shown: str = ""  # digest of the incident


class Unanswered(Exception):
    """The fate of the request is unknown: it may be repeated with the same key."""


class Running:
    """One process: its loops, and what is called when one of them ends."""

    def __init__(self, edges: Edges, name: str, ended: Callable[["Running", str], None]) -> None:
        self.process = Process(name)
        self._edges = edges
        self._ended = ended

    def serve(self, *loops: Any) -> None:
        for loop in loops:
            task = self._edges.loop.start(self.process, loop)
            task.add_done_callback(self._end)

    def _end(self, task: "asyncio.Task[None]") -> None:
        why = "cancelled" if task.cancelled() else repr(task.exception())
        self._ended(self, f"{self.process.name}: {task.get_coro().__qualname__}: {why}")


class Front(Running):
    """The front: both roads, the listener, the timers and the relay."""

    numbers = count()

    def __init__(self, edges: Edges, name: str, ended: Callable[[Running, str], None]) -> None:
        super().__init__(edges, name, ended)
        self._channel, pulse = f"{CHANNEL}{name}", Pulse()
        self._replies: dict[asyncio.Future[Answer], asyncio.Task[Answer]] = {}
        pool: Any = Pool(edges.database)
        decider = edges.decider()
        produce: Any = edges.log.producer
        relay = edges.parts.relay(
            "workflow", {decider.kind: decider.topic}, edges.connect, produce, pulse
        )
        door = edges.parts.door(pool, [decider], relay.wake)
        batcher: Batcher[Any] = Batcher(door.perform, pulse)
        carrier = Carrier(KEY, [decider])
        waiting = Waiting(door.find, carrier, edges.connect, self._channel, pulse, relay.wake)
        publish = partial(Publishing(edges.log).publish, codec.COMMANDS)
        # A breaker that has opened would keep most of a short run off the stream.
        self._roads = Roads(publish, batcher, waiting, Breaker(lambda: edges.chance() ** 8))
        self._taking = Taking(pool, door, self._roads, KEY)
        timers = Timers(pool, door, storage.DUE, edges.parts.lapse, pulse)
        self.serve(batcher.run(), relay.run(), waiting.run(), timers.run(look=0.5))

    async def call(self, caller: Call, body: Any, patience: float = PATIENCE) -> Answer:
        """Call over the network. Raises Unanswered when the front dies or takes too long."""
        if not self.process.alive:
            raise Unanswered("connection refused")
        task = self._edges.loop.start(self.process, self._answer(caller, body))
        reply = self._edges.loop.create_future()
        self._replies[reply] = task
        task.add_done_callback(lambda task: _pass_on(task, reply))
        try:
            async with asyncio.timeout(patience):
                return await reply
        except TimeoutError as error:
            task.cancel()  # as gRPC does when the caller is gone
            raise Unanswered("too late") from error
        finally:
            del self._replies[reply]

    def die(self) -> None:
        """The callers see that the connection is gone."""
        for reply in self._replies:
            if not reply.done():
                reply.set_exception(Unanswered("connection reset"))

    async def _answer(self, caller: Call, body: Any) -> Answer:
        try:
            outcome = await self._perform(caller, body)
            if (refusal := outcome.refusal) is not None:
                raise refusal
        except Unavailable as error:
            raise Unanswered(error.reason) from error
        except Refusal as refusal:
            return Answer(refusal.reason, None, 0)
        except Exception as error:
            if is_transient(error):
                raise Unanswered("UNKNOWN_REPEAT") from error
            raise
        shown = codec.to_resource(outcome.state).SerializeToString(deterministic=True)
        digest = sha256(shown).hexdigest()
        return Answer("", outcome.aggregate_id, outcome.version, digest)

    async def _perform(self, caller: Call, body: Any) -> Outcome:
        """As `services.workflow.api` does."""
        if isinstance(body, pb.TakeNextRequest):
            return await self._taking.take(caller)
        request = codec.request_of(caller, body, KEY, self._channel)
        outcome, _ = await self._roads.perform(request, codec.to_value(request, body))
        return outcome


def _pass_on(task: "asyncio.Task[Answer]", reply: "asyncio.Future[Answer]") -> None:
    if reply.done():
        return
    if task.cancelled():
        reply.set_exception(Unanswered("cancelled"))
    elif (error := task.exception()) is not None:
        reply.set_exception(error)
    else:
        reply.set_result(task.result())


class Trusting(Origin):
    """No record is forged here: the edges between processes are those of the simulation."""

    def __init__(self) -> None:
        """Without keys."""

    def check(self, record: Any) -> None:
        """Every record passes."""


class Worker(Running):
    """The stream processor: two agents as Faust runs them, each with its lane."""

    def __init__(self, edges: Edges, name: str, ended: Callable[[Running, str], None]) -> None:
        super().__init__(edges, name, ended)
        pulse = Pulse()
        pool: Any = Pool(edges.database)
        deciders = [edges.decider()]
        door = edges.parts.door(pool, deciders, carrier=Carrier(KEY, deciders))
        batcher: Batcher[Any] = Batcher(patiently(door.perform, pulse), pulse)
        self._road = Road(batcher, Burial(Publishing(edges.log), stream.GROUP), Trusting())
        self.consumers: list[Consumer] = []
        self.serve(batcher.run())
        for topics, source in (
            ((codec.COMMANDS,), stream.source_of_commands(KEY)),
            (INTAKES, stream.source_of_openings(KEY)),
        ):
            consumer = Consumer(edges.log, topics[0], topics)
            self.consumers.append(consumer)
            lane = edges.parts.lane(self._road, source)
            self._road.lanes.add(lane)
            self.serve(lane.acknowledge(), _agent(lane, consumer), consumer.commit())

    @property
    def open(self) -> int:
        """How many records its lanes have taken on and not acknowledged."""
        return sum(lane.open for lane in self._road.lanes)


async def _agent(lane: Lane, consumer: Consumer) -> None:
    async for event in consumer.events():
        await lane.accept(event)
