"""A question from one unit to another: asked, answered, or raised to a superior by silence.

A hand-off and a return are questions; each use case says what an answer means.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidTransition
from services.workflow.incident import clocks
from services.workflow.incident.kinds import QUESTIONS
from services.workflow.incident.record import Incident, Question
from services.workflow.incident.world import World


def open_one(incident: Incident, kind: str) -> Question | None:
    """The question of this kind that waits for an answer."""
    return next((each for each in incident.questions if each.kind == kind), None)


def require_none(incident: Incident) -> None:
    """The other unit must answer, or its time must run out, first."""
    for each in incident.questions:
        raise InvalidTransition("ANSWER_PENDING", question=each.kind.lower(), unit=each.to_unit)


def require_answerer(incident: Incident, kind: str, actor: Actor) -> Question:
    """The open question, if the actor's unit may answer it."""
    known, question = QUESTIONS[kind], open_one(incident, kind)
    if question is None:
        raise InvalidTransition(known.missing, state=incident.state)
    answerers = [question.to_unit, *([question.raised_to] if known.superior_answers else [])]
    if actor.unit not in answerers:
        raise Denied(known.denied, unit=question.to_unit)
    return question


def asked(incident: Incident, question: Question, minutes: int) -> Incident:
    """The incident with the question, and the clock for its answer."""
    waiting = replace(incident, questions=(*incident.questions, question))
    clock = QUESTIONS[question.kind].clock
    return clocks.started(waiting, clock, f"{clock.lower()}_minutes", question.ask_time, minutes)


def ended_by(incident: Incident, event: str) -> Incident:
    """The incident without the questions that the event ends."""
    if not incident.questions:
        return incident
    left = (each for each in incident.questions if event not in QUESTIONS[each.kind].ends_on)
    return replace(incident, questions=tuple(left))


def raised(incident: Incident, kind: str, to: str, clock_id: str, at: datetime) -> Incident:
    """The incident whose question was met with silence: the superior decides now."""
    questions = (
        replace(each, raised_to=to) if each.kind == kind else each for each in incident.questions
    )
    lapsed = clocks.lapsed(incident, QUESTIONS[kind].clock, clock_id, at)
    return replace(lapsed, questions=tuple(questions))


def due_after(now: datetime, minutes: int) -> datetime:
    return now + timedelta(minutes=minutes)


def superior(incident: Incident, question: Question, world: World) -> str:
    """The unit that decides between two units; without a common superior the desk, which calls
    the joint meeting. The desk also decides if the superior is accused, or below the accused.
    """
    city, against = world.city, incident.matter.against
    common = city.common_superior(question.from_unit, question.to_unit)
    if common is None or (against and city.belongs_to(common, against)):
        return incident.matter.desk
    return common


def bounced_to(incident: Incident, question: Question, world: World) -> str:
    """The unit that designates once this bounce reaches the cap; empty below the cap."""
    if incident.counts.bounces + 1 < world.policy.bounce_cap:
        return ""
    return superior(incident, question, world)
