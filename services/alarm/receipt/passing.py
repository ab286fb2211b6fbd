"""Passing 转出: the receipt becomes a matter where it is passed to, and its result comes back.

To a unit 转办: an incident in its pool · to a petition office 转信访: a petition ·
to mediation 转调解: a dispute · to the hotline 转 12345 or a neighbouring city 转邻市: a ticket
with an answer clock (`tickets`).
"""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City, Unit
from backbone.words.errors import Denied, InvalidArgument
from backbone.words.followed import Followed
from backbone.words.guards import require_not_accused, require_unit
from backbone.words.matter import Matter
from backbone.words.neighbours import HOTLINE_KIND
from services.alarm.receipt.accusing import require_open_to_partners
from services.alarm.receipt.city import (
    HOTLINE,
    answer_minutes,
    hotline,
    mediation,
    neighbour_of,
)
from services.alarm.receipt.danger import PriorityConfirmed, confirmed
from services.alarm.receipt.ending import END, OPEN, TO_UNIT, ended, matter_to
from services.alarm.receipt.passed import Passed, PassedKind, TicketState
from services.alarm.receipt.record import Incident, Outcome, Receipt, State
from services.alarm.receipt.rights import require_desk, require_not_ended

PETITION_OFFICE = "petition_office"


class PassTo12345(Struct, frozen=True):
    """`to` is 12345, or the unit or neighbour that the matter belongs to.

    By default it is the neighbour in which the place lies, else 12345.
    """

    by: Actor
    to: str = ""
    note: str = ""
    confirm_priority: bool = False


class ReferToMediation(Struct, frozen=True):
    """The police part is over and mediation takes the dispute; the outcome counts as passed."""

    by: Actor
    to_unit: str = ""
    note: str = ""
    confirm_priority: bool = False


class FollowRecord(Struct, frozen=True):
    """A step of the petition or dispute that the receipt became; an empty answer is no news."""

    kind: PassedKind
    step: str
    version: int
    state: str
    answer: str = ""
    last: bool = False


class ReceiptPassed(Struct, frozen=True):
    """Passed by a release that opened no record there."""

    time: datetime
    to_unit: str
    note: str
    ended_by: str


class PassedToUnit(Struct, frozen=True):
    time: datetime
    matter: Matter
    note: str
    ended_by: str


class PassedToPetitions(Struct, frozen=True):
    time: datetime
    referral: Matter
    note: str
    ended_by: str


class MediationReferred(Struct, frozen=True):
    time: datetime
    referral: Matter
    note: str
    ended_by: str


class TicketFiled(Struct, frozen=True):
    time: datetime
    to_unit: str
    note: str
    due_time: datetime
    ended_by: str


class RecordFollowed(Struct, frozen=True):
    time: datetime
    kind: PassedKind
    step: str
    version: int
    state: str
    answer: str
    last: bool


Passes = PassedToUnit | PassedToPetitions | MediationReferred | TicketFiled | ReceiptPassed


def pass_on(
    receipt: Receipt, command: PassTo12345, now: datetime, city: City
) -> list[PriorityConfirmed | Passes]:
    """Pass the receipt on; the kind of the unit decides what it becomes. A neighbour is outside the
    city."""
    require_desk(receipt, command)
    outside = neighbour_of(city, receipt.report.place)
    to_unit = command.to or (outside.code if outside else "")
    if to_unit in ("", HOTLINE):
        to_unit = hotline(city, receipt.area)
    if to_unit == receipt.unit:
        raise InvalidArgument("SAME_UNIT", unit=to_unit)
    if to_unit in city.neighbours:
        passed: Passes = _ticket(to_unit, command, now, city)
    else:
        passed = _passed_to(require_unit(city, to_unit), receipt, command, now, city)
    return [*confirmed(receipt, command, now), passed]


def _passed_to(
    unit: Unit, receipt: Receipt, command: PassTo12345, now: datetime, city: City
) -> Passes:
    require_not_accused(city, receipt.against, unit.code)
    note, by = command.note, command.by.user
    if unit.kind == HOTLINE_KIND:
        require_open_to_partners(receipt.against)
        return _ticket(unit.code, command, now, city)
    if _mediates(unit.kind):
        return _referral(receipt, ReferToMediation(command.by, unit.code, note), now, city)
    matter = matter_to(receipt, unit.code, city, note)
    if unit.kind == PETITION_OFFICE:
        return PassedToPetitions(now, matter, note, by)
    return PassedToUnit(now, matter, note, by)


