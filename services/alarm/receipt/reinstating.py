"""Undoing a wrong end: a mark as invalid 撤销无效, and the filing with a voided incident."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor, is_same_hand
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidTransition
from backbone.words.guards import require_text
from services.alarm.receipt.record import Outcome, Receipt, State
from services.alarm.receipt.rights import require_desk


class UndoInvalid(Struct, frozen=True):
    by: Actor
    reason: str


class ReceiptReinstated(Struct, frozen=True):
    """`reinstated_by` is empty where the receipt follows its incident."""

    time: datetime
    reason: str
    reinstated_by: str
    matter_id: str


def undo_invalid(
    receipt: Receipt, command: UndoInvalid, now: datetime, city: City
) -> list[ReceiptReinstated]:
    require_desk(receipt, command)
    ending = receipt.ending
    if ending is None or ending.outcome is not Outcome.INVALID:
        raise InvalidTransition("NOT_INVALID", outcome=receipt.outcome or "")
    if is_same_hand(command.by, ending.ended_by, ending.ended_role):
        raise Denied("ANOTHER_PERSON_NEEDED", by=ending.ended_by)
    reason = require_text(command.reason, "REASON_MISSING")
    return [ReceiptReinstated(now, reason, command.by.user, str(receipt.matter_id))]


def with_incident(receipt: Receipt, now: datetime, reason: str) -> ReceiptReinstated:
    """The receipt is no longer filed, as its incident goes on."""
    return ReceiptReinstated(now, reason, "", str(receipt.matter_id))


def _reinstated(receipt: Receipt, event: ReceiptReinstated) -> Receipt:
    if receipt.outcome is Outcome.INVALID:
        return replace(receipt, state=State.RECEIVED, ending=None)
    return replace(receipt, state=State.ENDED)


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
CHANGES = (change(_reinstated),)
