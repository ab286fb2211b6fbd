"""Handing off 转办: offer, accept or refuse; the giver stays accountable until acceptance."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.guards import require_not_accused
from services.workflow.incident import clocks
from services.workflow.incident.claim import idle_clock, with_handler
from services.workflow.incident.clocks import HandOffLapsed
from services.workflow.incident.record import (
    Due,
    Incident,
    Offer,
    State,
    require_holder,
    require_no_question,
    require_text,
)
from services.workflow.incident.routing import require_unit


class HandOffIncident(Struct, frozen=True):
    by: Actor
    to_unit: str
    reason: str


class AcceptHandOff(Struct, frozen=True):
    by: Actor


class RefuseHandOff(Struct, frozen=True):
    by: Actor
    reason: str


class HandOffOffered(Struct, frozen=True):
    time: datetime
    from_unit: str
    to_unit: str
    reason: str
    due_time: datetime
    minutes: int


class HandOffAccepted(Struct, frozen=True):
    """`due_time` is None where it was accepted before an acceptance started the idle clock."""

    time: datetime
    unit: str
    holder: str
    due_time: datetime | None = None
    minutes: int = 0


class HandOffRefused(Struct, frozen=True):
    time: datetime
    reason: str
    raised_to: str = ""


Event = HandOffOffered | HandOffAccepted | HandOffRefused | HandOffLapsed


def offer(found: Incident, command: HandOffIncident, now: datetime, city: City) -> Event:
    require_holder(found, command.by)
    require_unit(city, command.to_unit)
    require_not_accused(city, found.against, command.to_unit)
    if command.to_unit == found.unit:
        raise InvalidArgument("SAME_UNIT", unit=found.unit)
    require_text(command.reason, "REASON_MISSING")
    require_no_question(found)
    if found.bounces >= clocks.require_policy(city).bounce_cap:
        raise InvalidTransition("TOO_MANY_BOUNCES", bounces=found.bounces)
    minutes = clocks.require_policy(city).hand_off_answer_minutes
    due = clocks.after(now, minutes)
    return HandOffOffered(now, found.unit, command.to_unit, command.reason, due, minutes)


def accept(found: Incident, command: AcceptHandOff, now: datetime, city: City) -> Event:
    _require_receiver(found, command.by)
    minutes = clocks.require_policy(city).claim_lapse_minutes
    due = clocks.after(now, minutes)
    return HandOffAccepted(now, command.by.unit, command.by.user, due, minutes)


def refuse(found: Incident, command: RefuseHandOff, now: datetime, city: City) -> Event:
    _require_receiver(found, command.by)
    reason = require_text(command.reason, "REASON_MISSING")
    return HandOffRefused(now, reason, clocks.bounced_to(found, found.hand_off, city))


def _require_receiver(found: Incident, actor: Actor) -> None:
    if found.hand_off is None:
        raise InvalidTransition("NO_HAND_OFF_PENDING", state=found.state)
    if actor.unit != found.hand_off.to_unit:
        raise Denied("NOT_YOUR_UNIT", unit=found.hand_off.to_unit)


def evolve(found: Incident, event: Event) -> Incident:
    match event:
        case HandOffOffered():
            offer = Offer(event.from_unit, event.to_unit, event.reason, event.time, event.due_time)
            due = Due(
                clocks.HAND_OFF_ANSWER,
                event.time,
                event.due_time,
                event.minutes,
                "hand_off_answer_minutes",
            )
            return clocks.start(replace(found, hand_off=offer), due)
        case HandOffAccepted():
            return _accepted(found, event)
        case HandOffRefused():
            kept = clocks.stop(found, clocks.HAND_OFF_ANSWER)
            bounces = found.bounces + 1
            return replace(kept, hand_off=None, bounces=bounces, raised_to=event.raised_to)
        case HandOffLapsed():
            lapsed = clocks.mark_lapsed(found, clocks.HAND_OFF_ANSWER, event.time)
            return replace(lapsed, hand_off=clocks.raised(found.hand_off, event.raised_to))


def _accepted(found: Incident, event: HandOffAccepted) -> Incident:
    accepted = replace(
        clocks.stop_all(found),
        state=State.CLAIMED,
        hand_off=None,
        sender=found.unit,
        unit=event.unit,
        unit_time=event.time,
        accountable_unit=event.unit,
        holder=event.holder,
        handlers=with_handler(found, event.holder),
    )
    if event.due_time is None:
        return accepted
    return clocks.start(accepted, idle_clock(event.time, event.due_time, event.minutes))
