"""Returning 退回: the receiver asks its sender to take it back, and answers for it until then."""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidTransition
from services.workflow.incident import clocks
from services.workflow.incident.clocks import ReturnLapsed
from services.workflow.incident.record import (
    HELD,
    Due,
    Incident,
    Offer,
    State,
    require_holder,
    require_no_question,
    require_text,
)


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


Event = ReturnRequested | ReturnAccepted | ReturnRejected | ReturnLapsed


def ask(found: Incident, command: RequestReturn, now: datetime, city: City) -> Event:
    if found.state in HELD:
        require_holder(found, command.by)
    elif command.by.unit != found.unit:
        raise Denied("NOT_YOUR_UNIT", unit=found.unit)
    require_text(command.reason, "REASON_MISSING")
    require_no_question(found)
    policy = clocks.require_policy(city)
    since = found.unit_time or found.open_time
    if now > since + timedelta(minutes=policy.return_window_minutes):
        raise InvalidTransition("RETURN_WINDOW_OVER", since=since)
    minutes = policy.return_answer_minutes
    due = clocks.after(now, minutes)
    return ReturnRequested(now, found.unit, found.sender, command.reason, due, minutes)


def accept(found: Incident, command: AcceptReturn, now: datetime, city: City) -> Event:
    _require_sender(found, command.by)
    raised_to = clocks.bounced_to(found, found.pending_return, city)
    return ReturnAccepted(now, command.by.unit, raised_to)


def reject(found: Incident, command: RejectReturn, now: datetime) -> Event:
    _require_sender(found, command.by)
    return ReturnRejected(now, require_text(command.reason, "REASON_MISSING"))


def _require_sender(found: Incident, actor: Actor) -> None:
    question = found.pending_return
    if question is None:
        raise InvalidTransition("NO_RETURN_PENDING", state=found.state)
    if actor.unit not in (question.to_unit, question.raised_to):
        raise Denied("NOT_THE_SENDER", unit=question.to_unit)


def evolve(found: Incident, event: Event) -> Incident:
    match event:
        case ReturnRequested():
            asked = Offer(event.from_unit, event.to_unit, event.reason, event.time, event.due_time)
            due = Due(
                clocks.RETURN_ANSWER,
                event.time,
                event.due_time,
                event.minutes,
                "return_answer_minutes",
            )
            return clocks.start(replace(found, pending_return=asked), due)
        case ReturnAccepted():
            return _returned(found, event)
        case ReturnRejected():
            kept = clocks.stop(found, clocks.RETURN_ANSWER)
            return replace(kept, pending_return=None)
        case ReturnLapsed():
            lapsed = clocks.mark_lapsed(found, clocks.RETURN_ANSWER, event.time)
            question = clocks.raised(found.pending_return, event.raised_to)
            return replace(lapsed, pending_return=question)


def _returned(found: Incident, event: ReturnAccepted) -> Incident:
    """Whoever took it back answers for it now, and a dispatcher finds the next unit."""
    return replace(
        clocks.stop_all(found),
        state=State.TRIAGE,
        pending_return=None,
        unit="",
        holder="",
        unit_time=event.time,
        accountable_unit=event.to_unit,
        bounces=found.bounces + 1,
        raised_to=event.raised_to,
    )
