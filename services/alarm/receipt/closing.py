"""After the end: the way back from a link 撤销关联, and the filing 归档."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import InvalidTransition
from backbone.words.followed import CLOSED, VOIDED, Followed
from services.alarm.receipt.record import Outcome, Receipt, State
from services.alarm.receipt.texts import require_short, require_text


class UnlinkRepeat(Struct, frozen=True):
    by: Actor
    reason: str


class CloseReceipt(Struct, frozen=True):
    by: Actor


class RepeatUnlinked(Struct, frozen=True):
    time: datetime
    reason: str


class ReceiptClosed(Struct, frozen=True):
    time: datetime


Command = UnlinkRepeat | CloseReceipt
Event = RepeatUnlinked | ReceiptClosed


def unlink(receipt: Receipt, command: UnlinkRepeat, now: datetime) -> list[RepeatUnlinked]:
    if receipt.outcome is not Outcome.LINKED:
        raise InvalidTransition("NOT_LINKED", outcome=receipt.outcome or "")
    require_text("REASON_MISSING", command.reason)
    require_short(reason=command.reason)
    return [RepeatUnlinked(now, command.reason)]


def close(receipt: Receipt, now: datetime) -> list[ReceiptClosed]:
    """A receipt with an incident follows it: the desk cannot file it before."""
    if receipt.incident is not None and not is_over(receipt.incident):
        raise InvalidTransition("INCIDENT_STILL_OPEN", incident=receipt.incident_code)
    return [ReceiptClosed(now)]


def evolve(receipt: Receipt, event: Event) -> Receipt:
    match event:
        case RepeatUnlinked():
            return _reopened(receipt)
        case ReceiptClosed():
            return replace(receipt, state=State.CLOSED)
        case _:
            assert_never(event)


def _reopened(receipt: Receipt) -> Receipt:
    return replace(
        receipt,
        state=State.RECEIVED,
        outcome=None,
        incident_id=None,
        incident_code="",
        incident=None,
        end_time=None,
        ended_by="",
    )


def is_over(incident: Followed) -> bool:
    """Nothing more will be heard of it."""
    return incident.state in (CLOSED, VOIDED)
