"""Orders to teams 派队, before or after the receipt's end, and their refusals by emergency."""

from datetime import datetime
from functools import reduce
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidTransition
from backbone.words.followed import OVER as ENDED
from backbone.words.guards import require_not_accused
from backbone.words.heard_report import Awaits
from backbone.words.matter import Matter
from backbone.words.place import Place
from services.alarm.receipt.city import require_team
from services.alarm.receipt.correcting import facts_to_send
from services.alarm.receipt.danger import PriorityConfirmed, settled, unsettled
from services.alarm.receipt.record import Dispatch, Outcome, Receipt, State
from services.alarm.receipt.rights import (
    require_desk,
    require_near,
    require_not_ended,
    require_team_sender,
)

# Where the mission of an order is over, the team may be sent again.
OVER = frozenset({"CLEARED", "REFUSED", "RECALLED"})


class DispatchNow(Struct, frozen=True):
    """`facts` are those of the incident, which more than this receipt may have corrected, and
    `facts_version` and `facts_state` are its version and state.

    None where there is no incident, or none that answers: then the receipt's own are used.

    `standing` is the state of the mission that the latest order to this team has made. It is empty
    if there is none, or while the emergency service cannot be asked. `confirm_priority` is the
    person's word that the receipt's own priority holds, though it lies below a danger to life.
    """

    by: Actor
    team: str
    note: str = ""
    facts: Matter | None = None
    standing: str = ""
    force_reason: str = ""
    facts_version: int = 0
    facts_state: str = ""
    confirm_priority: bool = False


class RefuseDispatch(Struct, frozen=True):
    """The refusal by the emergency service of an order that the receipt has recorded.

    `again` is the order's number: a refusal may be heard after a later order to the team.
    """

    team: str
    reason: str
    again: int | None = None


