"""What goes on beside the end: orders to teams, call-backs, the incident's news, disclosures."""

from datetime import datetime
from typing import assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.words import followed
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.followed import FollowIncident as Step
from backbone.words.followed import IncidentFollowed
from backbone.words.place import Place
from services.alarm.receipt.city import require_team
from services.alarm.receipt.closing import ReceiptClosed, is_over
from services.alarm.receipt.ending import require_not_ended
from services.alarm.receipt.record import CallBack, Dispatch, Finding, Outcome, Receipt, State
from services.alarm.receipt.rights import require_may_dispatch, require_may_reveal
from services.alarm.receipt.texts import require_short, require_text

MOST_CALL_BACKS = 50


class DispatchNow(Struct, frozen=True):
    by: Actor
    team: str
    note: str = ""


class RefuseDispatch(Struct, frozen=True):
    """What the emergency service has answered to the order that the receipt keeps already."""

    team: str
    reason: str


class RecordCallBack(Struct, frozen=True):
    by: Actor
    finding: Finding | None
    note: str = ""


class FollowIncident(Struct, frozen=True):
    """One step of an incident that the receipt has opened or was linked to."""

    incident_id: UUID
    step: Step


class RevealCaller(Struct, frozen=True):
    by: Actor
    purpose: str


class Order(Struct, frozen=True):
    """What a team is told; named as the contract of the emergency service names it.

    `again` counts the refused orders before this one: a new order is a new request.
    """

    matter_id: UUID
    code: str
    team: str
    priority: str
    place: Place
    narrative: str
    category: str
    ordered_by: str
    ordered_unit: str
    again: int = 0


class DispatchOrdered(Struct, frozen=True):
    time: datetime
    order: Order
    note: str


class DispatchRefused(Struct, frozen=True):
    time: datetime
    team: str
    reason: str


class CallBackRecorded(Struct, frozen=True):
    time: datetime
    finding: Finding
    note: str
    called_by: str


class AlarmRevealed(Struct, frozen=True):
    """Changes nothing but the version: it stands in the journal for the auditor."""

    time: datetime
    user: str
    unit: str
    role: str
    purpose: str


Command = DispatchNow | RefuseDispatch | RecordCallBack | FollowIncident | RevealCaller
Event = DispatchOrdered | DispatchRefused | CallBackRecorded | IncidentFollowed | AlarmRevealed


def dispatch(
    receipt: Receipt, command: DispatchNow, now: datetime, city: City
) -> list[DispatchOrdered]:
    require_may_dispatch(command.by, require_team(city, command.team))
    if receipt.outcome is Outcome.INVALID:
        require_not_ended(receipt)
    require_short(note=command.note)
    order = _latest(receipt, command.team)
    if order is not None and not order.refused:
        raise InvalidTransition(
            "ALREADY_DISPATCHED",
            team=order.team,
            unit=receipt.unit,
            by=order.ordered_by,
            time=order.order_time,
            state="ORDERED",
        )
    return [DispatchOrdered(now, order_of(receipt, command), command.note)]


def order_of(receipt: Receipt, command: DispatchNow) -> Order:
    """The order, the same over the call and over the event, before it is kept and after."""
    latest = _latest(receipt, command.team)
    return Order(
        matter_id=receipt.matter_id,
        code=receipt.matter_code,
        team=command.team,
        priority=receipt.priority,
        place=replace(receipt.place, area=receipt.area),
        narrative="\n".join(filter(None, (receipt.narrative, command.note))),
        category=receipt.category,
        ordered_by=command.by.user,
        ordered_unit=command.by.unit,
        again=latest.again + bool(latest.refused) if latest else 0,
    )


def refuse(receipt: Receipt, command: RefuseDispatch, now: datetime) -> list[DispatchRefused]:
    order = _latest(receipt, command.team)
    if order is None or order.refused:
        return []
    return [DispatchRefused(now, command.team, command.reason)]


def _latest(receipt: Receipt, team: str) -> Dispatch | None:
    return next((order for order in receipt.dispatches if order.team == team), None)


def call_back(receipt: Receipt, command: RecordCallBack, now: datetime) -> list[CallBackRecorded]:
    if command.finding is None:
        raise InvalidArgument("FINDING_MISSING")
    if len(receipt.call_backs) >= MOST_CALL_BACKS:
        raise InvalidTransition("TOO_MANY_CALL_BACKS", most=MOST_CALL_BACKS)
    require_short(note=command.note)
    return [CallBackRecorded(now, command.finding, command.note, command.by.user)]


def follow(
    receipt: Receipt, command: FollowIncident, now: datetime
) -> list[IncidentFollowed | ReceiptClosed]:
    """News of a link that was taken back are none; an incident that is over closes the receipt."""
    if receipt.incident is None or receipt.incident_id != command.incident_id:
        return []
    news = followed.follow(receipt.incident, command.step, now)
    closes = receipt.state is State.ENDED and any(is_over(each.incident) for each in news)
    return [*news, ReceiptClosed(now)] if closes else [*news]


def reveal(receipt: Receipt, command: RevealCaller, now: datetime) -> list[AlarmRevealed]:
    require_may_reveal(receipt, command.by)
    require_text("PURPOSE_MISSING", command.purpose)
    require_short(purpose=command.purpose)
    by = command.by
    return [AlarmRevealed(now, by.user, by.unit, by.role, command.purpose)]


def evolve(receipt: Receipt, event: Event) -> Receipt:
    match event:
        case DispatchOrdered():
            order = event.order
            given = Dispatch(
                order.team, event.note, order.ordered_by, event.time, again=order.again
            )
            others = (each for each in receipt.dispatches if each.team != order.team)
            return replace(receipt, dispatches=(*others, given))
        case DispatchRefused(_, team, reason):
            told = (
                replace(each, refused=reason) if each.team == team else each
                for each in receipt.dispatches
            )
            return replace(receipt, dispatches=tuple(told))
        case CallBackRecorded():
            made = CallBack(event.finding, event.note, event.called_by, event.time)
            return replace(receipt, call_backs=(*receipt.call_backs, made))
        case IncidentFollowed():
            return replace(receipt, incident=event.incident)
        case AlarmRevealed():
            return receipt
        case _:
            assert_never(event)
