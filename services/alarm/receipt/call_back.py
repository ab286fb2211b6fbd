"""Call-backs 回访: each attempt to reach the caller again, with its finding."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from services.alarm.receipt.called_back import CallBack, Finding
from services.alarm.receipt.record import Receipt, State
from services.alarm.receipt.rights import require_desk

MOST_CALL_BACKS = 50


class RecordCallBack(Struct, frozen=True):
    by: Actor
    finding: Finding | None
    note: str = ""


class CallBackRecorded(Struct, frozen=True):
    time: datetime
    finding: Finding
    note: str
    called_by: str


def call_back(
    receipt: Receipt, command: RecordCallBack, now: datetime, city: City
) -> list[CallBackRecorded]:
    require_desk(receipt, command)
    if command.finding is None:
        raise InvalidArgument("FINDING_MISSING")
    if len(receipt.call_backs) >= MOST_CALL_BACKS:
        raise InvalidTransition("TOO_MANY_CALL_BACKS", most=MOST_CALL_BACKS)
    return [CallBackRecorded(now, command.finding, command.note, command.by.user)]


def _called_back(receipt: Receipt, event: CallBackRecorded) -> Receipt:
    made = CallBack(event.finding, event.note, event.called_by, event.time)
    return replace(receipt, call_backs=(*receipt.call_backs, made))


VERBS = (
    verb(
        State,
        call_back,
        "NOT_YOUR_DESK",
        "FINDING_MISSING",
        "TOO_MANY_CALL_BACKS",
    ),
)
CHANGES = (change(_called_back),)
