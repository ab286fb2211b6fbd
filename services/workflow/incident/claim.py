"""Claiming 认领/签收: the clerks of the offered unit race, the first wins; 退领 puts it back."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidTransition
from services.workflow.incident import clocks
from services.workflow.incident.clocks import ClaimLapsed
from services.workflow.incident.record import (
    HELD,
    Due,
    Incident,
    State,
    require_holder,
    require_no_question,
    without_questions,
)


class ClaimIncident(Struct, frozen=True):
    by: Actor


class ReleaseIncident(Struct, frozen=True):
    by: Actor
    reason: str = ""


class IncidentClaimed(Struct, frozen=True):
    time: datetime
    holder: str
    unit: str
    due_time: datetime
    minutes: int


class IncidentReleased(Struct, frozen=True):
    time: datetime
    reason: str
    due_time: datetime
    minutes: int


Event = IncidentClaimed | IncidentReleased | ClaimLapsed


def claim(found: Incident, command: ClaimIncident, now: datetime, city: City) -> Event:
    if command.by.unit != found.unit:
        raise Denied("NOT_YOUR_UNIT", unit=found.unit)
    minutes = clocks.require_policy(city).claim_lapse_minutes
    due = clocks.after(now, minutes)
    return IncidentClaimed(now, command.by.user, command.by.unit, due, minutes)


def require_unclaimed(found: Incident) -> None:
    """A loser of the race hears who won, and when."""
    if found.state in HELD:
        raise InvalidTransition(
            "ALREADY_CLAIMED", holder=found.holder, unit=found.unit, time=found.unit_time
        )


def release(found: Incident, command: ReleaseIncident, now: datetime, city: City) -> Event:
    require_holder(found, command.by)
    require_no_question(found)
    minutes = clocks.sign_in_minutes(found, clocks.require_policy(city))
    return IncidentReleased(now, command.reason, clocks.after(now, minutes), minutes)


def evolve(found: Incident, event: Event) -> Incident:
    match event:
        case IncidentClaimed():
            return _claimed(found, event)
        case IncidentReleased():
            return replace(_back_in_the_pool(found, event), releases=found.releases + 1)
        case ClaimLapsed():
            return _back_in_the_pool(found, event)


def _claimed(found: Incident, event: IncidentClaimed) -> Incident:
    claimed = replace(
        clocks.stop_all(without_questions(found)),
        state=State.CLAIMED,
        holder=event.holder,
        unit=event.unit,
        accountable_unit=event.unit,
        unit_time=event.time,
        handlers=with_handler(found, event.holder),
    )
    return clocks.start(claimed, idle_clock(event.time, event.due_time, event.minutes))


def idle_clock(start: datetime, due: datetime, minutes: int) -> Due:
    """Whoever holds it, however it came, shows progress in time."""
    return Due(clocks.CLAIM_IDLE, start, due, minutes, "claim_lapse_minutes")


def _back_in_the_pool(found: Incident, event: IncidentReleased | ClaimLapsed) -> Incident:
    """The unit stays accountable: it has claimed once, nobody else has it."""
    free = clocks.stop_all(without_questions(found))
    pooled = replace(free, state=State.OFFERED, holder="", unit_time=event.time)
    rule = f"sign_in_minutes.{found.priority or clocks.DEFAULT_PRIORITY}"
    due = Due(clocks.SIGN_IN, event.time, event.due_time, event.minutes, rule)
    return clocks.start(pooled, due)


def with_handler(found: Incident, user: str) -> tuple[str, ...]:
    return found.handlers if user in found.handlers else (*found.handlers, user)
