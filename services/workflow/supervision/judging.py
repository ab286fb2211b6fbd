"""Judging an answer: accept 认可, reject 退回, ask further 追问; each unit's answer by itself."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.guards import require_text
from backbone.words.texts import trimmed
from services.workflow.incident.world import World
from services.workflow.supervision import demanding
from services.workflow.supervision.record import (
    RUNNING,
    Answering,
    Deadline,
    Demand,
    Level,
    State,
    Supervision,
    require_supervisor,
)

JUDGED_IN = frozenset({State.OPEN, State.ANSWERED})


class FollowUpSupervision(Struct, frozen=True):
    by: Actor
    unit: str
    text: str
    incident_ids: tuple[str, ...] = ()
    due_time: datetime | None = None


class AcceptAnswer(Struct, frozen=True):
    by: Actor
    unit: str
    opinion: str = ""
    incident_ids: tuple[str, ...] = ()


class RejectAnswer(Struct, frozen=True):
    by: Actor
    unit: str
    reason: str
    incident_ids: tuple[str, ...] = ()
    due_time: datetime | None = None


class AnswerFollowedUp(Struct, frozen=True):
    time: datetime
    unit: str
    incidents: tuple[str, ...]
    text: str
    deadline: Deadline
    level: Level
    supervisor: str


class AnswerAccepted(Struct, frozen=True):
    time: datetime
    unit: str
    incidents: tuple[str, ...]
    text: str
    level: Level
    supervisor: str


class AnswerRejected(Struct, frozen=True):
    time: datetime
    unit: str
    incidents: tuple[str, ...]
    text: str
    deadline: Deadline
    level: Level
    supervisor: str


def follow_up(
    supervision: Supervision, command: FollowUpSupervision, now: datetime, world: World
) -> list[AnswerFollowedUp]:
    """Ask a unit further, whether or not it has answered: it owes an answer until a new time."""
    require_supervisor(supervision, command.by)
    unit, level = command.unit, supervision.level
    asked = demanding.of_unit(supervision, unit, command.incident_ids, by=supervision.unit)
    if not asked:
        raise InvalidArgument("NOT_ADDRESSED", unit=unit)
    text = require_text(command.text, "TEXT_MISSING")
    deadline = demanding.due(level, command.due_time, now, world)
    about = demanding.incidents_of(asked)
    return [AnswerFollowedUp(now, unit, about, text, deadline, level, supervision.unit)]


def accept(
    supervision: Supervision, command: AcceptAnswer, now: datetime, world: World
) -> list[AnswerAccepted]:
    require_supervisor(supervision, command.by)
    about = require_answered(supervision, command.unit, command.incident_ids)
    text, level = trimmed(command.opinion), supervision.level
    return [AnswerAccepted(now, command.unit, about, text, level, supervision.unit)]


def reject(
    supervision: Supervision, command: RejectAnswer, now: datetime, world: World
) -> list[AnswerRejected]:
    require_supervisor(supervision, command.by)
    unit, level = command.unit, supervision.level
    about = require_answered(supervision, unit, command.incident_ids)
    reason = require_text(command.reason, "REASON_MISSING")
    deadline = demanding.due(level, command.due_time, now, world)
    return [AnswerRejected(now, unit, about, reason, deadline, level, supervision.unit)]


def require_answered(
    supervision: Supervision, unit: str, incidents: tuple[str, ...]
) -> tuple[str, ...]:
    """The incidents whose answers can be judged. Raises InvalidTransition if there is none."""
    given, by = {Answering.ANSWERED}, supervision.unit
    answered = demanding.of_unit(supervision, unit, incidents, given, by=by)
    if not answered:
        raise InvalidTransition("NO_ANSWER_TO_JUDGE", unit=unit)
    return demanding.incidents_of(answered)


def an_answer(supervision: Supervision) -> dict[str, str]:
    """The unit whose answer is to be judged first, if there is one."""
    known = supervision.known_to(supervision.unit)
    units = (each.unit for each in known if each.state is Answering.ANSWERED)
    return {"unit": unit} if (unit := next(units, "")) else {}


def require_unjudged(supervision: Supervision, command: AcceptAnswer | RejectAnswer) -> None:
    """Raises NO_ANSWER_TO_JUDGE while all answers are accepted."""
    if supervision.state is State.ACCEPTED:
        raise InvalidTransition("NO_ANSWER_TO_JUDGE", unit=command.unit)


def followed_up(supervision: Supervision, event: AnswerFollowedUp) -> Supervision:
    def asked(demand: Demand) -> Demand:
        return demanding.asked_again(demand, event.text, event.time, event.deadline)

    return demanding.changed(supervision, event.unit, event.incidents, asked)


def accepted(supervision: Supervision, event: AnswerAccepted) -> Supervision:
    def settled(demand: Demand) -> Demand:
        return replace(demand, state=Answering.ACCEPTED, opinion=event.text)

    return demanding.changed(supervision, event.unit, event.incidents, settled)


def rejected(supervision: Supervision, event: AnswerRejected) -> Supervision:
    """The unit owes another answer to the same question."""

    def sent_back(demand: Demand) -> Demand:
        again = demanding.asked_again(demand, demand.question, event.time, event.deadline)
        return replace(again, opinion=event.text)

    return demanding.changed(supervision, event.unit, event.incidents, sent_back)


VERBS = (
    verb(
        RUNNING,
        follow_up,
        "NOT_THE_SUPERVISOR",
        "NOT_ADDRESSED",
        "TEXT_MISSING",
        "DUE_OUT_OF_BOUNDS",
    ),
    verb(
        JUDGED_IN,
        accept,
        "NOT_THE_SUPERVISOR",
        "NO_ANSWER_TO_JUDGE",
        otherwise=require_unjudged,
        likely=an_answer,
    ),
    verb(
        JUDGED_IN,
        reject,
        "NOT_THE_SUPERVISOR",
        "NO_ANSWER_TO_JUDGE",
        "REASON_MISSING",
        "DUE_OUT_OF_BOUNDS",
        otherwise=require_unjudged,
        likely=an_answer,
    ),
)
CHANGES = (change(followed_up), change(accepted), change(rejected))
