"""Answering 答复: an addressed unit answers, for one or for all of its incidents."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidTransition
from backbone.words.guards import require_text
from services.workflow.incident.record import holder_key, last_holder_key
from services.workflow.incident.world import World
from services.workflow.supervision import demanding
from services.workflow.supervision.record import Answering, Demand, Level, State, Supervision


class AnswerSupervision(Struct, frozen=True):
    by: Actor
    text: str
    incident_ids: tuple[str, ...] = ()


class AnswerGiven(Struct, frozen=True):
    time: datetime
    unit: str
    incidents: tuple[str, ...]
    text: str
    answerer: str
    level: Level
    supervisor: str


def answer(
    supervision: Supervision, command: AnswerSupervision, now: datetime, world: World
) -> list[AnswerGiven]:
    by = command.by
    if not any(each.unit == by.unit for each in supervision.demands):
        raise Denied("NOT_YOUR_UNIT", unit=by.unit)
    about, owing = command.incident_ids, {Answering.OWED}
    owed = demanding.of_unit(supervision, by.unit, about, owing, by=by.unit)
    if not owed:
        raise InvalidTransition("NO_ANSWER_OWED", unit=by.unit)
    speaks = by.role in world.policy.supervision_answerers
    own = owed if speaks else held_by(by, owed, world)
    if not own or (command.incident_ids and len(own) < len(owed)):
        raise Denied("NOT_THE_HOLDER")
    text = require_text(command.text, "TEXT_MISSING")
    incidents = demanding.incidents_of(own)
    level, supervisor = supervision.level, supervision.unit
    return [AnswerGiven(now, by.unit, incidents, text, by.user, level, supervisor)]


def require_owed(supervision: Supervision, command: AnswerSupervision) -> None:
    """Raises NO_ANSWER_OWED while all answers are given, and the supervision goes on."""
    if supervision.state is not State.LIFTED:
        raise InvalidTransition("NO_ANSWER_OWED", unit=command.by.unit)


def held_by(actor: Actor, owed: tuple[Demand, ...], world: World) -> tuple[Demand, ...]:
    """The owed answers for incidents that the actor holds, or was the last one to hold."""
    held = {each for key in keys_of(actor) for each in world.also.members(key)}
    return tuple(each for each in owed if UUID(each.incident) in held)


def keys_of(actor: Actor) -> tuple[UUID, UUID]:
    return holder_key(actor.unit, actor.user), last_holder_key(actor.unit, actor.user)


def hands_of(command: AnswerSupervision) -> tuple[UUID, UUID]:
    """The groups that are locked with an answer: what the actor holds, and has resolved."""
    return keys_of(command.by)


def given(supervision: Supervision, event: AnswerGiven) -> Supervision:
    def answered(demand: Demand) -> Demand:
        return replace(
            demand,
            state=Answering.ANSWERED,
            text=event.text,
            answerer=event.answerer,
            answer_time=event.time,
            opinion="",
        )

    return demanding.changed(supervision, event.unit, event.incidents, answered)


VERBS = (
    verb(
        {State.OPEN},
        answer,
        "NOT_YOUR_UNIT",
        "NO_ANSWER_OWED",
        "NOT_THE_HOLDER",
        "TEXT_MISSING",
        otherwise=require_owed,
        also=hands_of,
    ),
)
CHANGES = (change(given),)
