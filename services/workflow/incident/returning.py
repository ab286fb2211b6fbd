"""Returning 退回: the receiver asks the sender to take it back, and is accountable until then."""

from datetime import datetime, timedelta

from msgspec import Struct

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.clock import Clock
from backbone.words.errors import InvalidTransition
from backbone.words.guards import require_text
from services.workflow.incident import question
from services.workflow.incident.kinds import RETURN
from services.workflow.incident.record import (
    POOLED_OR_HELD,
    Incident,
    require_in_charge,
)
from services.workflow.incident.world import World


class RequestReturn(Struct, frozen=True):
    by: Actor
    reason: str


class AcceptReturn(Struct, frozen=True):
    by: Actor


class RejectReturn(Struct, frozen=True):
    by: Actor
    reason: str


class ReturnRequested(Struct, frozen=True):
    time: datetime
    from_unit: str
    to_unit: str
    reason: str
    due_time: datetime
    minutes: int


class ReturnAccepted(Struct, frozen=True):
    time: datetime
    to_unit: str
    raised_to: str = ""


class ReturnRejected(Struct, frozen=True):
    time: datetime
    reason: str


class ReturnLapsed(Struct, frozen=True):
    time: datetime
    raised_to: str
    clock: str = ""


def ask(
    incident: Incident, command: RequestReturn, now: datetime, world: World
) -> list[ReturnRequested]:
    charge, policy = incident.charge, world.policy
    require_in_charge(incident, command.by)
    if charge.assignment:
        raise InvalidTransition("ASSIGNMENT_BINDS", unit=charge.assigned_by)
    question.require_other(incident, charge.sender)
    require_text(command.reason, "REASON_MISSING")
    question.require_none(incident)
    since = charge.unit_time or incident.open_time
    if now > since + timedelta(minutes=policy.return_window_minutes):
        raise InvalidTransition("RETURN_WINDOW_OVER", since=since)
    minutes = policy.return_answer_minutes
    due = question.due_after(now, minutes)
    return [ReturnRequested(now, charge.unit, charge.sender, command.reason, due, minutes)]


def accept(
    incident: Incident, command: AcceptReturn, now: datetime, world: World
) -> list[ReturnAccepted]:
    asked = question.require_answerer(incident, RETURN, command.by)
    raised_to = question.bounced_to(incident, asked, world)
    return [ReturnAccepted(now, command.by.unit, raised_to)]


def reject(
    incident: Incident, command: RejectReturn, now: datetime, world: World
) -> list[ReturnRejected]:
    question.require_answerer(incident, RETURN, command.by)
    return [ReturnRejected(now, require_text(command.reason, "REASON_MISSING"))]


def lapse_answer(incident: Incident, clock: Clock, now: datetime, world: World) -> ReturnLapsed:
    return ReturnLapsed(now, question.after_silence(incident, RETURN, world), clock.id)


def requested(incident: Incident, event: ReturnRequested) -> Incident:
    return question.asked(incident, RETURN, event)


def accepted(incident: Incident, event: ReturnAccepted) -> Incident:
    return question.taken_back(incident, event.to_unit, event.raised_to, event.time)


def rejected(incident: Incident, event: ReturnRejected) -> Incident:
    """The question ends; the asking unit keeps the incident."""
    return incident


def unanswered(incident: Incident, event: ReturnLapsed) -> Incident:
    return question.raised(incident, RETURN, event)


VERBS = (
    verb(
        POOLED_OR_HELD,
        ask,
        "NOT_YOUR_UNIT",
        "NOT_THE_HOLDER",
        "ASSIGNMENT_BINDS",
        "NO_OTHER_UNIT",
        "REASON_MISSING",
        "ANSWER_PENDING",
        "RETURN_WINDOW_OVER",
    ),
    verb(POOLED_OR_HELD, accept, "NO_RETURN_PENDING", "NOT_THE_SENDER"),
    verb(
        POOLED_OR_HELD,
        reject,
        "NO_RETURN_PENDING",
        "NOT_THE_SENDER",
        "REASON_MISSING",
    ),
)
CHANGES = (change(requested), change(accepted), change(rejected), change(unanswered))
