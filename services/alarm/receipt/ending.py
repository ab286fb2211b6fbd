"""The five ways in which a receipt ends.

Opened 立案 · linked 并入 · answered 当场办结 · passed 转出 (to 12345, to a unit, to mediation) ·
invalid 无效. A second end is refused, so the five counts add up to the receipts.
"""

from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.followed import Followed
from backbone.words.guards import require_unit
from backbone.words.matter import Matter
from services.alarm.receipt.city import HOTLINE, hotline, mediation, title
from services.alarm.receipt.closing import ReceiptClosed, is_over
from services.alarm.receipt.record import InvalidReason, Outcome, Receipt, State
from services.alarm.receipt.texts import require_short, require_text

MOST_PHOTOS = 20


class OpenIncident(Struct, frozen=True):
    """`to_unit` is what the desk knows already; empty: the routing policy decides."""

    by: Actor
    to_unit: str = ""


class LinkRepeat(Struct, frozen=True):
    """`incident` is None where nobody knows the incident that was named."""

    by: Actor
    incident_id: UUID
    incident_code: str = ""
    incident: Followed | None = None


class AnswerAtDesk(Struct, frozen=True):
    by: Actor
    reply: str
    photos: tuple[str, ...] = ()


class PassTo12345(Struct, frozen=True):
    """`to` is 12345, which is meant without it, too, or the unit that the matter belongs to."""

    by: Actor
    to: str = ""
    note: str = ""


class ReferToMediation(Struct, frozen=True):
    """The police part is over, the quarrel goes on at mediation: that is a passing, too."""

    by: Actor
    to_unit: str = ""
    note: str = ""


class MarkInvalid(Struct, frozen=True):
    by: Actor
    reason: InvalidReason | None
    note: str = ""


class ReceiptOpened(Struct, frozen=True):
    time: datetime
    matter: Matter
    ended_by: str


class RepeatLinked(Struct, frozen=True):
    time: datetime
    incident_id: UUID
    incident_code: str
    incident: Followed
    ended_by: str


class AnsweredAtDesk(Struct, frozen=True):
    time: datetime
    reply: str
    photos: tuple[str, ...]
    ended_by: str


class ReceiptPassed(Struct, frozen=True):
    time: datetime
    to_unit: str
    note: str
    ended_by: str


class MediationReferred(Struct, frozen=True):
    time: datetime
    referral: Matter
    note: str
    ended_by: str


class MarkedInvalid(Struct, frozen=True):
    time: datetime
    reason: InvalidReason
    note: str
    ended_by: str


Command = OpenIncident | LinkRepeat | AnswerAtDesk | PassTo12345 | ReferToMediation | MarkInvalid
Event = (
    ReceiptOpened
    | RepeatLinked
    | AnsweredAtDesk
    | ReceiptPassed
    | MediationReferred
    | MarkedInvalid
)


def require_not_ended(receipt: Receipt) -> None:
    """A second end hears which was the first."""
    if receipt.outcome is not None:
        raise InvalidTransition(
            "ALREADY_ENDED",
            outcome=receipt.outcome,
            time=receipt.end_time,
            incident=receipt.incident_code,
        )


def end(
    receipt: Receipt, command: Command, now: datetime, city: City
) -> list[Event | ReceiptClosed]:
    match command:
        case OpenIncident():
            return [_open(receipt, command, now, city)]
        case LinkRepeat():
            return _link(receipt, command, now)
        case AnswerAtDesk():
            return [_answer(command, now)]
        case PassTo12345():
            return [_pass(receipt, command, now, city)]
        case ReferToMediation():
            return [_refer(receipt, command, now, city)]
        case MarkInvalid():
            return [_mark_invalid(command, now)]
        case _:
            assert_never(command)


def evolve(receipt: Receipt, event: Event) -> Receipt:
    outcome, facts = _end_of(event)
    return replace(
        receipt,
        state=State.ENDED,
        outcome=outcome,
        end_time=event.time,
        ended_by=event.ended_by,
        **facts,
    )


