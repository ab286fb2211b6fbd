"""Hand-over 必送必接: received in person, entrusted to named people, classed by a document."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_text
from services.population.care_case.record import (
    CareCase,
    CareClass,
    ClassDecision,
    Office,
    Programme,
    State,
    require_entrusted,
    require_head,
)


class ReceiveCareCase(Struct, frozen=True):
    """Receive 接收: the person was met."""

    by: Actor
    care_workers: tuple[str, ...]


class EntrustCareCase(Struct, frozen=True):
    """Entrust 委托: to others from now on."""

    by: Actor
    care_workers: tuple[str, ...]


class SetCareClass(Struct, frozen=True):
    """Class 定级: what a named officer or doctor has set on a document; never computed."""

    by: Actor
    care_class: CareClass | None
    office: Office | None
    decided_by: str
    document: str


class CareCaseReceived(Struct, frozen=True):
    time: datetime
    care_workers: tuple[str, ...]


class CareWorkersEntrusted(Struct, frozen=True):
    time: datetime
    care_workers: tuple[str, ...]


class CareClassSet(Struct, frozen=True):
    time: datetime
    care_class: CareClass
    office: Office
    decided_by: str
    document: str


class HandOverLapsed(Struct, frozen=True):
    """Nobody has received the person in time: an alarm for both sides."""

    time: datetime


Event = CareCaseReceived | CareWorkersEntrusted | CareClassSet | HandOverLapsed


def receive(
    found: CareCase, command: ReceiveCareCase, now: datetime, city: City
) -> CareCaseReceived:
    require_head(found, command.by)
    return CareCaseReceived(now, _workers(found, command.care_workers, city))


def entrust(
    found: CareCase, command: EntrustCareCase, now: datetime, city: City
) -> CareWorkersEntrusted:
    require_head(found, command.by)
    return CareWorkersEntrusted(now, _workers(found, command.care_workers, city))


def _workers(found: CareCase, users: tuple[str, ...], city: City) -> tuple[str, ...]:
    if not users:
        raise InvalidArgument("CARE_WORKERS_MISSING")
    for user in users:
        person = city.people.get(user)
        if person is None or person.unit != found.unit or "care_worker" not in person.roles:
            raise InvalidArgument("UNKNOWN_PERSON", user=user)
    return tuple(dict.fromkeys(users))


def set_class(found: CareCase, command: SetCareClass, now: datetime) -> CareClassSet:
    require_entrusted(found, command.by)
    if found.admission.programme is Programme.MIGRANT_SERVICE:
        raise InvalidArgument("PROGRAMME_HAS_NO_CLASS", programme=found.admission.programme)
    if command.care_class is None:
        raise InvalidArgument("CARE_CLASS_MISSING")
    if command.office is None:
        raise InvalidArgument("DECIDER_MISSING")
    decider = require_text(command.decided_by, "DECIDER_MISSING", 100)
    document = require_text(command.document, "DOCUMENT_MISSING", 200)
    return CareClassSet(now, command.care_class, command.office, decider, document)


def evolve(found: CareCase, event: Event) -> CareCase:
    match event:
        case CareCaseReceived():
            return replace(
                found,
                state=State.ACTIVE,
                receive_time=event.time,
                care_workers=event.care_workers,
            )
        case CareWorkersEntrusted():
            return replace(found, care_workers=event.care_workers)
        case CareClassSet():
            decision = ClassDecision(
                event.care_class, event.office, event.decided_by, event.document, event.time
            )
            return replace(found, class_decision=decision)
        case HandOverLapsed():
            return replace(found, hand_over_overdue=True)
        case _:
            assert_never(event)
