"""Hand-over 必送必接: reception in person, entrusting to named people, class by document."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import amends, change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_text
from services.population.care_case.record import (
    CARED_FOR,
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
    """Receive 接收: the receiving unit has met the person."""

    by: Actor
    care_workers: tuple[str, ...]


class EntrustCareCase(Struct, frozen=True):
    """Entrust 委托: replace the care workers."""

    by: Actor
    care_workers: tuple[str, ...]


class SetCareClass(Struct, frozen=True):
    """Class 定级: set by a named officer or doctor in a document; never computed."""

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
    """The person was not received in time: an alarm for sender and receiver."""

    time: datetime


def receive(
    case: CareCase, command: ReceiveCareCase, now: datetime, city: City
) -> list[CareCaseReceived]:
    require_head(case, command.by)
    return [CareCaseReceived(now, _workers(case, command.care_workers, city))]


def entrust(
    case: CareCase, command: EntrustCareCase, now: datetime, city: City
) -> list[CareWorkersEntrusted]:
    require_head(case, command.by)
    return [CareWorkersEntrusted(now, _workers(case, command.care_workers, city))]


def _workers(case: CareCase, users: tuple[str, ...], city: City) -> tuple[str, ...]:
    if not users:
        raise InvalidArgument("CARE_WORKERS_MISSING")
    for user in users:
        person = city.people.get(user)
        if person is None or person.unit != case.charge.unit or "care_worker" not in person.roles:
            raise InvalidArgument("UNKNOWN_PERSON", user=user)
    return tuple(dict.fromkeys(users))


def set_class(
    case: CareCase, command: SetCareClass, now: datetime, city: City
) -> list[CareClassSet]:
    require_entrusted(case, command.by)
    if case.admission.programme is Programme.MIGRANT_SERVICE:
        raise InvalidArgument("PROGRAMME_HAS_NO_CLASS", programme=case.admission.programme)
    if command.care_class is None:
        raise InvalidArgument("CARE_CLASS_MISSING")
    if command.office is None:
        raise InvalidArgument("DECIDER_MISSING")
    decider = require_text(command.decided_by, "DECIDER_MISSING")
    document = require_text(command.document, "DOCUMENT_MISSING")
    event = CareClassSet(now, command.care_class, command.office, decider, document)
    decided, known = _decision(event), case.class_decision
    # The same decision told twice has one time: that at which it was told first.
    return [] if known and replace(decided, time=known.time) == known else [event]


def received(case: CareCase, event: CareCaseReceived) -> CareCase:
    met = replace(case.hand_over, receive_time=event.time)
    charge = replace(case.charge, care_workers=event.care_workers)
    return replace(case, state=State.ACTIVE, hand_over=met, charge=charge)


def entrusted(case: CareCase, event: CareWorkersEntrusted) -> CareCase:
    return replace(case, charge=replace(case.charge, care_workers=event.care_workers))


def class_set(case: CareCase, event: CareClassSet) -> CareCase:
    return replace(case, class_decision=_decision(event))


def _decision(event: CareClassSet) -> ClassDecision:
    return ClassDecision(
        event.care_class, event.office, event.decided_by, event.document, event.time
    )


def hand_over_lapsed(case: CareCase, event: HandOverLapsed) -> CareCase:
    return replace(case, hand_over=replace(case.hand_over, hand_over_overdue=True))


VERBS = (
    verb({State.SENT}, receive, "NOT_THE_HEAD", "CARE_WORKERS_MISSING", "UNKNOWN_PERSON"),
    amends(
        CARED_FOR,
        entrust,
        "NOT_THE_HEAD",
        "CARE_WORKERS_MISSING",
        "UNKNOWN_PERSON",
    ),
    verb(
        CARED_FOR,
        set_class,
        "NOT_ENTRUSTED",
        "PROGRAMME_HAS_NO_CLASS",
        "CARE_CLASS_MISSING",
        "DECIDER_MISSING",
        "DOCUMENT_MISSING",
    ),
)
CHANGES = (change(received), change(entrusted), change(class_set), change(hand_over_lapsed))
