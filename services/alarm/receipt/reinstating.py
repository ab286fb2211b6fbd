"""Undoing a wrong end: a mark as invalid 撤销无效, the filing with a voided incident, and an end
before a danger or an accusation was told."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor, is_another_person
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidTransition
from backbone.words.guards import require_text
from backbone.words.heard import HeardDanger, names_of
from services.alarm.receipt.passed import (
    ACCUSATION_TOLD,
    OF_OTHERS,
    UNANSWERED,
    PassedKind,
    TicketState,
)
from services.alarm.receipt.record import Outcome, Receipt, State
from services.alarm.receipt.rights import require_desk


class UndoInvalid(Struct, frozen=True):
    by: Actor
    reason: str


class ReceiptReinstated(Struct, frozen=True):
    """`reinstated_by` is empty where the receipt follows its incident. `danger`: it comes back to
    the desk because a danger, or an accusation, was told after its end."""

    time: datetime
    reason: str
    reinstated_by: str
    matter_id: str
    danger: bool = False


def undo_invalid(
    receipt: Receipt, command: UndoInvalid, now: datetime, city: City
) -> list[ReceiptReinstated]:
    require_desk(receipt, command)
    ending = receipt.ending
    if ending is None or ending.outcome is not Outcome.INVALID:
        raise InvalidTransition("NOT_INVALID", outcome=receipt.outcome or "")
    if not is_another_person(command.by, ending.ended_by, ending.ended_role):
        raise Denied("ANOTHER_PERSON_NEEDED", by=ending.ended_by)
    reason = require_text(command.reason, "REASON_MISSING")
    return [ReceiptReinstated(now, reason, command.by.user, str(receipt.matter_id))]


def with_incident(receipt: Receipt, now: datetime, reason: str) -> ReceiptReinstated:
    """The receipt is no longer filed, as its incident goes on."""
    return ReceiptReinstated(now, reason, "", str(receipt.matter_id))


def with_danger(
    receipt: Receipt, danger: HeardDanger, by: Actor, now: datetime
) -> ReceiptReinstated:
    """The receipt is open at its desk again. What it became elsewhere as a record with its own code
    cannot be opened a second time: raises NEW_REPORT_NEEDED."""
    passed, names = receipt.passed, names_of(danger)
    if passed is not None and passed.kind in OF_OTHERS:
        raise InvalidTransition("NEW_REPORT_NEEDED", name=names, unit=passed.unit)
    return ReceiptReinstated(
        now, f"又报险情：{names}", by.user, str(receipt.matter_id), danger=True
    )


def with_accusation(receipt: Receipt, by: Actor, now: datetime) -> list[ReceiptReinstated]:
    """What was answered at the desk or marked as invalid is open again: else the accusation would
    reach nobody. A ticket that waits is taken back: no partner may see an accusation, or could
    answer it. What was filed stays filed."""
    passed, matter = receipt.passed, str(receipt.matter_id)
    if receipt.state is State.ENDED and receipt.outcome in (Outcome.ANSWERED, Outcome.INVALID):
        return [ReceiptReinstated(now, ACCUSATION_TOLD, by.user, matter, danger=True)]
    if passed is None or passed.kind is not PassedKind.TICKET or passed.state not in UNANSWERED:
        return []
    return [ReceiptReinstated(now, ACCUSATION_TOLD, by.user, matter)]


def reinstated(receipt: Receipt, event: ReceiptReinstated) -> Receipt:
    """One that has no incident is open at the desk again; a partner's ticket is taken back."""
    if receipt.incident is not None:
        return replace(receipt, state=State.ENDED)
    passed = receipt.passed and replace(
        receipt.passed,
        state=TicketState.RETURNED,
        answer=event.reason,
        answered_by=event.reinstated_by,
        answer_time=event.time,
    )
    come_back = event.time if event.danger else None
    return replace(
        receipt, state=State.RECEIVED, ending=None, passed=passed, come_back_time=come_back
    )


VERBS = (
    verb(
        {State.ENDED, State.CLOSED},
        undo_invalid,
        "NOT_INVALID",
        "NOT_YOUR_DESK",
        "ANOTHER_PERSON_NEEDED",
        "REASON_MISSING",
        otherwise=require_desk,
    ),
)
CHANGES = (change(reinstated),)
