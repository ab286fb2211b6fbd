"""Disclosure 查看: the desk, or the holder of the incident, sees the caller, for a purpose."""

from datetime import datetime

from msgspec import Struct

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.guards import require_text
from services.alarm.receipt.record import Receipt, State
from services.alarm.receipt.rights import require_may_reveal


class RevealCaller(Struct, frozen=True):
    by: Actor
    purpose: str


class AlarmRevealed(Struct, frozen=True):
    """A journal entry for the auditor; only the version of the receipt changes."""

    time: datetime
    user: str
    unit: str
    role: str
    purpose: str


def reveal(
    receipt: Receipt, command: RevealCaller, now: datetime, city: City
) -> list[AlarmRevealed]:
    by = command.by
    require_may_reveal(receipt, by)
    purpose = require_text(command.purpose, "PURPOSE_MISSING")
    return [AlarmRevealed(now, by.user, by.unit, by.role, purpose)]


def _revealed(receipt: Receipt, event: AlarmRevealed) -> Receipt:
    return receipt


VERBS = (
    verb(State, reveal, "MAY_NOT_REVEAL", "CALLER_PROTECTED", "PURPOSE_MISSING", discloses=True),
)
CHANGES = (change(_revealed),)
