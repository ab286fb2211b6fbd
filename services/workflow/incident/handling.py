"""Handling 办理: report progress 反馈, and resolve 办结."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_text
from services.workflow.incident import question
from services.workflow.incident.record import HELD, Ending, Incident, State, require_holder
from services.workflow.incident.world import World


class Result(StrEnum):
    SOLVED = "SOLVED"  # 已解决
    PARTLY_SOLVED = "PARTLY_SOLVED"  # 部分解决
    EXPLAINED = "EXPLAINED"  # 已解释说明
    NOT_SOLVED = "NOT_SOLVED"  # 未解决


class ReportProgress(Struct, frozen=True):
    by: Actor
    text: str
    public: bool = False


class ResolveIncident(Struct, frozen=True):
    by: Actor
    outcome: str
    reply: str


class ProgressReported(Struct, frozen=True):
    time: datetime
    text: str
    public: bool


class IncidentResolved(Struct, frozen=True):
    time: datetime
    outcome: str
    reply: str


def report(
    incident: Incident, command: ReportProgress, now: datetime, world: World
) -> list[ProgressReported]:
    require_holder(incident, command.by)
    return [ProgressReported(now, require_text(command.text, "TEXT_MISSING"), command.public)]


def resolve(
    incident: Incident, command: ResolveIncident, now: datetime, world: World
) -> list[IncidentResolved]:
    require_holder(incident, command.by)
    question.require_none(incident)
    if command.outcome not in list(Result):
        raise InvalidArgument(
            "UNKNOWN_OUTCOME", field="outcome", given=command.outcome, expected=", ".join(Result)
        )
    reply = require_text(command.reply, "REPLY_MISSING")
    return [IncidentResolved(now, command.outcome, reply)]


def progressed(incident: Incident, event: ProgressReported) -> Incident:
    """A report of the intake's record leaves an incident in the pool to be claimed."""
    state = State.HANDLING if incident.state in HELD else incident.state
    return replace(incident, state=state, reported=True)


def resolved(incident: Incident, event: IncidentResolved) -> Incident:
    return replace(
        incident,
        state=State.RESOLVED,
        charge=replace(incident.charge, raised_to=""),
        ending=Ending(outcome=event.outcome, reply=event.reply),
    )


VERBS = (
    verb(HELD, report, "NOT_THE_HOLDER", "TEXT_MISSING"),
    verb(
        HELD,
        resolve,
        "NOT_THE_HOLDER",
        "ANSWER_PENDING",
        "UNKNOWN_OUTCOME",
        "REPLY_MISSING",
    ),
)
CHANGES = (change(progressed), change(resolved))
