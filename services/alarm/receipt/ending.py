"""Three of the five ways to end a receipt; linked 并入 is in `linking`, passed 转出 in `passing`.

Opened 立案 · answered 当场办结 · invalid 无效.
A second end is refused, so the five counts add up to the receipts.
"""

from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument
from backbone.words.followed import Followed
from backbone.words.guards import require_not_accused, require_text, require_unit
from backbone.words.matter import Matter
from services.alarm.receipt.city import title
from services.alarm.receipt.danger import PriorityConfirmed, confirmed, is_below, told_of
from services.alarm.receipt.passed import PassedKind, TicketState
from services.alarm.receipt.record import (
    Ending,
    Incident,
    InvalidReason,
    Outcome,
    Receipt,
    State,
)
from services.alarm.receipt.rights import require_desk, require_not_ended


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


class MarkedInvalid(Struct, frozen=True):
    """`matter_id` names the matter whose missions are recalled; empty in events of 0.1.0.

    `ended_role` tells two keys of one name apart (`is_same_hand`); empty in older events.
    """

    time: datetime
    reason: InvalidReason
    note: str
    ended_by: str
    matter_id: str = ""
    ended_role: str = ""


def open_incident(
    receipt: Receipt, command: OpenIncident, now: datetime, city: City
) -> list[PriorityConfirmed | ReceiptOpened]:
    require_desk(receipt, command)
    if command.to_unit:
        require_unit(city, command.to_unit)
        require_not_accused(city, receipt.against, command.to_unit)
    word = confirmed(receipt, command, now, below=is_below(receipt, city))
    return [*word, ReceiptOpened(now, matter_to(receipt, command.to_unit, city), command.by.user)]


def answer(
    receipt: Receipt, command: AnswerAtDesk, now: datetime, city: City
) -> list[PriorityConfirmed | AnsweredAtDesk]:
    require_desk(receipt, command)
    reply = require_text(command.reply, "REPLY_MISSING")
    return [
        *confirmed(receipt, command, now),
        AnsweredAtDesk(now, reply, command.photos, command.by.user),
    ]


def mark_invalid(
    receipt: Receipt, command: MarkInvalid, now: datetime, city: City
) -> list[PriorityConfirmed | MarkedInvalid]:
    require_desk(receipt, command)
    if command.reason is None:
        raise InvalidArgument("REASON_MISSING")
    by, matter = command.by.user, str(receipt.matter_id)
    word = confirmed(receipt, command, now)
    return [*word, MarkedInvalid(now, command.reason, command.note, by, matter, command.by.role)]


def matter_of(receipt: Receipt) -> Matter:
    """The matter of a receipt that ended by passing one on; equal for the call and the event."""
    assert receipt.ending is not None, "only an end makes a matter"
    passed = receipt.passed
    note = passed.note if passed and passed.kind is not PassedKind.TICKET else ""
    return matter_called(receipt, receipt.ending.title, receipt.ending.to_unit, note)


def matter_to(receipt: Receipt, to_unit: str, city: City, note: str = "") -> Matter:
    called = title(city, receipt.classification.category, receipt.report.place)
    return matter_called(receipt, called, to_unit, note)


def matter_called(receipt: Receipt, called: str, to_unit: str, note: str = "") -> Matter:
    return Matter(
        id=receipt.id,
        code=receipt.code,
        source="ALARM",
        title=called,
        narrative=receipt.told,
        category=receipt.classification.category,
        priority=receipt.classification.priority,
        place=replace(receipt.report.place, area=receipt.area),
        desk=receipt.unit,
        to_unit=to_unit,
        danger=receipt.report.danger,
        against=receipt.against,
        persons=receipt.named,
        note=note,
        heard=told_of(receipt),
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
    passed = receipt.passed
    gave_back = passed is not None and passed.state == TicketState.RETURNED
    return replace(
        receipt,
        state=State.ENDED,
        ending=ending,
        incident=incident,
        corrected=(),
        passed=None,
        returned=passed if gave_back else receipt.returned,
        come_back_time=None,
    )


def _opened(receipt: Receipt, event: ReceiptOpened) -> Receipt:
    matter = event.matter
    incident = Incident(matter.id, matter.code, Followed())
    return ended(
        receipt, event, Outcome.OPENED, incident, title=matter.title, to_unit=matter.to_unit
    )


def _answered(receipt: Receipt, event: AnsweredAtDesk) -> Receipt:
    return ended(receipt, event, Outcome.ANSWERED, reply=event.reply, photos=event.photos)


def _invalid(receipt: Receipt, event: MarkedInvalid) -> Receipt:
    return ended(
        receipt, event, Outcome.INVALID, invalid_reason=event.reason, ended_role=event.ended_role
    )


END = ("ALREADY_ENDED", "NOT_YOUR_DESK", "DANGER_UNCONFIRMED")
TO_UNIT = (*END, "UNKNOWN_UNIT", "ACCUSED_UNIT")
OPEN = {State.RECEIVED}
VERBS = (
    verb(OPEN, open_incident, *TO_UNIT, otherwise=require_not_ended),
    verb(
        OPEN,
        answer,
        *END,
        "REPLY_MISSING",
        otherwise=require_not_ended,
    ),
    verb(OPEN, mark_invalid, *END, "REASON_MISSING", otherwise=require_not_ended),
)
CHANGES = (
    change(_opened),
    change(_answered),
    change(_invalid),
)
