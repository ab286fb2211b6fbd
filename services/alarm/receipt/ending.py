"""Four of the five ways to end a receipt; the fifth, linked 并入, is in `linking`.

Opened 立案 · answered 当场办结 · passed 转出 (to 12345, to a unit, to mediation) · invalid 无效.
A second end is refused, so the five counts add up to the receipts.
"""

from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.followed import Followed
from backbone.words.guards import require_text, require_unit
from backbone.words.matter import Matter
from services.alarm.receipt.city import HOTLINE, hotline, mediation, neighbour_of, title
from services.alarm.receipt.danger import PriorityConfirmed, confirmed, is_below
from services.alarm.receipt.record import (
    Ending,
    Incident,
    InvalidReason,
    Outcome,
    Receipt,
    State,
)
from services.alarm.receipt.rights import ByActor, require_desk


class OpenIncident(Struct, frozen=True):
    """`to_unit` is the unit that the desk names; empty: the routing policy decides."""

    by: Actor
    to_unit: str = ""
    confirm_priority: bool = False


class AnswerAtDesk(Struct, frozen=True):
    by: Actor
    reply: str
    photos: tuple[str, ...] = ()
    confirm_priority: bool = False


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


class MarkInvalid(Struct, frozen=True):
    by: Actor
    reason: InvalidReason | None
    note: str = ""
    confirm_priority: bool = False


class ReceiptOpened(Struct, frozen=True):
    time: datetime
    matter: Matter
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
    """`matter_id` names the matter whose missions are recalled; empty in events of 0.1.0."""

    time: datetime
    reason: InvalidReason
    note: str
    ended_by: str
    matter_id: str = ""


def open_incident(
    receipt: Receipt, command: OpenIncident, now: datetime, city: City
) -> list[PriorityConfirmed | ReceiptOpened]:
    require_desk(receipt, command)
    if command.to_unit:
        require_unit(city, command.to_unit)
    word = confirmed(receipt, command, now, below=is_below(receipt, city))
    return [*word, ReceiptOpened(now, _matter(receipt, command.to_unit, city), command.by.user)]


def answer(
    receipt: Receipt, command: AnswerAtDesk, now: datetime, city: City
) -> list[PriorityConfirmed | AnsweredAtDesk]:
    require_desk(receipt, command)
    reply = require_text(command.reply, "REPLY_MISSING")
    return [
        *confirmed(receipt, command, now),
        AnsweredAtDesk(now, reply, command.photos, command.by.user),
    ]


def pass_on(
    receipt: Receipt, command: PassTo12345, now: datetime, city: City
) -> list[PriorityConfirmed | ReceiptPassed]:
    require_desk(receipt, command)
    outside = neighbour_of(city, receipt.report.place)
    to_unit = command.to or (outside.code if outside else "")
    if to_unit in ("", HOTLINE):
        to_unit = hotline(city, receipt.area)
    if to_unit not in city.neighbours:
        require_unit(city, to_unit)
    if to_unit == receipt.unit:
        raise InvalidArgument("SAME_UNIT", unit=to_unit)
    word = confirmed(receipt, command, now)
    return [*word, ReceiptPassed(now, to_unit, command.note, command.by.user)]


def refer(
    receipt: Receipt, command: ReferToMediation, now: datetime, city: City
) -> list[PriorityConfirmed | MediationReferred]:
    require_desk(receipt, command)
    to_unit = command.to_unit or mediation(city, receipt.area)
    if not require_unit(city, to_unit).kind.endswith("mediation"):
        raise InvalidArgument("NOT_A_MEDIATION_UNIT", unit=to_unit)
    matter = _matter(receipt, to_unit, city)
    word = confirmed(receipt, command, now)
    return [*word, MediationReferred(now, matter, command.note, command.by.user)]


def mark_invalid(
    receipt: Receipt, command: MarkInvalid, now: datetime, city: City
) -> list[PriorityConfirmed | MarkedInvalid]:
    require_desk(receipt, command)
    if command.reason is None:
        raise InvalidArgument("REASON_MISSING")
    by, matter = command.by.user, str(receipt.matter_id)
    word = confirmed(receipt, command, now)
    return [*word, MarkedInvalid(now, command.reason, command.note, by, matter)]


