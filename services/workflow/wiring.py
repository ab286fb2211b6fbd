"""Builds the front of workflow from the settings; the stream processor is a process of its own."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4, uuid5

from msgspec.structs import replace

from backbone.door.carrying import CHANNEL, Carrier
from backbone.door.decider import Decider, require_every_change
from backbone.door.notices import Waiting
from backbone.door.request import Request
from backbone.door.timers import Due, Timers, lapse_of
from backbone.intake import teams
from backbone.kafka.origin import command_statement, header_of
from backbone.process import tracing
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.shell.directory import follow_directory
from backbone.shell.shell import Shell, open_shell
from backbone.words.city import City
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.supervision.v1 import supervision_service_pb2 as supervision_pb
from liandong.supervision.v1 import supervision_service_pb2_grpc as supervision_rpc
from liandong.supervision.v1.supervision_events_pb2 import SupervisionEvent
from services.workflow import codec, storage, supervising
from services.workflow.accounting import ride
from services.workflow.api import Front
from services.workflow.breaker import Breaker
from services.workflow.calling import Calls
from services.workflow.care_texts import CareTexts
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
        CareTexts(settings, shell.pool).join(shell.server.texts)
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


async def publish_signed(shell: Shell, key: bytes, value: bytes) -> None:
    """Publish a command that this front has let in; the stream processor takes no other."""
    statement = command_statement(codec.COMMANDS, key, value)
    signature = shell.settings.signatures.code(shell.settings.schema, statement)
    headers = [header_of(signature), (tracing.HEADER, tracing.traceparent().encode())]
    await shell.publisher.publish(codec.COMMANDS, key, value, headers)