class Order(Struct, frozen=True):
    """An order to a team; field names are those of the emergency contract.

    `again` counts the orders before this one that were refused or are over: it gives each new order
    a new request id. `against` is the unit that the report accuses: no watcher sees the mission.
    The versions tell the mission which events happened before its order; an order with the facts of
    the receipt `awaits` that its incident has heard them.
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
    receipt: str
    note: str
    again: int = 0
    danger: str = ""
    force_reason: str = ""
    against: str = ""
    receipt_version: int = 0
    matter_version: int = 0
    persons: tuple[str, ...] = ()
    awaits: Awaits = Awaits()


class DispatchOrdered(Struct, frozen=True):
    time: datetime
    order: Order
    note: str
    facts: Matter | None = None


class DispatchRefused(Struct, frozen=True):
    time: datetime
    team: str
    reason: str


def dispatch(
    receipt: Receipt, command: DispatchNow, now: datetime, city: City
) -> list[PriorityConfirmed | DispatchOrdered]:
    command = _of_its_incident(receipt, command)
    require_desk(receipt, command)
    require_team_sender(command.by)
    if receipt.outcome is Outcome.INVALID:
        require_not_ended(receipt, command)
    _require_going_on(receipt, command)
    team = require_team(city, command.team)
    require_near(command.by, team)
    require_not_accused(city, receipt.against, team.unit)
    order = stands(receipt, command.team)
    if order is not None and command.standing not in OVER:
        raise InvalidTransition(
            "ALREADY_DISPATCHED",
            team=order.team,
            unit=receipt.unit,
            by=order.ordered_by,
            time=order.order_time,
            state=command.standing or "ORDERED",
        )
    latest = _latest(receipt, command.team)
    word = _word(receipt, command, now)
    spoken = reduce(settled, word, receipt)
    ordered = replace(
        order_of(spoken, command),
        again=latest.again + 1 if latest else 0,
        receipt_version=receipt.version + len(word) + 1,
    )
    return [*word, DispatchOrdered(now, ordered, command.note, command.facts)]


def _word(receipt: Receipt, command: DispatchNow, now: datetime) -> list[PriorityConfirmed]:
    """The person's word where the order would have the priority of a danger without it. What an
    incident says is settled there."""
    heard, own = receipt.suggestions.danger, receipt.classification.priority
    if heard is None or command.facts is not None or not command.confirm_priority:
        return []
    below = own > (unsettled(receipt, heard) or own)
    return [PriorityConfirmed(now, heard, command.by.user)] if below else []


def _of_its_incident(receipt: Receipt, command: DispatchNow) -> DispatchNow:
    """The command without the facts of an incident that the receipt has left meanwhile, or joined
    only since: they, their version and state are those of another matter."""
    if command.facts is None or command.facts.id == receipt.matter_id:
        return command
    return replace(command, facts=None, facts_version=0, facts_state="")


def _require_going_on(receipt: Receipt, command: DispatchNow) -> None:
    """Refuse to send a team for an incident that has ended, though the receipt may not know it."""
    incident = receipt.incident
    if incident is None:
        return
    state = command.facts_state or incident.known.state
    if state in ENDED:
        raise InvalidTransition("INCIDENT_OVER", incident=incident.code, state=state)


def order_of(receipt: Receipt, command: DispatchNow) -> Order:
    """The latest order of the receipt to this team; equal for the call and the event."""
    latest = _latest(receipt, command.team)
    facts = command.facts or facts_to_send(receipt)
    return Order(
        matter_id=receipt.matter_id,
        code=receipt.matter_code,
        team=command.team,
        priority=facts.priority,
        place=facts.place,
        narrative="\n".join(filter(None, (facts.narrative, command.note))),
        category=facts.category,
        ordered_by=command.by.user,
        ordered_unit=command.by.unit,
        danger=facts.danger,
        receipt=str(receipt.id),
        note=command.note,
        again=latest.again if latest else 0,
        force_reason=command.force_reason,
        against=receipt.against,
        receipt_version=latest.receipt_version if latest else 0,
        matter_version=command.facts_version,
        persons=tuple(dict.fromkeys((*receipt.named, *facts.persons))),
        awaits=Awaits() if command.facts else _awaits(receipt),
    )


def _awaits(receipt: Receipt) -> Awaits:
    """What the incident of the receipt may not have heard of it yet."""
    if receipt.incident is None:
        return Awaits()
    corrected = max((each.version for each in receipt.corrected), default=0)
    return Awaits(receipt.incident.link_version, corrected)


def as_recorded(receipt: Receipt, command: DispatchNow) -> DispatchNow:
    """The command with the facts by which it was ordered; a repeat may have seen later ones."""
    latest = _latest(receipt, command.team)
    if latest is None:
        return replace(command, facts=None)
    return replace(command, facts=latest.facts, facts_version=latest.matter_version)


def refuse(
    receipt: Receipt, command: RefuseDispatch, now: datetime, city: City
) -> list[DispatchRefused]:
    """Record the refusal once; the refusal of an order that no longer stands changes nothing."""
    order = _latest(receipt, command.team)
    if order is None or order.refused or command.again not in (None, order.again):
        return []
    return [DispatchRefused(now, command.team, command.reason)]


def stands(receipt: Receipt, team: str) -> Dispatch | None:
    """The last order to this team that was not refused: the team may be under way."""
    given = (order for order in reversed(receipt.dispatches) if order.team == team)
    return next((order for order in given if not order.refused), None)


def _latest(receipt: Receipt, team: str) -> Dispatch | None:
    given = (order for order in reversed(receipt.dispatches) if order.team == team)
    return next(given, None)


def _ordered(receipt: Receipt, event: DispatchOrdered) -> Receipt:
    order = event.order
    given = Dispatch(
        order.team,
        event.note,
        order.ordered_by,
        event.time,
        again=order.again,
        facts=event.facts,
        receipt_version=order.receipt_version,
        matter_version=order.matter_version,
    )
    return replace(receipt, dispatches=(*receipt.dispatches, given))


def _refused(receipt: Receipt, event: DispatchRefused) -> Receipt:
    """The latest order to the team was refused; what became of the earlier ones stays."""
    latest = _latest(receipt, event.team)
    told = (
        replace(each, refused=event.reason) if each is latest else each
        for each in receipt.dispatches
    )
    return replace(receipt, dispatches=tuple(told))


VERBS = (
    verb(
        {State.RECEIVED, State.ENDED},
        dispatch,
        "ALREADY_ENDED",
        "ALREADY_DISPATCHED",
        "INCIDENT_OVER",
        "NOT_YOUR_DESK",
        "ROLE_MAY_NOT",
        "UNKNOWN_TEAM",
        "NO_SUCH_TEAM",
        "ACCUSED_UNIT",
        otherwise=require_desk,
    ),
    verb(State, refuse),
)
CHANGES = (change(_ordered), change(_refused))
