"""Lapses 超时: the consequence of a clock of each kind running out."""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from backbone.life_cycle import change, verb
from backbone.words.actor import CLOCK, Actor
from backbone.words.clock import Clock
from backbone.words.errors import InvalidTransition
from backbone.words.timekeeping import next_firing
from services.workflow.incident import (
    claiming,
    clocks,
    escalating,
    handing_off,
    handling_times,
    objecting,
    returning,
)
from services.workflow.incident.kinds import (
    ARRIVAL,
    CLAIM_IDLE,
    ESCALATION_ANSWER,
    FEEDBACK,
    HAND_OFF_ANSWER,
    OBJECTION_ANSWER,
    RETURN_ANSWER,
    SIGN_IN,
)
from services.workflow.incident.record import POOLED_OR_HELD, Incident
from services.workflow.incident.world import World


class Lapse(Struct, frozen=True):
    """The clock of this id has run out; without an id, the clock that fires next."""

    clock: str = ""
    by: Actor = CLOCK


class SignInLapsed(Struct, frozen=True):
    """No clerk of the unit claimed in time: the desk is told; the offer stands."""

    time: datetime
    clock: str = ""


def lapse(incident: Incident, command: Lapse, now: datetime, world: World) -> list[object]:
    """The consequence of one clock. Raises LookupError for a clock of an unknown kind."""
    clock = _named(incident, command.clock)
    firing = next_firing(clock) if clock else None
    if clock is None or firing is None or now < firing.time:
        raise InvalidTransition("NOT_DUE", due=firing.time if firing else "")
    return [FOLLOWS[clock.kind](incident, clock, now, world)]


def _named(incident: Incident, clock_id: str) -> Clock | None:
    if clock_id:
        # Between the look without a lock and the lock, a question may have silenced it.
        heard = clocks.heard(incident)
        return next((each for each in heard if each.id == clock_id), None)
    due = clocks.next_due(incident)
    return due[0] if due else None


def lapse_sign_in(incident: Incident, clock: Clock, now: datetime, world: World) -> SignInLapsed:
    return SignInLapsed(now, clock.id)


def sign_in_lapsed(incident: Incident, event: SignInLapsed) -> Incident:
    return clocks.lapsed(incident, SIGN_IN, event.clock, event.time)


FOLLOWS: Mapping[str, Callable[[Incident, Clock, datetime, World], object]] = {
    SIGN_IN: lapse_sign_in,
    CLAIM_IDLE: claiming.lapse_idle,
    HAND_OFF_ANSWER: handing_off.lapse_answer,
    RETURN_ANSWER: returning.lapse_answer,
    OBJECTION_ANSWER: objecting.lapse_answer,
    ESCALATION_ANSWER: escalating.lapse_answer,
    ARRIVAL: handling_times.lapse,
    FEEDBACK: handling_times.lapse,
}
VERBS = (verb(POOLED_OR_HELD, lapse, "NOT_DUE"),)
CHANGES = (change(sign_in_lapsed),)
