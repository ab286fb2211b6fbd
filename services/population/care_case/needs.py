"""Needs 服务需求: what a person needs goes into the flow as a matter that names nobody."""

from datetime import datetime
from typing import assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition, NotFound
from backbone.words.followed import SETTLED, Followed, FollowIncident, follow
from backbone.words.guards import require_category, require_priority, require_text
from backbone.words.matter import Matter
from backbone.words.place import Place
from services.population.care_case.record import CareCase, ServiceRequest, require_entrusted

CATEGORY = "care"  # tells that somebody is helped, not under which programme
TITLE = "帮扶服务需求"


class RequestService(Struct, frozen=True):
    """Request 服务需求: the new matter has an id and a code of its own."""

    by: Actor
    service_id: UUID
    code: str
    category: str
    text: str
    priority: str


class RecordServiceResult(Struct, frozen=True):
    """Result 落实情况; empty takes the reply of the unit that resolved it."""

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


Event = ServiceRequested | ServiceFollowed | ServiceResultRecorded


def request(found: CareCase, command: RequestService, now: datetime, city: City) -> Event:
    require_entrusted(found, command.by)
    asked = ServiceRequest(
        id=command.service_id,
        code=command.code,
        category=require_category(city, command.category) or CATEGORY,
        priority=require_priority(command.priority),
        text=require_text(command.text, "TEXT_MISSING"),
        request_time=now,
        incident=Followed(),
    )
    return ServiceRequested(now, matter_of(found, asked))


def matter_of(found: CareCase, asked: ServiceRequest) -> Matter:
    """What the incident is opened with: neither the person, nor the case, nor the programme."""
    return Matter(
        id=asked.id,
        code=asked.code,
        source="CARE",
        title=TITLE,
        narrative=asked.text,
        category=asked.category,
        priority=asked.priority,
        place=Place(area=found.area),
        desk=found.unit,
    )


def require_unnamed(text: str, plain: tuple[str, ...]) -> None:
    """The words go to other units: they must not say who it is."""
    if any(part.strip() and part.strip() in text for part in plain):
        raise InvalidArgument("NAMES_THE_PERSON")


def record_result(found: CareCase, command: RecordServiceResult, now: datetime) -> Event:
    require_entrusted(found, command.by)
    asked = next((each for each in found.services if str(each.id) == command.service_id), None)
    if asked is None:
        raise NotFound("NO_SUCH_SERVICE")
    incident = asked.incident
    if incident.state not in SETTLED:
        raise InvalidTransition("NOT_RESOLVED", state=incident.state, unit=incident.unit)
    result = require_text(command.result or incident.reply, "RESULT_MISSING")
    return ServiceResultRecorded(now, asked.id, result)


def follow_service(found: CareCase, command: FollowService, now: datetime) -> list[Event]:
    known = {each.id: each.incident for each in found.services}
    steps = follow(known.get(command.service_id), command.step, now)
    return [ServiceFollowed(now, command.service_id, each.step, each.incident) for each in steps]


def evolve(found: CareCase, event: Event) -> CareCase:
    match event:
        case ServiceRequested():
            return _requested(found, event)
        case ServiceFollowed():
            return _changed(found, event.service_id, {"incident": event.incident})
        case ServiceResultRecorded():
            return _changed(found, event.service_id, {"result": event.result})
        case _:
            assert_never(event)


def _requested(found: CareCase, event: ServiceRequested) -> CareCase:
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
    ids = (*found.service_ids, matter.id)
    return replace(found, services=(*found.services, asked), service_ids=ids)


def _changed(found: CareCase, service_id: UUID, change: dict[str, object]) -> CareCase:
    services = tuple(
        replace(asked, **change) if asked.id == service_id else asked for asked in found.services
    )
    return replace(found, services=services)
