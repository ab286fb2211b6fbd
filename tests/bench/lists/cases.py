"""Who asks for which lists: every role from a village's clerk to the auditor of the city, and every
filter, by itself and with others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from backbone.words.actor import Actor
from liandong.alarm.v1 import alarm_service_pb2 as alarm
from liandong.dispute.v1 import dispute_service_pb2 as dispute
from liandong.emergency.v1 import emergency_service_pb2 as emergency
from liandong.incident.v1 import incident_service_pb2 as incident
from liandong.petition.v1 import petition_service_pb2 as petition
from liandong.population.v1 import population_service_pb2 as population

CITY, COUNTY, TOWNSHIP = "990100", "990101", "990101001"
MAY = 1_714_521_600  # 2024-05-01
VILLAGE, GRID, ELSEWHERE = "990101001001", "990101001001001", "990102002"


def _actor(unit: str, role: str) -> Actor:
    return Actor(f"{role}.{unit}", unit, role, unit.partition("-")[0])


ACTORS = {
    "auditor of the city": _actor(f"{CITY}-government", "auditor"),
    "dispatcher of the city": _actor(f"{CITY}-command", "dispatcher"),
    "clerk of the hotline": _actor(f"{CITY}-hotline", "clerk"),
    "supervisor of a county": _actor(f"{COUNTY}-government", "supervisor"),
    "petition clerk of a county": _actor(f"{COUNTY}-petition_office", "clerk"),
    "leader of a township": _actor(f"{TOWNSHIP}-township", "leader"),
    "mediator of a township": _actor(f"{TOWNSHIP}-mediation", "mediator"),
    "clerk of a police station": _actor(f"{TOWNSHIP}-police", "clerk"),
    "clerk of a village": _actor(f"{VILLAGE}-village", "clerk"),
}
CARERS = {
    "head of a village": _actor(f"{VILLAGE}-village", "head"),
    "care worker": Actor(f"grid_member1.{VILLAGE}-village", f"{VILLAGE}-village", "grid_member"),
    "clerk of a court": _actor(f"{COUNTY}-court", "clerk"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One list: which service's, who asks, and for what."""

    service: str
    who: str
    actor: Actor
    what: str
    request: Any


Filters = Mapping[str, Mapping[str, Any]]


def _states(prefix: str, *names: str) -> dict[str, dict[str, Any]]:
    return {name.lower(): {"state": f"{prefix}{name}"} for name in names}


def _both(filters: Filters) -> Filters:
    """Each over open matters, and over those that are over."""
    return {
        **filters,
        **{f"closed, {what}": {**asked, "closed": True} for what, asked in filters.items()},
    }


