"""After the work: call-back 回访核实, rework 退回重办, filing 归档; 作废 for what was no matter."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.sight import sees
from services.workflow.incident import clocks
from services.workflow.incident.record import (
    Due,
    Incident,
    State,
    require_text,
    without_questions,
)
from services.workflow.incident.routing import require_dispatcher

VERIFIERS = frozenset({"dispatcher", "call_taker", "receptionist", "centre_director"})
REWORKS = 2


class Finding(StrEnum):
    YES = "YES"  # 已解决
    PARTLY = "PARTLY"  # 部分解决
    CANNOT_EXPLAINED = "CANNOT_EXPLAINED"  # 不能解决, 已说明
    NO = "NO"  # 未解决


class VoidReason(StrEnum):
    HOAX = "HOAX"  # 恶意报警
    TEST = "TEST"  # 测试
    WRONG_NUMBER = "WRONG_NUMBER"  # 误拨
    DUPLICATE = "DUPLICATE"  # 重复


class VerifyIncident(Struct, frozen=True):
    by: Actor
    solved: str
    note: str = ""


class ReworkIncident(Struct, frozen=True):
    by: Actor
    reason: str


class CloseIncident(Struct, frozen=True):
    by: Actor


class VoidIncident(Struct, frozen=True):
    by: Actor
    reason: str


class IncidentVerified(Struct, frozen=True):
    time: datetime
    solved: str
    note: str
    verifier: str


class IncidentReworked(Struct, frozen=True):
    time: datetime
    reason: str
    due_time: datetime
    minutes: int


class IncidentClosed(Struct, frozen=True):
    time: datetime


class IncidentVoided(Struct, frozen=True):
    time: datetime
    reason: str


Event = IncidentVerified | IncidentReworked | IncidentClosed | IncidentVoided


def verify(found: Incident, command: VerifyIncident, now: datetime) -> Event:
    _require_verifier(found, command.by)
    if command.solved not in list(Finding):
        raise InvalidArgument("UNKNOWN_FINDING", solved=command.solved)
    return IncidentVerified(now, command.solved, command.note, command.by.user)


def rework(found: Incident, command: ReworkIncident, now: datetime, city: City) -> Event:
    """By a second person: whoever made the call-back does not also send it back alone."""
    _require_verifier(found, command.by)
    if not found.solved:
        raise InvalidTransition("NOT_VERIFIED", solved=found.solved)
    if command.by.user == found.verifier:
        raise Denied("SECOND_PERSON_NEEDED", verifier=found.verifier)
    if found.reworks >= REWORKS:
        raise InvalidTransition("TOO_MANY_REWORKS", reworks=found.reworks)
    reason = require_text(command.reason, "REASON_MISSING")
    minutes = clocks.sign_in_minutes(found, clocks.require_policy(city))
    return IncidentReworked(now, reason, clocks.after(now, minutes), minutes)


def close(found: Incident, command: CloseIncident, now: datetime) -> Event:
    _require_verifier(found, command.by)
    open_again = found.solved == Finding.NO and found.reworks < REWORKS
    if not found.solved or open_again:
        raise InvalidTransition("NOT_VERIFIED", solved=found.solved)
    return IncidentClosed(now)


def void(found: Incident, command: VoidIncident, now: datetime) -> Event:
    require_dispatcher(found, command.by)
    if command.reason not in list(VoidReason):
        raise InvalidArgument("UNKNOWN_VOID_REASON", given=command.reason)
    return IncidentVoided(now, command.reason)


def _require_verifier(found: Incident, actor: Actor) -> None:
    """Of the desk that took it, or watching over its area: who worked on it asks for nothing."""
    if actor.role not in VERIFIERS or not sees(actor, (found.desk,), found.watched_area):
        raise Denied("NOT_A_VERIFIER", role=actor.role)
    if actor.user in found.handlers or actor.unit == found.unit:
        raise Denied("HANDLER_CANNOT_VERIFY", unit=found.unit)


def evolve(found: Incident, event: Event) -> Incident:
    match event:
        case IncidentVerified():
            return replace(found, solved=event.solved, verifier=event.verifier)
        case IncidentReworked():
            return _reworked(found, event)
        case IncidentClosed():
            return replace(clocks.stop_all(found), state=State.CLOSED)
        case IncidentVoided():
            ended = clocks.stop_all(without_questions(found))
            return replace(ended, state=State.VOIDED, void_reason=event.reason)


def _reworked(found: Incident, event: IncidentReworked) -> Incident:
    """Back into the pool of the unit that handled it, which stays accountable."""
    pooled = replace(
        found,
        state=State.OFFERED,
        holder="",
        unit_time=event.time,
        solved="",
        verifier="",
        reworks=found.reworks + 1,
    )
    rule = f"sign_in_minutes.{found.priority or clocks.DEFAULT_PRIORITY}"
    due = Due(clocks.SIGN_IN, event.time, event.due_time, event.minutes, rule)
    return clocks.start(pooled, due)
