"""The lists of each service as its front asks for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backbone.postgres.asking import Asked, time_of
from backbone.postgres.paths import Path
from backbone.postgres.sealing import Sealer
from backbone.process.keyring import Keyring
from backbone.rpc.caller import Call
from backbone.words.actor import Actor
from liandong.alarm.v1 import alarm_service_pb2 as alarm_pb
from liandong.dispute.v1 import dispute_service_pb2 as dispute_pb
from liandong.emergency.v1 import emergency_service_pb2 as emergency_pb
from liandong.incident.v1 import incident_service_pb2 as incident_pb
from liandong.petition.v1 import petition_service_pb2 as petition_pb
from liandong.population.v1 import population_service_pb2 as population_pb
from services.alarm import codec as alarm_codec
from services.alarm import storage as alarm_storage
from services.alarm.wiring import build_decider as receipts
from services.dispute import codec as dispute_codec
from services.dispute import storage as dispute_storage
from services.dispute.wiring import build_decider as disputes
from services.emergency import codec as emergency_codec
from services.emergency import storage as emergency_storage
from services.emergency.deciders import missions
from services.emergency.scope import sight_of
from services.petition import codec as petition_codec
from services.petition import storage as petition_storage
from services.petition.wiring import build_decider as petitions
from services.population import codec as population_codec
from services.population import storage as population_storage
from services.population.wiring import build_decider as care_cases
from services.workflow import codec as workflow_codec
from services.workflow import storage as workflow_storage
from services.workflow.wiring import build_decider as incidents
from tests.cities import a_city

SEALER = Sealer(Keyring((bytes(32),)))


class OwnKey(Sealer):
    """The key of a person who has none of their own: the case is of an earlier release."""

    is_sealed = is_forgotten = False

    def give(self, text: str) -> str:
        return text

    withhold = give


OWN: Any = OwnKey(Keyring((bytes(32),)))

Show = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Service:
    """What a list needs: its table and paths, what a request asks for, and how a row is shown."""

    title: str
    table: str
    paths: Sequence[Path]
    asked: Callable[[Any, Actor], Asked]
    show: Callable[[Any, Actor], Any]
    response: Callable[[], Any]
    read: Callable[[Any], Any]

    def shown(self, actor: Actor) -> Show:
        return lambda row: self.show(self.read(row), actor)


def _receipts(request: Any, actor: Actor) -> Asked:
    since, until = time_of(request, "from_time"), time_of(request, "to_time")
    return alarm_storage.asked(request, actor, since, until)


def _missions(request: Any, actor: Actor) -> Asked:
    caller = Call(actor, UUID(int=0), datetime.now(UTC))
    return emergency_storage.asked(request, sight_of(caller).conditions, None)


SERVICES: Mapping[str, Service] = {
    "workflow": Service(
        "incidents and inboxes", "incidents", workflow_storage.PATHS, workflow_storage.asked,
        lambda state, actor: workflow_codec.to_resource(state),
        incident_pb.ListIncidentsResponse, incidents(a_city).from_row,
    ),
    "alarm": Service(
        "receipts", "receipts", alarm_storage.PATHS, _receipts,
        lambda state, actor: alarm_codec.to_resource(state, None, SEALER),
        alarm_pb.ListReceiptsResponse, receipts(a_city).from_row,
    ),
    "petition": Service(
        "petitions", "petitions", petition_storage.PATHS, petition_storage.asked,
        lambda state, actor: petition_codec.to_resource(state, SEALER),
        petition_pb.ListPetitionsResponse, petitions(a_city).from_row,
    ),
    "dispute": Service(
        "disputes", "disputes", dispute_storage.PATHS, dispute_storage.asked,
        lambda state, actor: dispute_codec.to_resource(state, SEALER),
        dispute_pb.ListDisputesResponse, disputes(a_city).from_row,
    ),
    "emergency": Service(
        "missions", "missions", emergency_storage.PATHS, _missions,
        lambda state, actor: emergency_codec.to_resource(state, 0),
        emergency_pb.ListMissionsResponse, missions.from_row,
    ),
    "population": Service(
        "care cases", "care_cases", population_storage.PATHS, population_storage.asked,
        lambda state, actor: population_codec.to_resource(state, OWN, actor),
        population_pb.ListCareCasesResponse, care_cases(a_city).from_row,
    ),
}  # fmt: skip
