"""Handling 办理: a superior's order 交办, progress 反馈 and the end of the work 办结."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidArgument
from backbone.words.guards import require_not_accused
from backbone.words.place import contains
from services.workflow.incident import clocks, routing
from services.workflow.incident.record import (
    Incident,
    State,
    require_holder,
    require_no_question,
    require_text,
    without_questions,
)

COMMANDING = frozenset({"dispatcher", "centre_director", "leader", "head"})


class Result(StrEnum):
    SOLVED = "SOLVED"  # 已解决
    PARTLY_SOLVED = "PARTLY_SOLVED"  # 部分解决
    EXPLAINED = "EXPLAINED"  # 已解释说明
    NOT_SOLVED = "NOT_SOLVED"  # 未解决


class AssignIncident(Struct, frozen=True):
    """Assign 交办: binding; the giver keeps the duty to get a report back."""

    by: Actor
    unit: str
    instruction: str


class ReportProgress(Struct, frozen=True):
    by: Actor
    text: str
    public: bool = False


class ResolveIncident(Struct, frozen=True):
    by: Actor
    outcome: str
    reply: str


class IncidentAssigned(Struct, frozen=True):
    time: datetime
    unit: str
    by_unit: str
    instruction: str


class ProgressReported(Struct, frozen=True):
    time: datetime
    text: str
    public: bool


class IncidentResolved(Struct, frozen=True):
    time: datetime
    outcome: str
    reply: str


Event = IncidentAssigned | ProgressReported | IncidentResolved


def assign(
    found: Incident, command: AssignIncident, now: datetime, city: City
) -> list[IncidentAssigned | routing.Event]:
    target = routing.require_unit(city, command.unit)
    above = command.by.unit in city.superiors(command.unit)
    over_the_area = command.by.role != "head" and contains(command.by.area, target.area)
    if command.by.role not in COMMANDING or not (above or over_the_area):
        raise Denied("NOT_A_SUPERIOR", unit=command.unit)
    require_not_accused(city, found.against, command.unit)
    if command.unit == found.unit:
        raise InvalidArgument("SAME_UNIT", unit=found.unit)
    require_text(command.instruction, "INSTRUCTION_MISSING")
    assigned = IncidentAssigned(now, command.unit, command.by.unit, command.instruction)
    return [assigned, routing.offer(found, command.unit, now, city, command.by.unit)]


def report(found: Incident, command: ReportProgress, now: datetime) -> Event:
    require_holder(found, command.by)
    return ProgressReported(now, require_text(command.text, "TEXT_MISSING"), command.public)


def resolve(found: Incident, command: ResolveIncident, now: datetime) -> Event:
    require_holder(found, command.by)
    require_no_question(found)
    if command.outcome not in list(Result):
        raise InvalidArgument("UNKNOWN_OUTCOME", outcome=command.outcome)
    reply = require_text(command.reply, "REPLY_MISSING")
    return IncidentResolved(now, command.outcome, reply)


def evolve(found: Incident, event: Event) -> Incident:
    match event:
        case IncidentAssigned():
            return replace(
                clocks.stop_all(without_questions(found)),
                assigned_by=event.by_unit,
                instruction=event.instruction,
            )
        case ProgressReported():
            return replace(clocks.stop(found, clocks.CLAIM_IDLE), state=State.HANDLING)
        case IncidentResolved():
            return replace(
                clocks.stop_all(found),
                state=State.RESOLVED,
                raised_to="",
                outcome=event.outcome,
                reply=event.reply,
                solved="",
                verifier="",
            )
