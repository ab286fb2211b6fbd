"""Claiming 认领/签收: the first clerk of the offered unit wins; releasing 退领 puts it back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.clock import Clock
from backbone.words.errors import Denied, InvalidTransition
from backbone.words.guards import require_text
from services.workflow.incident import clocks, handling_times, question
from services.workflow.incident.handling_times import HandlingTime
from services.workflow.incident.kinds import CLAIM_IDLE
from services.workflow.incident.record import HELD, Incident, State, holder_key, require_holder
from services.workflow.incident.world import World


class ClaimIncident(Struct, frozen=True):
    by: Actor


class ReleaseIncident(Struct, frozen=True):
    by: Actor
    reason: str


class IncidentClaimed(Struct, frozen=True):
    time: datetime
    holder: str
    unit: str
    due_time: datetime
    minutes: int
    handling: tuple[HandlingTime, ...] = ()


class IncidentReleased(Struct, frozen=True):
    time: datetime
    reason: str
    due_time: datetime
    minutes: int


class ClaimLapsed(Struct, frozen=True):
    """An idle claim falls back into the pool, and its sign-in clock starts again."""

    time: datetime
    due_time: datetime
    minutes: int
    clock: str = ""


def claim(
    incident: Incident, command: ClaimIncident, now: datetime, world: World
) -> list[IncidentClaimed]:
    by, unit = command.by, incident.charge.unit
    if by.unit != unit:
        raise Denied("NOT_YOUR_UNIT", unit=unit)
    require_free_hands(by, world)
    minutes = world.policy.claim_lapse_minutes
    due = question.due_after(now, minutes)
    times = handling_times.times_of(incident, world.policy)
    return [IncidentClaimed(now, by.user, by.unit, due, minutes, times)]


def require_free_hands(actor: Actor, world: World) -> None:
    """Raises TOO_MANY_HELD at the cap; one lock serialises all claims of a person."""
    held, cap = len(world.also.members(holder_key(actor.unit, actor.user))), world.policy.claim_cap
    if held >= cap:
        raise InvalidTransition("TOO_MANY_HELD", held=held, cap=cap)


def hands_of(command: ClaimIncident) -> tuple[UUID]:
    """The group that is locked with a claim: all incidents that the actor holds."""
    return (holder_key(command.by.unit, command.by.user),)


def require_unclaimed(incident: Incident, command: ClaimIncident) -> None:
    """Raises ALREADY_CLAIMED, whose facts tell the holder and the time."""
    if incident.state in HELD:
        charge = incident.charge
        raise InvalidTransition(
            "ALREADY_CLAIMED", holder=charge.holder, unit=charge.unit, time=charge.unit_time
        )


def release(
    incident: Incident, command: ReleaseIncident, now: datetime, world: World
) -> list[IncidentReleased]:
    require_holder(incident, command.by)
    reason = require_text(command.reason, "REASON_MISSING")
    question.require_none(incident)
    minutes = clocks.sign_in_minutes(incident, world.policy)
    due = question.due_after(now, minutes)
    return [IncidentReleased(now, reason, due, minutes)]


def lapse_idle(incident: Incident, clock: Clock, now: datetime, world: World) -> ClaimLapsed:
    minutes = clocks.sign_in_minutes(incident, world.policy)
    return ClaimLapsed(now, question.due_after(now, minutes), minutes, clock.id)


def claimed(incident: Incident, event: IncidentClaimed) -> Incident:
    charge = replace(incident.charge, unit=event.unit, accountable_unit=event.unit)
    return taken(replace(incident, charge=charge), event.holder, event)


def taken(incident: Incident, user: str, event: Any) -> Incident:
    """The incident that this person now handles: the handling clocks of the unit begin.

    The event has `time`, `minutes` and `handling`.
    """
    in_hand = held(incident, user, event.time, event.minutes)
    return handling_times.begun(in_hand, event.handling, event.time)


def held(incident: Incident, user: str, at: datetime, minutes: int) -> Incident:
    """The incident with a holder and the clock for progress, by claim, hand-off or take-over."""
    charge = incident.charge
    handlers = dict.fromkeys((*charge.handlers, user))
    in_hand = replace(
        incident,
        state=State.CLAIMED,
        charge=replace(charge, holder=user, unit_time=at, handlers=tuple(handlers)),
    )
    if not minutes:  # a 0.1.0 acceptance started no idle clock
        return in_hand
    return clocks.started(in_hand, CLAIM_IDLE, "claim_lapse_minutes", at, minutes)


def released(incident: Incident, event: IncidentReleased) -> Incident:
    counts = replace(incident.counts, releases=incident.counts.releases + 1)
    return pooled(replace(incident, counts=counts), event.time, event.minutes)


def claim_lapsed(incident: Incident, event: ClaimLapsed) -> Incident:
    return pooled(incident, event.time, event.minutes)


def pooled(incident: Incident, at: datetime, minutes: int) -> Incident:
    """The incident back in its unit's pool; the unit, having claimed once, stays accountable."""
    charge = replace(incident.charge, holder="", unit_time=at)
    free = replace(incident, state=State.OFFERED, charge=charge)
    return clocks.signing_in(free, at, minutes)


VERBS = (
    verb(
        {State.OFFERED},
        claim,
        "NOT_YOUR_UNIT",
        "TOO_MANY_HELD",
        "ALREADY_CLAIMED",
        otherwise=require_unclaimed,
        also=hands_of,
    ),
    verb(HELD, release, "NOT_THE_HOLDER", "REASON_MISSING", "ANSWER_PENDING"),
)
CHANGES = (change(claimed), change(released), change(claim_lapsed))