def _end_of(event: Event) -> tuple[Outcome, dict[str, Any]]:
    match event:
        case ReceiptOpened():
            matter = event.matter
            told = {"title": matter.title, "to_unit": matter.to_unit}
            return Outcome.OPENED, told | _incident(matter.id, matter.code, Followed())
        case RepeatLinked():
            return Outcome.LINKED, _incident(event.incident_id, event.incident_code, event.incident)
        case AnsweredAtDesk():
            return Outcome.ANSWERED, {"reply": event.reply, "photos": event.photos}
        case ReceiptPassed():
            return Outcome.PASSED, {"passed_to": event.to_unit}
        case MediationReferred():
            matter = event.referral
            told = {"title": matter.title, "to_unit": matter.to_unit}
            return Outcome.PASSED, told | {"passed_to": matter.to_unit}
        case MarkedInvalid():
            return Outcome.INVALID, {"invalid_reason": event.reason}
        case _:
            assert_never(event)


def _incident(incident_id: UUID, code: str, known: Followed) -> dict[str, Any]:
    return {"incident_id": incident_id, "incident_code": code, "incident": known}


def _open(receipt: Receipt, command: OpenIncident, now: datetime, city: City) -> ReceiptOpened:
    if command.to_unit:
        require_unit(city, command.to_unit)
    matter = _matter(receipt, command.to_unit, city)
    return ReceiptOpened(now, matter, command.by.user)


def _matter(receipt: Receipt, to_unit: str, city: City) -> Matter:
    called = title(city, receipt.category, receipt.place)
    return matter_of(replace(receipt, title=called, to_unit=to_unit))


def matter_of(receipt: Receipt) -> Matter:
    """The matter of a receipt that has ended by one: the same over the call and over the event."""
    return Matter(
        id=receipt.id,
        code=receipt.code,
        source="ALARM",
        title=receipt.title,
        narrative=receipt.narrative,
        category=receipt.category,
        priority=receipt.priority,
        place=replace(receipt.place, area=receipt.area),
        desk=receipt.unit,
        to_unit=receipt.to_unit,
    )


def _link(receipt: Receipt, command: LinkRepeat, now: datetime) -> list[Event | ReceiptClosed]:
    if command.incident_id == receipt.id:
        raise InvalidArgument("LINKED_TO_ITSELF")
    known = command.incident
    if known is None:
        raise InvalidArgument("UNKNOWN_INCIDENT", incident=command.incident_id)
    by = command.by.user
    linked = RepeatLinked(now, command.incident_id, command.incident_code, known, by)
    return [linked, ReceiptClosed(now)] if is_over(known) else [linked]


def _answer(command: AnswerAtDesk, now: datetime) -> AnsweredAtDesk:
    require_text("REPLY_MISSING", command.reply)
    require_short(reply=command.reply)
    if len(command.photos) > MOST_PHOTOS:
        raise InvalidArgument("TOO_MANY_PHOTOS", most=MOST_PHOTOS)
    for photo in command.photos:
        require_short(photo=photo)
    return AnsweredAtDesk(now, command.reply, command.photos, command.by.user)


def _pass(receipt: Receipt, command: PassTo12345, now: datetime, city: City) -> ReceiptPassed:
    to_unit = command.to
    if to_unit in ("", HOTLINE):
        to_unit = hotline(city, receipt.area)
    require_unit(city, to_unit)
    if to_unit == receipt.unit:
        raise InvalidArgument("SAME_UNIT", unit=to_unit)
    require_short(note=command.note)
    return ReceiptPassed(now, to_unit, command.note, command.by.user)


def _refer(
    receipt: Receipt, command: ReferToMediation, now: datetime, city: City
) -> MediationReferred:
    to_unit = command.to_unit or mediation(city, receipt.area)
    if not require_unit(city, to_unit).kind.endswith("mediation"):
        raise InvalidArgument("NOT_A_MEDIATION_UNIT", unit=to_unit)
    require_short(note=command.note)
    matter = _matter(receipt, to_unit, city)
    return MediationReferred(now, matter, command.note, command.by.user)


def _mark_invalid(command: MarkInvalid, now: datetime) -> MarkedInvalid:
    if command.reason is None:
        raise InvalidArgument("REASON_MISSING")
    require_short(note=command.note)
    return MarkedInvalid(now, command.reason, command.note, command.by.user)
