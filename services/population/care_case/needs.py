"""Service requests 服务需求: a need enters the flow as a matter without the person's name."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition, NotFound
from backbone.words.followed import SETTLED, Followed, FollowIncident, follow
from backbone.words.guards import require_category, require_priority, require_text
from backbone.words.matter import Matter
from backbone.words.place import Place
from services.population.care_case.record import (
    ANY,
    CARED_FOR,
    WRITTEN_DOWN,
    CareCase,
    ServiceRequest,
    require_entrusted,
)

CATEGORY = "care"  # does not disclose the programme
TITLE = "帮扶服务需求"


class RequestService(Struct, frozen=True):
    """Request 服务需求: the new matter has its own id and code.

    `names_the_person`: the text names the person; the edge checks it, as only it can unseal.
    """

    by: Actor
    service_id: UUID
    code: str
    category: str
    text: str
    priority: str
    names_the_person: bool = False


class RecordServiceResult(Struct, frozen=True):
    """Result 落实情况; if empty, the reply of the unit that resolved the incident."""

    by: Actor
    service_id: str
    result: str


class FollowService(Struct, frozen=True):
    service_id: UUID
    step: FollowIncident


class ServiceRequested(Struct, frozen=True):
    time: datetime
    matter: Matter


class ServiceFollowed(Struct, frozen=True):
    time: datetime
    service_id: UUID
    step: str
    incident: Followed


class ServiceResultRecorded(Struct, frozen=True):
    time: datetime
    service_id: UUID
    result: str


def request(
    case: CareCase, command: RequestService, now: datetime, city: City
) -> list[ServiceRequested]:
    require_entrusted(case, command.by)
    if command.names_the_person:  # other units read the text
        raise InvalidArgument("NAMES_THE_PERSON")
    asked = ServiceRequest(
        id=command.service_id,
        code=command.code,
        category=require_category(city, command.category) or CATEGORY,
        priority=require_priority(command.priority),
        text=require_text(command.text, "TEXT_MISSING"),
        request_time=now,
        incident=Followed(),
    )
    return [ServiceRequested(now, matter_of(case, asked))]


def matter_of(case: CareCase, asked: ServiceRequest) -> Matter:
    """The matter of the incident: it discloses neither person, case nor programme."""
    return Matter(
        id=asked.id,
        code=asked.code,
        source="CARE",
        title=TITLE,
        narrative=asked.text,
        category=asked.category,
        priority=asked.priority,
        place=Place(area=case.charge.area),
        desk=case.charge.unit,
    )


def record_result(
    case: CareCase, command: RecordServiceResult, now: datetime, city: City
) -> list[ServiceResultRecorded]:
    require_entrusted(case, command.by)
    asked = next((each for each in case.services if str(each.id) == command.service_id), None)
    if asked is None:
        raise NotFound("NO_SUCH_SERVICE")
    incident = asked.incident
    if incident.state not in SETTLED:
        raise InvalidTransition("NOT_RESOLVED", state=incident.state, unit=incident.unit)
    result = require_text(command.result or incident.reply, "RESULT_MISSING")
    return [ServiceResultRecorded(now, asked.id, result)]


def a_service(case: CareCase) -> dict[str, str]:
    """The service whose result is to be recorded first, if there is one."""
    asked = sorted(case.services, key=lambda each: each.incident.state not in SETTLED)
    return {"service_id": str(asked[0].id)} if asked else {}


def follow_service(
    case: CareCase, command: FollowService, now: datetime, city: City
) -> list[ServiceFollowed]:
    known = {each.id: each.incident for each in case.services}
    steps = follow(known.get(command.service_id), command.step, now)
    return [ServiceFollowed(now, command.service_id, each.step, each.incident) for each in steps]


def requested(case: CareCase, event: ServiceRequested) -> CareCase:
    matter = event.matter
    asked = ServiceRequest(
        id=matter.id,
        code=matter.code,
        category=matter.category,
        priority=matter.priority,
        text=matter.narrative,
        request_time=event.time,
        incident=Followed(),
    )
    return replace(case, services=(*case.services, asked))


def followed(case: CareCase, event: ServiceFollowed) -> CareCase:
    return _changed(case, event.service_id, {"incident": event.incident})


def result_recorded(case: CareCase, event: ServiceResultRecorded) -> CareCase:
    return _changed(case, event.service_id, {"result": event.result})


def _changed(case: CareCase, service_id: UUID, change: dict[str, object]) -> CareCase:
    services = tuple(
        replace(asked, **change) if asked.id == service_id else asked for asked in case.services
    )
    return replace(case, services=services)


VERBS = (
    verb(
        CARED_FOR,
        request,
        "NOT_ENTRUSTED",
        "UNKNOWN_CATEGORY",
        "UNKNOWN_PRIORITY",
        "TEXT_MISSING",
        "NAMES_THE_PERSON",
    ),
    verb(
        WRITTEN_DOWN,
        record_result,
        "NOT_ENTRUSTED",
        "NO_SUCH_SERVICE",
        "NOT_RESOLVED",
        "RESULT_MISSING",
        likely=a_service,
    ),
    verb(ANY, follow_service, "NOT_ROUTED"),
)
CHANGES = (change(requested), change(followed), change(result_recorded))
