"""The partner's ticket 转 12345 工单: answered 答复, returned to the desk 退回, lapsed 超时."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidTransition
from backbone.words.guards import require_text
from backbone.words.roles import ANSWERERS, DESKS
from services.alarm.receipt.passed import UNANSWERED, Passed, PassedKind, TicketState
from services.alarm.receipt.record import Receipt, State


class AnswerTicket(Struct, frozen=True):
    by: Actor
    answer: str


class RefuseTicket(Struct, frozen=True):
    by: Actor
    reason: str


class LapseTicket(Struct, frozen=True):
    """The time to answer is over."""


class TicketAnswered(Struct, frozen=True):
    time: datetime
    answer: str
    answered_by: str


class TicketReturned(Struct, frozen=True):
    time: datetime
    reason: str
    answered_by: str


class TicketLapsed(Struct, frozen=True):
    time: datetime


def ticket_of(receipt: Receipt) -> Passed | None:
    """The ticket that the receipt became, also a returned one."""
    passed = receipt.passed
    return passed if passed and passed.kind is PassedKind.TICKET else None


def returned_by(receipt: Receipt, actor: Actor) -> Passed | None:
    """The ticket that the actor's unit gave back before the receipt went on without it: that alone
    it may know, and nothing once the report accuses a unit."""
    ticket = receipt.returned
    if ticket is None or receipt.against or actor.unit in receipt.barred:
        return None
    return ticket if actor.unit == ticket.unit and actor.role in ANSWERERS else None


def answer_ticket(
    receipt: Receipt, command: AnswerTicket, now: datetime, city: City
) -> list[TicketAnswered]:
    ticket = _require_ticket(receipt, command, city)
    answer = require_text(command.answer, "REPLY_MISSING")
    if _stands(receipt, ticket, TicketState.ANSWERED, answer):
        return []
    return [TicketAnswered(now, answer, command.by.user)]


def refuse_ticket(
    receipt: Receipt, command: RefuseTicket, now: datetime, city: City
) -> list[TicketReturned]:
    ticket = _require_ticket(receipt, command, city)
    reason = require_text(command.reason, "REASON_MISSING")
    if _stands(receipt, ticket, TicketState.RETURNED, reason):
        return []
    return [TicketReturned(now, reason, command.by.user)]


def lapse(receipt: Receipt, command: LapseTicket, now: datetime, city: City) -> list[TicketLapsed]:
    due = next_due(receipt)
    if due is None or now < due:
        raise InvalidTransition("NOT_DUE", due=due)
    return [TicketLapsed(now)]


def next_due(receipt: Receipt) -> datetime | None:
    """When the ticket lapses; None without one that waits."""
    ticket = ticket_of(receipt)
    return ticket.due_time if ticket and ticket.state == TicketState.WAITING else None


def _require_ticket(receipt: Receipt, command: Any, city: City | None = None) -> Passed:
    """Allow the partner; for a neighbouring city, which may have no system of ours, also the desk:
    it writes down what it was told by telephone."""
    ticket, actor = ticket_of(receipt), command.by
    if ticket is None or ticket.unit != actor.unit:
        ticket = returned_by(receipt, actor) or ticket
    if ticket is None:
        raise Denied("NOT_YOUR_TICKET", unit="")
    answers = actor.unit == ticket.unit and actor.role in ANSWERERS
    outside = city is not None and ticket.unit in city.neighbours
    told = outside and actor.unit == receipt.unit and actor.role in DESKS
    if not answers and not told:
        raise Denied("NOT_YOUR_TICKET", unit=ticket.unit)
    return ticket


def _stands(receipt: Receipt, ticket: Passed, state: TicketState, text: str) -> bool:
    """Whether this very answer stands already. Raises InvalidTransition if another one does, or if
    the desk has taken the ticket back."""
    if ticket.state in UNANSWERED:
        return False
    if (ticket.state, ticket.answer) == (state, text):
        return True
    facts: dict[str, object] = {
        "answer": ticket.answer,
        "unit": receipt.unit if receipt.come_back_time else ticket.unit,
        "by": ticket.answered_by,
        "time": ticket.answer_time,
        "state": ticket.state,
    }
    if ticket.state == TicketState.RETURNED:
        raise InvalidTransition("TICKET_RETURNED", **facts)
    raise InvalidTransition("TICKET_ANSWERED", **facts)


def _require_passed(receipt: Receipt, command: AnswerTicket) -> None:
    ticket = _require_ticket(receipt, command)
    _stands(receipt, ticket, TicketState.ANSWERED, command.answer)


def _answered(receipt: Receipt, event: TicketAnswered) -> Receipt:
    return _told(receipt, TicketState.ANSWERED, event.answer, event)


def _returned(receipt: Receipt, event: TicketReturned) -> Receipt:
    """The receipt is open again at the desk."""
    told = _told(receipt, TicketState.RETURNED, event.reason, event)
    return replace(told, state=State.RECEIVED, ending=None)


def _told(
    receipt: Receipt, state: TicketState, text: str, event: TicketAnswered | TicketReturned
) -> Receipt:
    assert receipt.passed is not None, "only a ticket is answered"
    by, time = event.answered_by, event.time
    told = replace(receipt.passed, state=state, answer=text, answered_by=by, answer_time=time)
    return replace(receipt, passed=told)


def _lapsed(receipt: Receipt, event: TicketLapsed) -> Receipt:
    assert receipt.passed is not None, "only a ticket lapses"
    lapsed = replace(receipt.passed, state=TicketState.LAPSED, lapse_time=event.time)
    return replace(receipt, passed=lapsed)


# A ticket that was returned is open at the desk again.
OVER = {State.ENDED, State.CLOSED}
ANSWERED = ("NOT_YOUR_TICKET", "TICKET_ANSWERED", "TICKET_RETURNED")
VERBS = (
    verb(OVER, answer_ticket, *ANSWERED, "REPLY_MISSING", otherwise=_require_passed),
    verb(State, refuse_ticket, *ANSWERED, "REASON_MISSING"),
    verb(OVER, lapse, "NOT_DUE"),
)
CHANGES = (change(_answered), change(_returned), change(_lapsed))
