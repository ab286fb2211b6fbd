"""A question from one unit to another: asked, answered, or after silence raised to a superior.

Hand-off, return, objection and escalation are questions; their use cases define the meaning of an
answer.
"""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidTransition
from backbone.words.roles import SUPERIORS
from services.workflow.incident import clocks
from services.workflow.incident.kinds import QUESTIONS
from services.workflow.incident.record import Incident, Question, State
from services.workflow.incident.world import World


def open_one(incident: Incident, kind: str) -> Question | None:
    """The unanswered question of this kind, or None."""
    return next((each for each in incident.questions if each.kind == kind), None)


def require_none(incident: Incident) -> None:
    """Raises ANSWER_PENDING while the unit that has the incident waits for an answer.

    An escalation moves it to the unit that is asked, which waits for no answer.
    """
    for each in incident.questions:
        if each.from_unit == incident.charge.unit:
            raise InvalidTransition("ANSWER_PENDING", question=each.kind.lower(), unit=each.to_unit)


def require_other(incident: Incident, unit: str) -> None:
    """Raises NO_OTHER_UNIT if the unit to be asked has the incident itself, or there is none."""
    if unit in ("", incident.charge.unit):
        raise InvalidTransition("NO_OTHER_UNIT", unit=incident.charge.unit)


def require_answerer(incident: Incident, kind: str, actor: Actor) -> Question:
    """The unanswered question. Raises Denied if the actor's unit may not answer it.

    No unit answers its own question, though the superior may turn out to be its own desk. For the
    superior, those answer who decide there.
    """
    known, question = QUESTIONS[kind], open_one(incident, kind)
    if question is None:
        raise InvalidTransition(known.missing, state=incident.state)
    superior = question.raised_to if known.superior_answers and actor.role in SUPERIORS else ""
    if actor.unit not in {question.to_unit, superior} - {"", question.from_unit}:
        raise Denied(known.denied, unit=question.to_unit)
    return question


def asked(incident: Incident, kind: str, event: Any) -> Incident:
    """The incident with the question that the event asks, and its answer clock.

    The event has `from_unit`, `to_unit`, `reason`, `due_time` and `minutes`.
    """
    fresh = Question(kind, event.from_unit, event.to_unit, event.reason, event.time, event.due_time)
    waiting = replace(incident, questions=(*incident.questions, fresh))
    clock = QUESTIONS[kind].clock
    return clocks.started(waiting, clock, f"{clock.lower()}_minutes", event.time, event.minutes)


def ended_by(incident: Incident, event: str) -> Incident:
    """The incident without the questions that the event ends."""
    if not incident.questions:
        return incident
    left = (each for each in incident.questions if event not in _ends_on(each))
    return replace(incident, questions=tuple(left))


def _ends_on(question: Question) -> frozenset[str]:
    """The events that end it; a newer process has asked a question of an unknown kind."""
    known = QUESTIONS.get(question.kind)
    return known.ends_on if known else frozenset()


def raised(incident: Incident, kind: str, event: Any) -> Incident:
    """The incident whose question got no answer in time: the superior decides now.

    The event has `raised_to` and the id of the answer clock, `clock`.
    """
    to = event.raised_to
    questions = (
        replace(each, raised_to=to) if each.kind == kind else each for each in incident.questions
    )
    lapsed = clocks.lapsed(incident, QUESTIONS[kind].clock, event.clock, event.time)
    return replace(lapsed, questions=tuple(questions))


def after_silence(incident: Incident, kind: str, world: World) -> str:
    """The unit that decides the unanswered question of this kind."""
    unanswered = open_one(incident, kind)
    assert unanswered is not None, "the answer clock ends with its question"
    return superior(incident, unanswered, world)


def taken_back(incident: Incident, to_unit: str, raised_to: str, at: datetime) -> Incident:
    """The incident in triage: `to_unit` is accountable, and a dispatcher finds the next unit."""
    charge = replace(
        incident.charge,
        unit="",
        holder="",
        unit_time=at,
        accountable_unit=to_unit,
        raised_to=raised_to,
    )
    counts = replace(incident.counts, bounces=incident.counts.bounces + 1)
    return replace(incident, state=State.TRIAGE, charge=charge, counts=counts)


def due_after(now: datetime, minutes: int) -> datetime:
    return now + timedelta(minutes=minutes)


def superior(incident: Incident, question: Question, world: World) -> str:
    """The lowest common superior of the two units where a person may decide.

    The desk, which calls the joint meeting, if there is none; an accused one, and any below it, is
    passed over.
    """
    city, against = world.city, incident.matter.against
    for unit in city.common_superiors(question.from_unit, question.to_unit):
        accused = against and city.belongs_to(unit, against)
        if not accused and city.has_role(unit, SUPERIORS):
            return unit
    return incident.matter.desk


def bounced_to(incident: Incident, question: Question, world: World) -> str:
    """The unit that designates if this bounce reaches the cap; empty below the cap."""
    if incident.counts.bounces + 1 < world.policy.bounce_cap:
        return ""
    return superior(incident, question, world)