def require_not_ended(receipt: Receipt, command: ByActor) -> None:
    """Refuse a second end; the facts of the refusal tell the first one."""
    require_desk(receipt, command)
    if receipt.ending is not None:
        raise InvalidTransition(
            "ALREADY_ENDED",
            outcome=receipt.ending.outcome,
            time=receipt.ending.end_time,
            incident=receipt.incident.code if receipt.incident else "",
        )


def matter_of(receipt: Receipt) -> Matter:
    """The matter of a receipt that ended by passing one on; equal for the call and the event."""
    assert receipt.ending is not None, "only an end makes a matter"
    return matter_called(receipt, receipt.ending.title, receipt.ending.to_unit)


def _matter(receipt: Receipt, to_unit: str, city: City) -> Matter:
    called = title(city, receipt.classification.category, receipt.report.place)
    return matter_called(receipt, called, to_unit)


def matter_called(receipt: Receipt, called: str, to_unit: str) -> Matter:
    return Matter(
        id=receipt.id,
        code=receipt.code,
        source="ALARM",
        title=called,
        narrative=receipt.report.narrative,
        category=receipt.classification.category,
        priority=receipt.classification.priority,
        place=replace(receipt.report.place, area=receipt.area),
        desk=receipt.unit,
        to_unit=to_unit,
        danger=receipt.report.danger,
    )


class Ends(Protocol):
    """An event that ends a receipt."""

    @property
    def time(self) -> datetime: ...

    @property
    def ended_by(self) -> str: ...


def ended(
    receipt: Receipt, event: Ends, outcome: Outcome, incident: Incident | None = None, **more: Any
) -> Receipt:
    """The receipt after its end; `incident` is the one that it opened or was linked to.

    `more` are the fields of the ending that only this outcome has.
    """
    ending = Ending(outcome=outcome, end_time=event.time, ended_by=event.ended_by, **more)
    return replace(receipt, state=State.ENDED, ending=ending, incident=incident, corrected=())


def _opened(receipt: Receipt, event: ReceiptOpened) -> Receipt:
    matter = event.matter
    incident = Incident(matter.id, matter.code, Followed())
    return ended(
        receipt, event, Outcome.OPENED, incident, title=matter.title, to_unit=matter.to_unit
    )


def _answered(receipt: Receipt, event: AnsweredAtDesk) -> Receipt:
    return ended(receipt, event, Outcome.ANSWERED, reply=event.reply, photos=event.photos)


def _passed(receipt: Receipt, event: ReceiptPassed) -> Receipt:
    return ended(receipt, event, Outcome.PASSED, passed_to=event.to_unit)


def _referred(receipt: Receipt, event: MediationReferred) -> Receipt:
    title, unit = event.referral.title, event.referral.to_unit
    return ended(receipt, event, Outcome.PASSED, title=title, to_unit=unit, passed_to=unit)


def _invalid(receipt: Receipt, event: MarkedInvalid) -> Receipt:
    return ended(receipt, event, Outcome.INVALID, invalid_reason=event.reason)


END = ("ALREADY_ENDED", "NOT_YOUR_DESK", "DANGER_UNCONFIRMED")
TO_UNIT = (*END, "UNKNOWN_UNIT")
OPEN = {State.RECEIVED}
VERBS = (
    verb(OPEN, open_incident, *END, "UNKNOWN_UNIT", otherwise=require_not_ended),
    verb(
        OPEN,
        answer,
        *END,
        "REPLY_MISSING",
        otherwise=require_not_ended,
    ),
    verb(OPEN, pass_on, *TO_UNIT, "SAME_UNIT", otherwise=require_not_ended),
    verb(OPEN, refer, *TO_UNIT, "NOT_A_MEDIATION_UNIT", otherwise=require_not_ended),
    verb(OPEN, mark_invalid, *END, "REASON_MISSING", otherwise=require_not_ended),
)
CHANGES = (
    change(_opened),
    change(_answered),
    change(_passed),
    change(_referred),
    change(_invalid),
)
