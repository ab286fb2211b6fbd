"""Escalating 提级: the superior is asked to take it; a claim is its yes, a return its no.

The giver stays accountable until the claim; silence raises the question to the next superior.
"""

from datetime import datetime

from msgspec import Struct

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.clock import Clock
from backbone.words.errors import Denied, InvalidTransition
from backbone.words.guards import require_not_accused, require_text
from services.workflow.incident import question, routing
from services.workflow.incident.kinds import ESCALATION
from services.workflow.incident.record import HELD, Incident
from services.workflow.incident.world import World


class EscalateIncident(Struct, frozen=True):
    """Escalate 提级: the holder or the head offers it to the superior of the accountable unit."""

    by: Actor
    reason: str


class IncidentEscalated(Struct, frozen=True):
    """The giver `from_unit` stays accountable until the superior `to_unit` claims."""

    time: datetime
    from_unit: str
    to_unit: str
    reason: str
    due_time: datetime
    minutes: int


class EscalationLapsed(Struct, frozen=True):
    """The superior neither claimed nor returned it: the next superior may designate."""

    time: datetime
    raised_to: str
    clock: str = ""


def escalate(
    incident: Incident, command: EscalateIncident, now: datetime, world: World
) -> list[IncidentEscalated | routing.IncidentOffered]:
    """Ask the superior of the accountable unit, and put it into the superior's pool."""
    by, charge = command.by, incident.charge
    if by.unit != charge.unit or (by.user != charge.holder and by.role != "head"):
        raise Denied("NOT_THE_HOLDER", holder=charge.holder, unit=charge.unit)
    question.require_none(incident)
    reason = require_text(command.reason, "REASON_MISSING")
    superior = next(iter(world.city.superiors(charge.accountable_unit)), "")
    if not superior:
        raise InvalidTransition("NO_SUPERIOR", unit=charge.accountable_unit)
    question.require_other(incident, superior)
    require_not_accused(world.city, incident.matter.against, superior)
    minutes = world.policy.escalation_answer_minutes
    due = question.due_after(now, minutes)
    return [
        IncidentEscalated(now, by.unit, superior, reason, due, minutes),
        routing.offer(incident, superior, now, world, by.unit),
    ]


def lapse_answer(incident: Incident, clock: Clock, now: datetime, world: World) -> EscalationLapsed:
    return EscalationLapsed(now, question.after_silence(incident, ESCALATION, world), clock.id)


def escalated(incident: Incident, event: IncidentEscalated) -> Incident:
    """The question is asked; the offer that follows moves the incident."""
    return question.asked(incident, ESCALATION, event)


def unanswered(incident: Incident, event: EscalationLapsed) -> Incident:
    return question.raised(incident, ESCALATION, event)


VERBS = (
    verb(
        HELD,
        escalate,
        "NOT_THE_HOLDER",
        "ANSWER_PENDING",
        "REASON_MISSING",
        "NO_SUPERIOR",
        "NO_OTHER_UNIT",
        "ACCUSED_UNIT",
    ),
)
CHANGES = (change(escalated), change(unanswered))
