"""Registering 移交登记: a case begins with the hand-over by its sender."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import begins, creates
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.guards import require_text, require_unit
from services.population.care_case.record import (
    Admission,
    CareCase,
    Charge,
    HandOver,
    State,
    require_ahead,
)

HAND_OVER_WITHIN = timedelta(days=10)  # Community Correction Law, art. 21


class RegisterCareCase(Struct, frozen=True):
    """Register 移交: the hand-over is sent and waits for its reception."""

    by: Actor
    id: UUID
    code: str
    to_unit: str
    admission: Admission


class CareCaseRegistered(Struct, frozen=True):
    time: datetime
    id: UUID
    code: str
    sender: str
    sent_by: str
    unit: str
    area: str
    admission: Admission


def register(
    case: CareCase | None, command: RegisterCareCase, now: datetime, city: City
) -> list[CareCaseRegistered]:
    if case is not None:
        raise InvalidTransition("ALREADY_REGISTERED", code=case.code)
    if not command.to_unit:
        raise InvalidArgument("UNIT_MISSING")
    unit, sender = require_unit(city, command.to_unit), command.by
    admission = _complete(command.admission, now)
    return [
        CareCaseRegistered(
            time=now,
            id=command.id,
            code=command.code,
            sender=sender.unit,
            sent_by=sender.user,
            unit=unit.code,
            area=unit.area,
            admission=admission,
        )
    ]


def _complete(admission: Admission, now: datetime) -> Admission:
    if admission.programme is None:
        raise InvalidArgument("PROGRAMME_MISSING")
    if admission.person is None or not admission.person.name:
        raise InvalidArgument("PERSON_MISSING")
    basis = require_text(admission.legal_basis, "LEGAL_BASIS_MISSING")
    due = admission.hand_over_due_time or now + HAND_OVER_WITHIN
    require_ahead(due, now, "hand_over_due_time")
    require_ahead(admission.term_end_time, now, "term_end_time")
    return replace(admission, legal_basis=basis, hand_over_due_time=due)


def registered(event: CareCaseRegistered) -> CareCase:
    return CareCase(
        id=event.id,
        code=event.code,
        version=0,
        time=event.time,
        state=State.SENT,
        admission=event.admission,
        hand_over=HandOver(event.sender, event.sent_by, event.time),
        charge=Charge(event.unit, event.area),
    )


VERBS = (
    creates(
        register,
        "ALREADY_REGISTERED",
        "UNIT_MISSING",
        "UNKNOWN_UNIT",
        "PROGRAMME_MISSING",
        "PERSON_MISSING",
        "LEGAL_BASIS_MISSING",
        "DUE_TIME_OVER",
    ),
)
CHANGES = (begins(registered),)
