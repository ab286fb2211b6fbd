"""Handling clocks 办理时限: until the arrival or the first report, and until the end of the work.

A unit gets them with its first claim. They run on when a colleague takes over, or when the matter
falls back into the unit's own pool: neither buys time. Another unit begins anew. A more urgent
priority shortens what runs, counted from the claim, and adds what it asks for (`sooner`).
"""

from datetime import datetime

from msgspec import Struct

from backbone.life_cycle import change
from backbone.words.clock import Clock
from backbone.words.policy import Policy
from services.workflow.incident import clocks
from services.workflow.incident.kinds import ARRIVAL, FEEDBACK, HANDLING
from services.workflow.incident.record import HELD, Incident
from services.workflow.incident.world import World


class HandlingTime(Struct, frozen=True):
    """The time that a rule of the city allows for one step."""

    clock: str
    rule: str
    minutes: int


class HandlingLapsed(Struct, frozen=True):
    """The step is late: the holder keeps it, the desk and the head of the unit are told."""

    time: datetime
    clock: str
    kind: str


def times_of(incident: Incident, policy: Policy) -> tuple[HandlingTime, ...]:
    """The times that the city allows for a matter of this source and priority."""
    source = incident.matter.source
    priority = incident.matter.priority or clocks.DEFAULT_PRIORITY
    tables = {ARRIVAL: policy.arrival_minutes, FEEDBACK: policy.feedback_minutes}
    found = []
    for kind, minutes in tables.items():
        keys = (f"{source}.{priority}", source, priority)
        key = next((key for key in keys if key in minutes), "")
        if key:
            rule = f"{kind.lower()}_minutes.{key}"
            found.append(HandlingTime(kind, rule, minutes[key]))
    return tuple(found)


def sooner(before: Incident, after: Incident, policy: Policy) -> tuple[HandlingTime, ...]:
    """The times that a more urgent priority shortens or adds; a less urgent one adds none.

    No arrival is added where the unit has reported, a team is there, or one has already run.
    """
    if before.matter.priority == after.matter.priority or begin_of(before) is None:
        return ()
    found = []
    for each in times_of(after, policy):
        clock = clocks.running(before, each.clock)
        spared = before.attended and each.clock == ARRIVAL
        if (
            clock.budget.amount > each.minutes
            if clock
            else not (spared or clocks.has_lapsed(before, each.clock))
        ):
            found.append(each)
    return tuple(found)


def begin_of(incident: Incident) -> datetime | None:
    """The claim from which the unit's clocks count; None before one, and after the work."""
    starts = [each.start_time for each in incident.clocks if each.kind in HANDLING]
    return min(starts, default=incident.charge.unit_time if incident.state in HELD else None)


def hastened(incident: Incident, times: tuple[HandlingTime, ...]) -> Incident:
    """The incident with these times, counted from the claim as if they had held since."""
    begin = begin_of(incident)
    for each in times:
        if clocks.running(incident, each.clock):
            incident = clocks.shortened(incident, each.clock, each.rule, each.minutes)
        elif begin is not None:
            incident = clocks.started(incident, each.clock, each.rule, begin, each.minutes)
    return incident


def begun(incident: Incident, times: tuple[HandlingTime, ...], at: datetime) -> Incident:
    """The incident with these clocks, unless those of the unit run already."""
    if any(each.kind in HANDLING for each in incident.clocks):
        return incident
    for each in times:
        if not (incident.attended and each.clock == ARRIVAL):
            incident = clocks.started(incident, each.clock, each.rule, at, each.minutes)
    return incident


def lapse(incident: Incident, clock: Clock, now: datetime, world: World) -> HandlingLapsed:
    return HandlingLapsed(now, clock.id, clock.kind)


def lapsed(incident: Incident, event: HandlingLapsed) -> Incident:
    return clocks.lapsed(incident, event.kind, event.clock, event.time)


CHANGES = (change(lapsed),)
