"""Assign 交办 to a subordinate unit, and reassign 接办 inside the unit."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.guards import require_not_accused, require_text, require_unit
from backbone.words.place import contains
from backbone.words.roles import HEADS, SUPERIORS
from services.workflow.incident import claiming, question, routing
from services.workflow.incident.record import HELD, OPEN, Assignment, Incident, holder_key
from services.workflow.incident.world import World


class AssignIncident(Struct, frozen=True):
    """Assign 交办: binding; the superior still has to get a report back."""

    by: Actor
    unit: str
    instruction: str


class ReassignIncident(Struct, frozen=True):
    """Reassign 接办: the head or a colleague takes over an incident that another person holds.

    A head may give it to a `successor`, whose account the gateway has looked up.
    """

    by: Actor
    reason: str
    successor: str = ""


class IncidentAssigned(Struct, frozen=True):
    """`objection_due_time` is None in events of 0.1.0, which knew no objection."""

    time: datetime
    unit: str
    by_unit: str
    instruction: str
    objection_due_time: datetime | None = None


class IncidentReassigned(Struct, frozen=True):
    """`holder` took it over from `from_holder`."""

    time: datetime
    holder: str
    from_holder: str
    reason: str
    due_time: datetime
    minutes: int


def assign(
    incident: Incident, command: AssignIncident, now: datetime, world: World
) -> list[IncidentAssigned | routing.IncidentOffered]:
    city, by = world.city, command.by
    require_giver(city, command)
    target = require_unit(city, command.unit)
    above = by.unit in city.superiors(command.unit)
    over_the_area = by.role != "head" and contains(by.area, target.area)
    if not (above or over_the_area):
        raise Denied("NOT_A_SUPERIOR", unit=command.unit)
    require_not_accused(city, incident.matter.against, command.unit)
    if command.unit == incident.charge.unit:
        raise InvalidArgument("SAME_UNIT", unit=command.unit)
    require_text(command.instruction, "INSTRUCTION_MISSING")
    due = question.due_after(now, world.policy.objection_window_minutes)
    return [
        IncidentAssigned(now, command.unit, by.unit, command.instruction, due),
        routing.offer(incident, command.unit, now, world, by.unit),
    ]


def require_giver(city: City, command: AssignIncident) -> None:
    """Allow superiors; a head only where there is a unit below its own."""
    by = command.by
    is_above = by.role != "head" or city.is_above_any(by.unit)
    if by.role not in SUPERIORS or not is_above:
        raise Denied("NOT_A_SUPERIOR", unit=command.unit)


def reassign(
    incident: Incident, command: ReassignIncident, now: datetime, world: World
) -> list[IncidentReassigned]:
    """Take over from a holder who is away; the unit stays accountable."""
    by, charge = command.by, incident.charge
    if by.unit != charge.unit:
        raise Denied("NOT_YOUR_UNIT", unit=charge.unit)
    holder = command.successor or by.user
    if holder == charge.holder:
        raise InvalidTransition("SAME_HOLDER", holder=charge.holder)
    reason = require_text(command.reason, "REASON_MISSING")
    if not command.successor:
        claiming.require_free_hands(by, world)
    elif by.role not in HEADS:
        raise Denied("NOT_THE_HEAD", unit=charge.unit)
    minutes = world.policy.claim_lapse_minutes
    due = question.due_after(now, minutes)
    return [IncidentReassigned(now, holder, charge.holder, reason, due, minutes)]


def hands_of(command: ReassignIncident) -> tuple[UUID]:
    """All incidents that the new holder holds. What a head gives is not held to the cap: a leaver
    must not keep matters because the successor has many."""
    return (holder_key(command.by.unit, command.successor or command.by.user),)


def _take_over(incident: Incident) -> dict[str, str]:
    """A colleague takes over; only a head names a successor."""
    return {"successor": ""}


def assigned(incident: Incident, event: IncidentAssigned) -> Incident:
    due = event.objection_due_time
    charge = replace(
        incident.charge,
        assigned_by=event.by_unit,
        instruction=event.instruction,
        assignment=Assignment(event.unit, due) if due else None,
    )
    return replace(incident, charge=charge)


def reassigned(incident: Incident, event: IncidentReassigned) -> Incident:
    return claiming.held(incident, event.holder, event.time, event.minutes)


VERBS = (
    verb(
        OPEN,
        assign,
        "NOT_A_SUPERIOR",
        "UNKNOWN_UNIT",
        "ACCUSED_UNIT",
        "SAME_UNIT",
        "INSTRUCTION_MISSING",
    ),
    verb(
        HELD,
        reassign,
        "NOT_YOUR_UNIT",
        "SAME_HOLDER",
        "REASON_MISSING",
        "TOO_MANY_HELD",
        "NOT_THE_HEAD",
        also=hands_of,
        likely=_take_over,
    ),
)
CHANGES = (change(assigned), change(reassigned))