PLACES: Filters = {
    "all": {},
    "a common category": {"category": "civil.subsistence"},
    "a rare category": {"category": "violence.threat"},
    "a category with all below": {"category": "traffic"},
}
URGENCY: Filters = {"P1": {"priority": "P1"}, "P4": {"priority": "P4"}}
AREAS: Filters = {
    "a grid": {"area": GRID},
    "a township": {"area": TOWNSHIP},
    "another township": {"area": ELSEWHERE},
}
UNITS: Filters = {
    "a police station": {"unit": f"{TOWNSHIP}-police"},
    "a village": {"unit": f"{VILLAGE}-village"},
    "another village": {"unit": f"{ELSEWHERE}001-village"},
}
DESKS: Filters = {
    "the city's office": {"desk": f"{CITY}-petition_office"},
    "a county's office": {"desk": f"{COUNTY}-petition_office"},
    "a mediation body": {"desk": f"{TOWNSHIP}-mediation"},
}
A_DAY: Filters = {
    "a day": {"from_time": Timestamp(seconds=MAY), "to_time": Timestamp(seconds=MAY + 86_400)}
}
SOURCES: Filters = {
    "of petitions": {"source": "PETITION"},
    "of care": {"source": "CARE"},
    "of calls and rare": {"source": "ALARM", "category": "violence.threat"},
}
INCIDENTS: Filters = {
    **_both({**PLACES, **URGENCY, **AREAS, **UNITS, **A_DAY, **SOURCES}),
    "overdue": {"overdue": True},
    **_both({"a person's": {"holder": f"clerk1.{TOWNSHIP}-police"}}),
    **_both({"category and P4": {"category": "violence.threat", "priority": "P4"}}),
    **_states(
        "STATE_", "REPORTED", "TRIAGE", "OFFERED", "CLAIMED", "HANDLING", "SUSPENDED", "RESOLVED",
        "CLOSED", "MERGED", "VOIDED",
    ),
    "no such code": {"code": "990101260101-x"},
}  # fmt: skip
INBOX: Filters = {
    f"inbox, {what}": {**asked, "inbox": True}
    for what, asked in {
        **PLACES, **URGENCY, **AREAS, **_states("STATE_", "TRIAGE", "OFFERED", "RESOLVED")
    }.items()
}  # fmt: skip
RECEIPTS: Filters = {
    **_both({**PLACES, **URGENCY, **AREAS, **UNITS}),
    **_both({name: {"outcome": f"OUTCOME_{name}"} for name in ("OPENED", "PASSED", "INVALID")}),
    **_both({name: {"kind": f"KIND_{name}"} for name in ("CALL", "WALK_IN", "TEXT_MESSAGE")}),
    **_states("STATE_", "RECEIVED", "ENDED", "CLOSED"),
    **_both(A_DAY),
    "no such code": {"code": "990101260101-x"},
}
PETITIONS: Filters = {
    **_both({**PLACES, **DESKS}),
    **_both({name: {"channel": f"CHANNEL_{name}"} for name in ("ONLINE", "VIDEO")}),
    **_both({name: {"kind": f"KIND_{name}"} for name in ("CLAIM", "ACCUSATION")}),
    **_states("STATE_", "REGISTERED", "HANDLING", "REPLIED", "DECLINED", "CLOSED"),
}
DISPUTES: Filters = {
    **_both({"all": {}, **DESKS}),
    **_both({name: {"kind": f"KIND_{name}"} for name in ("NEIGHBOURS", "CAMPUS_INJURY")}),
    **_both({"level 3": {"level": 3}, "of courts": {"source": "SOURCE_COURT"}}),
    **_states("STATE_", "REGISTERED", "MEDIATING", "FAILED", "REFUSED", "CLOSED"),
}
MISSIONS: Filters = {
    **_both({"all": {}, **URGENCY, "a team": {"team": f"{TOWNSHIP}-emergency-team"}}),
    **_states("STATE_", "PENDING", "ON_SCENE", "CLEARED", "REFUSED"),
}
CARE_CASES: Filters = {
    **_both({"all": {}, "of minors": {"programme": "PROGRAMME_MINOR_PROTECTION"}}),
    "overdue": {"overdue": True},
    **_states("STATE_", "SENT", "ACTIVE", "SEALED"),
}
ASKED: Mapping[str, tuple[Any, Mapping[str, Actor], Filters]] = {
    "workflow": (incident.ListIncidentsRequest, ACTORS, {**INCIDENTS, **INBOX}),
    "alarm": (alarm.ListReceiptsRequest, ACTORS, RECEIPTS),
    "petition": (petition.ListPetitionsRequest, ACTORS, PETITIONS),
    "dispute": (dispute.ListDisputesRequest, ACTORS, DISPUTES),
    "emergency": (emergency.ListMissionsRequest, ACTORS, MISSIONS),
    "population": (population.ListCareCasesRequest, CARERS, CARE_CASES),
}


def cases() -> Iterator[Case]:
    for service, (request, actors, filters) in ASKED.items():
        for (who, actor), (what, given) in product(actors.items(), filters.items()):
            yield Case(service, who, actor, what, request(**given))
