"""Builds the two processes of workflow, the front and the stream processor, from the settings."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4, uuid5

from msgspec.structs import replace

from backbone.directory.replica import COPIES, Replica
from backbone.directory.replica import TOPIC as DIRECTORY
from backbone.door.batcher import Batcher, patiently
from backbone.door.carrying import CHANNEL, Carrier
from backbone.door.decider import Decider, require_every_change
from backbone.door.door import Door
from backbone.door.notices import Waiting
from backbone.door.request import Request
from backbone.door.timers import Due, Timers, lapse_of
from backbone.intake import teams
from backbone.kafka.bookmark import open_reader
from backbone.kafka.lag import Follower, Lags
from backbone.kafka.origin import Origin, command_statement, header_of
from backbone.kafka.producer import Burial, Publisher, is_passing
from backbone.postgres.pool import open_pool
from backbone.process import tracing
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.process.wires import Brokers
from backbone.shell.directory import follow_directory, telling_version
from backbone.shell.measuring import measure_pool, tell_queue
from backbone.shell.proving import rows_of
from backbone.shell.shell import Shell, open_shell
from backbone.shell.standing import watch_database
from backbone.words.city import City
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.supervision.v1 import supervision_service_pb2 as supervision_pb
from liandong.supervision.v1 import supervision_service_pb2_grpc as supervision_rpc
from liandong.supervision.v1.supervision_events_pb2 import SupervisionEvent
from services.workflow import codec, storage, stream, supervising
from services.workflow.accounting import ride
from services.workflow.api import Front
from services.workflow.breaker import Breaker
from services.workflow.calling import Calls
from services.workflow.counting import count_incidents
from services.workflow.incident import INCIDENTS
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.parting import FollowHost
from services.workflow.incident.record import Incident
from services.workflow.incident.world import World
from services.workflow.metrics import BREAKER
from services.workflow.recounts import Recounts
from services.workflow.roads import Roads
from services.workflow.supervision import SUPERVISIONS
from services.workflow.supervision.lapsing import LapseAnswers
from services.workflow.supervision.moving import AddressUnit
from services.workflow.supervision.record import Supervision
from services.workflow.supervision_api import SupervisionFront
from services.workflow.untold import Untold

EVENTS = "liandong.incident.events.v1"
KINDS = ("unit", "category", "competence", "policy", "calendar", "person", "danger")

log = logging.getLogger(__name__)


def build_decider(city: Callable[[], City]) -> Decider[Incident]:
    """The decider of incidents; `city` is called for each decision."""
    return Decider(
        record=Incident,
        table=storage.TABLE,
        life_cycle=INCIDENTS,
        event=IncidentEvent,
        kind="liandong.incident",
        topic=EVENTS,
        scope=codec.scope,
        world=lambda also: World(city(), also),
    )


def build_supervisions(city: Callable[[], City]) -> Decider[Supervision]:
    """The decider of supervisions; `city` is called for each decision."""
    return Decider(
        record=Supervision,
        table=storage.SUPERVISIONS,
        life_cycle=SUPERVISIONS,
        event=SupervisionEvent,
        kind="liandong.supervision",
        topic=supervising.EVENTS,
        scope=supervising.scope,
        world=lambda also: World(city(), also),
    )


async def run(settings: Settings, pulse: Pulse, breaker: Breaker | None = None) -> None:
    """Run the front until cancelled; starts without waiting for Kafka or Postgres."""
    channel = f"{CHANNEL}{uuid4().hex}"
    incidents = build_decider(lambda: replica.city)
    supervisions = build_supervisions(lambda: replica.city)
    deciders: list[Decider[Any]] = [incidents, supervisions]
    require_every_change(deciders)
    breaker = breaker or Breaker()
    BREAKER.set_function(lambda: breaker.is_open)
    async with open_shell(settings, pulse, deciders, ride) as shell:
        recounts = Recounts(shell.door, shell.rows.of(supervisions), pulse)
        replica = follow_directory(shell, KINDS, recounts.learn)
        carrier = Carrier(settings.keyring.lasting, deciders)
        find, wake = shell.door.find, shell.relay.wake
        waiting = Waiting(find, carrier, shell.connect, channel, pulse, wake)
        publish = partial(publish_signed, shell)
        roads = Roads(publish, shell.batcher, waiting, breaker)
        calls = Calls(shell, roads, channel)
        for field, which in storage.ABOUT.items():
            shell.know_sealed_persons(
                incidents, field, lambda each: each.matter.persons, which=which
            )
        front = Front(shell, incidents, roads, calls, replica)
        shell.serve(rpc.add_IncidentServiceServicer_to_server, front, pb.DESCRIPTOR)
        supervisors = SupervisionFront(shell, supervisions, calls)
        add = supervision_rpc.add_SupervisionServiceServicer_to_server
        shell.serve(add, supervisors, supervision_pb.DESCRIPTOR)
        for loop in (waiting.run, recounts.run, Untold(shell.pool, shell.door, pulse).run):
            shell.run_beside(loop)
        shell.run_beside(partial(count_incidents, shell.pool, pulse))
        heard = teams.of_incidents(settings, shell.pool)
        shell.run_beside(partial(heard.watch, shell.relay.age, pulse))
        for due, request_of in TIMERS:
            shell.run_beside(Timers(shell.pool, shell.door, due, request_of, pulse).run)
        await shell.run()


def request_of_lapse(row: Any) -> Request[Any]:
    """The request of a due clock, from a row of the query DUE."""
    return lapse_of(row, Lapse(row["due_clock"]))


def request_of_late_answers(row: Any) -> Request[Any]:
    """The request of supervisions whose answers are due, from a row of the query DUE_ANSWERS."""
    return lapse_of(row, LapseAnswers())


def request_of_move(row: Any) -> Request[Any]:
    """The request of a supervised incident that moved, from a row of the query MOVED."""
    incident = row["incident"]
    move = lapse_of(row, AddressUnit(incident))
    return replace(move, request_id=uuid5(move.request_id, f"address {incident}"))


def request_of_host(row: Any) -> Request[Any]:
    """The request of a merged incident, from a row of the query HOSTED."""
    host = row["host"]
    asked = lapse_of(row, FollowHost(host))
    return replace(asked, request_id=uuid5(asked.request_id, f"host {host}"))


TIMERS: tuple[tuple[Due, Callable[[Any], Request[Any]]], ...] = (
    (storage.DUE, request_of_lapse),
    (storage.DUE_ANSWERS, request_of_late_answers),
    (storage.MOVED, request_of_move),
    (storage.HOSTED, request_of_host),
)


async def run_stream(settings: Settings, pulse: Pulse) -> None:
    """Run the stream processor; it repeats a batch until Postgres accepts it."""
    name = settings.keyring.told
    async with await open_pool(settings.database_url, settings.schema, name=name) as pool:
        rows = rows_of(pool, settings)
        origin = Origin(settings.signatures, pool, stream.GROUP, rows.codes)
        replica = Replica(pool, settings.brokers, KINDS, telling_version(settings.name))
        replica.coded(rows.coded(COPIES))
        deciders: list[Decider[Any]] = [
            build_decider(lambda: replica.city),
            build_supervisions(lambda: replica.city),
        ]
        carrier = Carrier(settings.keyring.lasting, deciders)
        door = Door(pool, deciders, ride=ride, carrier=carrier, rows=rows)
        batcher = Batcher(patiently(door.perform, pulse), pulse)
        publisher = Publisher(settings.brokers)
        burial = Burial(publisher, stream.GROUP)
        async with asyncio.TaskGroup() as tasks:
            for loop in (batcher.run, publisher.run, pulse.run):
                tasks.create_task(loop())
            tasks.create_task(measure_pool(pool, settings.name, settings.schema, pulse))
            copy = {f"{settings.schema}.directory": Follower([DIRECTORY], replica.read)}
            lags = Lags(settings.brokers, {stream.GROUP: stream.TOPICS}, pulse, copy)
            tasks.create_task(lags.run())
            tell_queue(settings.name, batcher)
            tasks.create_task(replica.run(pulse, burial.bury, origin))
            tasks.create_task(watch_database(pool, settings.schema, pulse))
            await _stream(settings, stream.Road(batcher, burial, origin), replica, pulse)


async def publish_signed(shell: Shell, key: bytes, value: bytes) -> None:
    """Publish a command that this front has let in; the stream processor takes no other."""
    statement = command_statement(stream.COMMANDS, key, value)
    signature = shell.settings.signatures.code(shell.settings.schema, statement)
    headers = [header_of(signature), (tracing.HEADER, tracing.traceparent().encode())]
    await shell.publisher.publish(stream.COMMANDS, key, value, headers)


async def learn_topics(brokers: Brokers, origin: Origin) -> None:
    """Learn where unsigned records of the stream's topics end, before the first one is read."""
    while True:
        try:
            # Mostly all is known: then no reader has to be closed, for which TLS may take long.
            if await origin.recall(stream.TOPICS):
                async with open_reader(brokers, *stream.TOPICS) as consumer:
                    await origin.learn(consumer, stream.TOPICS)
            return
        except Exception as error:
            if not is_passing(error):
                raise
            log.warning("topics.away", extra={"error": str(error)})
        await asyncio.sleep(0.5)


async def _stream(settings: Settings, road: stream.Road, replica: Replica, pulse: Pulse) -> None:
    """Run Faust in this event loop; if it ends, crashes or stands still, the process ends."""
    await replica.wait()
    await learn_topics(settings.brokers, road.origin)
    with TemporaryDirectory() as data:
        app = stream.build_app(settings.brokers, road, data, settings.keyring.lasting)
        await app.start()
        pulse.started()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(stream.watch(app, road))
                await app.wait_until_stopped()
                raise RuntimeError("the stream processor has stopped")
        finally:
            await app.stop()
