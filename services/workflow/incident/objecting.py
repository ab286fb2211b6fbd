"""Objecting 异议: the assigned unit objects once to an assignment 交办, and keeps it meanwhile.

The giver, and after silence the common superior, upholds or rejects (信访工作条例 art. 23(3)).
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.clock import Clock
from backbone.words.errors import InvalidTransition
from backbone.words.guards import require_text
from services.workflow.incident import question
from services.workflow.incident.kinds import OBJECTION
from services.workflow.incident.record import (
    POOLED_OR_HELD,
    Assignment,
    Incident,
    require_in_charge,
)
from services.workflow.incident.world import World


class ObjectToAssignment(Struct, frozen=True):
    by: Actor
    reason: str


class UpholdObjection(Struct, frozen=True):
    by: Actor


class RejectObjection(Struct, frozen=True):
    by: Actor
    reason: str


class ObjectionMade(Struct, frozen=True):
    time: datetime
    from_unit: str
    to_unit: str
    reason: str
    due_time: datetime
    minutes: int


class ObjectionUpheld(Struct, frozen=True):
    """`to_unit` upheld it and has the incident in triage; the assignment no longer holds."""

    time: datetime
    to_unit: str
    raised_to: str = ""


class ObjectionRejected(Struct, frozen=True):
    time: datetime
    reason: str


class ObjectionLapsed(Struct, frozen=True):
    """The giver was silent: the common superior may answer too."""

    time: datetime
    raised_to: str
    clock: str = ""


def make(
    incident: Incident, command: ObjectToAssignment, now: datetime, world: World
) -> list[ObjectionMade]:
    charge = incident.charge
    require_in_charge(incident, command.by)
    question.require_none(incident)
    require_objectionable(incident, charge.assignment, now)
    question.require_other(incident, charge.assigned_by)
    reason = require_text(command.reason, "REASON_MISSING")
    minutes = world.policy.objection_answer_minutes
    due = question.due_after(now, minutes)
    return [ObjectionMade(now, charge.unit, charge.assigned_by, reason, due, minutes)]


def require_objectionable(incident: Incident, given: Assignment | None, now: datetime) -> None:
    """Raises InvalidTransition unless the unit was assigned it, in time, and has not objected."""
    if given is None:
        raise InvalidTransition("NOT_ASSIGNED", unit=incident.charge.unit)
    if given.objected:
        raise InvalidTransition("OBJECTION_USED", unit=given.unit)
    if now > given.objection_due_time:
        raise InvalidTransition("OBJECTION_WINDOW_OVER", due=given.objection_due_time)


def uphold(
    incident: Incident, command: UpholdObjection, now: datetime, world: World
) -> list[ObjectionUpheld]:
    asked = question.require_answerer(incident, OBJECTION, command.by)
    raised_to = question.bounced_to(incident, asked, world)
    return [ObjectionUpheld(now, command.by.unit, raised_to)]


def reject(
    incident: Incident, command: RejectObjection, now: datetime, world: World
) -> list[ObjectionRejected]:
    question.require_answerer(incident, OBJECTION, command.by)
    return [ObjectionRejected(now, require_text(command.reason, "REASON_MISSING"))]


def lapse_answer(incident: Incident, clock: Clock, now: datetime, world: World) -> ObjectionLapsed:
    return ObjectionLapsed(now, question.after_silence(incident, OBJECTION, world), clock.id)


def made(incident: Incident, event: ObjectionMade) -> Incident:
    """The assignment remembers it; the sign-in clock runs on."""
    given = incident.charge.assignment
    assert given is not None, "an objection is made to an assignment"
    charge = replace(incident.charge, assignment=replace(given, objected=True))
    return question.asked(replace(incident, charge=charge), OBJECTION, event)


def upheld(incident: Incident, event: ObjectionUpheld) -> Incident:
    charge = replace(incident.charge, assigned_by="", instruction="", assignment=None)
    free = replace(incident, charge=charge)
    return question.taken_back(free, event.to_unit, event.raised_to, event.time)


def rejected(incident: Incident, event: ObjectionRejected) -> Incident:
    """The question ends; the assigned unit keeps the incident."""
    return incident


def unanswered(incident: Incident, event: ObjectionLapsed) -> Incident:
    return question.raised(incident, OBJECTION, event)


VERBS = (
    verb(
        POOLED_OR_HELD,
        make,
        "NOT_YOUR_UNIT",
        "NOT_THE_HOLDER",
        "ANSWER_PENDING",
        "NOT_ASSIGNED",
        "OBJECTION_USED",
        "OBJECTION_WINDOW_OVER",
        "NO_OTHER_UNIT",
        "REASON_MISSING",
    ),
    verb(POOLED_OR_HELD, uphold, "NO_OBJECTION_PENDING", "NOT_THE_GIVER"),
    verb(
        POOLED_OR_HELD,
        reject,
        "NO_OBJECTION_PENDING",
        "NOT_THE_GIVER",
        "REASON_MISSING",
    ),
)
CHANGES = (change(made), change(upheld), change(rejected), change(unanswered))