def _ticket(to: str, command: PassTo12345, now: datetime, city: City) -> TicketFiled:
    due = now + timedelta(minutes=answer_minutes(city))
    return TicketFiled(now, to, command.note, due, command.by.user)


def refer(
    receipt: Receipt, command: ReferToMediation, now: datetime, city: City
) -> list[PriorityConfirmed | MediationReferred]:
    require_desk(receipt, command)
    _require_mediable(receipt)
    to_unit = command.to_unit or mediation(city, receipt.area)
    if not _mediates(require_unit(city, to_unit).kind):
        raise InvalidArgument("NOT_A_MEDIATION_UNIT", unit=to_unit)
    referral = _referral(receipt, replace(command, to_unit=to_unit), now, city)
    return [*confirmed(receipt, command, now), referral]


def _referral(
    receipt: Receipt, command: ReferToMediation, now: datetime, city: City
) -> MediationReferred:
    _require_mediable(receipt)
    matter = matter_to(receipt, command.to_unit, city, command.note)
    return MediationReferred(now, matter, command.note, command.by.user)


def _require_mediable(receipt: Receipt) -> None:
    """Disputes are watched over; an accusation is none."""
    if receipt.against:
        raise Denied("ACCUSATION_APART", against=receipt.against)


def _mediates(kind: str) -> bool:
    return kind.endswith("mediation")


def follow_record(
    receipt: Receipt, command: FollowRecord, now: datetime, city: City
) -> list[RecordFollowed]:
    """Record a later step of what the receipt became; any other is ignored."""
    known = receipt.passed
    if known is None or known.kind is not command.kind or known.last:
        return []
    if command.version <= known.version:
        return []
    said = (command.kind, command.step, command.version, command.state, command.answer)
    return [RecordFollowed(now, *said, command.last)]


def _passed(receipt: Receipt, event: ReceiptPassed) -> Receipt:
    return ended(receipt, event, Outcome.PASSED, passed_to=event.to_unit)


def _to_unit(receipt: Receipt, event: PassedToUnit) -> Receipt:
    matter = event.matter
    incident = Incident(matter.id, matter.code, Followed())
    return _became(receipt, event, PassedKind.INCIDENT, matter, incident)


def _to_petitions(receipt: Receipt, event: PassedToPetitions) -> Receipt:
    return _became(receipt, event, PassedKind.PETITION, event.referral)


def _referred(receipt: Receipt, event: MediationReferred) -> Receipt:
    return _became(receipt, event, PassedKind.DISPUTE, event.referral)


def _became(
    receipt: Receipt,
    event: PassedToUnit | PassedToPetitions | MediationReferred,
    kind: PassedKind,
    matter: Matter,
    incident: Incident | None = None,
) -> Receipt:
    unit = matter.to_unit
    more = {"title": matter.title, "to_unit": unit, "passed_to": unit}
    over = ended(receipt, event, Outcome.PASSED, incident, **more)
    return replace(over, passed=Passed(kind=kind, unit=unit, note=matter.note))


def _filed(receipt: Receipt, event: TicketFiled) -> Receipt:
    over = ended(receipt, event, Outcome.PASSED, passed_to=event.to_unit)
    ticket = Passed(
        kind=PassedKind.TICKET,
        unit=event.to_unit,
        note=event.note,
        state=TicketState.WAITING,
        file_time=event.time,
        due_time=event.due_time,
    )
    return replace(over, passed=ticket)


def _followed(receipt: Receipt, event: RecordFollowed) -> Receipt:
    assert receipt.passed is not None, "only a receipt that was passed on follows a record"
    known = replace(receipt.passed, state=event.state, version=event.version, last=event.last)
    if event.answer:
        known = replace(known, answer=event.answer, answer_time=event.time)
    return replace(receipt, passed=known)


VERBS = (
    verb(
        OPEN,
        pass_on,
        *TO_UNIT,
        "SAME_UNIT",
        "ACCUSATION_APART",
        "ACCUSATION_NOT_FOR_PARTNERS",
        otherwise=require_not_ended,
    ),
    verb(
        OPEN,
        refer,
        *END,
        "UNKNOWN_UNIT",
        "ACCUSATION_APART",
        "NOT_A_MEDIATION_UNIT",
        otherwise=require_not_ended,
    ),
    verb(State, follow_record),
)
CHANGES = (
    change(_passed),
    change(_to_unit),
    change(_to_petitions),
    change(_referred),
    change(_filed),
    change(_followed),
)
