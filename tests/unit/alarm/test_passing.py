"""Passed is not gone: what a receipt becomes elsewhere, and what comes back to it."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import Denied
from backbone.words.followed import FollowIncident as Step
from services.alarm import codec
from services.alarm.receipt import RECEIPTS
from services.alarm.receipt.linking import FollowIncident
from services.alarm.receipt.passed import PassedKind, TicketState
from services.alarm.receipt.passing import (
    FollowRecord,
    MediationReferred,
    PassedToPetitions,
    PassedToUnit,
    PassTo12345,
    TicketFiled,
)
from services.alarm.receipt.record import Kind, Outcome, State
from services.alarm.receipt.table import passed_state, project
from services.alarm.receipt.tickets import AnswerTicket, LapseTicket, RefuseTicket
from tests.cities import NOW
from tests.desks import DISPATCHER, HOTLINE, STRANGER, TAKER, a_report
from tests.unit.alarm.receipts import (
    ANSWER_TICKET,
    CITY,
    ID,
    OPEN,
    PASS,
    PASS_TO_OFFICE,
    PASS_TO_UNIT,
    RECEIVED,
    REFER,
    REFUSE_TICKET,
    after,
    decide,
    refusal_of,
)

FILED = after(PASS, found=RECEIVED)


@pytest.mark.parametrize(
    ("command", "event", "kind"),
    [
        (PASS, TicketFiled, PassedKind.TICKET),
        (PASS_TO_UNIT, PassedToUnit, PassedKind.INCIDENT),
        (PASS_TO_OFFICE, PassedToPetitions, PassedKind.PETITION),
        (PassTo12345(TAKER, "mediation"), MediationReferred, PassedKind.DISPUTE),
        (REFER, MediationReferred, PassedKind.DISPUTE),
    ],
)
def test_what_it_becomes_follows_from_the_kind_of_unit(
    command: Any, event: Any, kind: PassedKind
) -> None:
    [told] = decide(RECEIVED, command)
    assert isinstance(told, event)
    passed = after(command, found=RECEIVED)
    assert passed.passed is not None and passed.ending is not None
    assert (passed.passed.kind, passed.outcome) == (kind, Outcome.PASSED)
    assert passed.passed.unit == passed.passed_to == passed.ending.passed_to
    matter = getattr(told, "matter", None) or getattr(told, "referral", None)
    assert matter is None or (matter.id, matter.code) == (ID, RECEIVED.code)


def test_in_a_units_pool_it_is_followed_and_filed_like_an_opened_one() -> None:
    passed = after(PASS_TO_UNIT, found=RECEIVED)
    assert passed.incident is not None and passed.incident.id == ID
    resolved = Step("IncidentResolved", 6, state="RESOLVED", unit="roads", reply="已修复")
    found = after(FollowIncident(ID, resolved), found=passed)
    assert passed_state(found) == "RESOLVED"
    shown = codec.resources.Passed()
    codec._show_passed(found, shown)
    assert (shown.state, shown.answer, shown.code) == ("RESOLVED", "已修复", RECEIVED.code)
    closed = after(FollowIncident(ID, Step("IncidentClosed", 8, state="CLOSED")), found=found)
    assert closed.state is State.CLOSED


def test_the_answer_of_a_petition_comes_back_in_order() -> None:
    passed = after(PASS_TO_OFFICE, found=RECEIVED)
    told = FollowRecord(PassedKind.PETITION, "PetitionReplied", 5, "REPLIED", "已拆除")
    replied = after(told, found=passed)
    assert replied.passed is not None
    assert (replied.passed.state, replied.passed.answer, replied.passed.answer_time) == (
        "REPLIED",
        "已拆除",
        NOW,
    )
    for ignored in (
        told,
        FollowRecord(PassedKind.PETITION, "PetitionAccepted", 2, "ACCEPTED"),
        FollowRecord(PassedKind.DISPUTE, "DisputeClosed", 9, "CLOSED"),
    ):
        assert decide(replied, ignored) == []
    closed = after(FollowRecord(PassedKind.PETITION, "PetitionClosed", 6, "CLOSED"), found=replied)
    assert closed.passed is not None and closed.passed.answer == "已拆除"


def test_an_accusation_that_a_petition_became_is_followed_no_further() -> None:
    passed = after(PASS_TO_OFFICE, found=RECEIVED)
    last = FollowRecord(PassedKind.PETITION, "PetitionAccepted", 2, "ACCEPTED", last=True)
    accepted = after(last, found=passed)
    later = FollowRecord(PassedKind.PETITION, "PetitionReplied", 5, "REPLIED", "查实")
    assert decide(accepted, later) == []


def test_a_ticket_lapses_once_and_can_still_be_answered() -> None:
    due = project(FILED)["due_time"]
    assert due == NOW + timedelta(minutes=7200)
    assert refusal_of(FILED, LapseTicket()).reason == "NOT_DUE"
    [lapsed] = RECEIPTS.decide(FILED, LapseTicket(), due, CITY)
    found = RECEIPTS.evolve(FILED, lapsed)
    assert (passed_state(found), project(found)["due_time"]) == (TicketState.LAPSED, None)
    answered = after(ANSWER_TICKET, found=found)
    assert passed_state(answered) == TicketState.ANSWERED
    assert answered.state is State.ENDED


def test_the_same_answer_is_the_same_and_another_hears_what_stands() -> None:
    answered = after(ANSWER_TICKET, found=FILED)
    assert decide(answered, ANSWER_TICKET) == []
    for other in (AnswerTicket(HOTLINE, "另一答复"), REFUSE_TICKET):
        refusal = refusal_of(answered, other)
        assert refusal.reason == "TICKET_ANSWERED"
        assert refusal.facts["answer"] == ANSWER_TICKET.answer


def test_a_refused_ticket_is_open_at_the_desk_again() -> None:
    back = after(REFUSE_TICKET, found=FILED)
    assert (back.state, back.outcome, passed_state(back)) == (State.RECEIVED, None, "RETURNED")
    assert back.passed_to == "hotline" and decide(back, REFUSE_TICKET) == []
    assert refusal_of(back, RefuseTicket(HOTLINE, "别的理由")).reason == "TICKET_RETURNED"
    assert refusal_of(back, ANSWER_TICKET).reason == "TICKET_RETURNED"
    opened = after(OPEN, found=back)
    assert (opened.outcome, opened.passed, opened.passed_to) == (Outcome.OPENED, None, "")
    assert opened.returned == back.passed, "its partner may still read what it gave back"
    assert decide(opened, REFUSE_TICKET) == []
    for late in (RefuseTicket(HOTLINE, "别的理由"), ANSWER_TICKET):
        assert refusal_of(opened, late).reason == "TICKET_RETURNED"
    stranger = replace(REFUSE_TICKET, by=replace(HOTLINE, unit="court"))
    assert refusal_of(opened, stranger).reason == "NO_SUCH_RECEIPT"
    accusing = replace(opened, report=replace(opened.report, against="north"))
    assert refusal_of(accusing, ANSWER_TICKET).reason == "NO_SUCH_RECEIPT"
    again = after(PASS, found=back)
    assert passed_state(again) == TicketState.WAITING
    assert passed_state(after(ANSWER_TICKET, found=again)) == TicketState.ANSWERED


def test_only_the_partner_answers() -> None:
    """The desk answers for a partner without an account here; this one has one."""
    for who in (TAKER, DISPATCHER):
        assert refusal_of(FILED, AnswerTicket(who, "好")).reason == "NOT_YOUR_TICKET"
    mediator = Actor("x", "hotline", "mediator")
    assert refusal_of(FILED, AnswerTicket(mediator, "好")).reason == "ROLE_MAY_NOT"
    clerk = replace(TAKER, role="clerk")
    assert refusal_of(FILED, AnswerTicket(clerk, "好")).reason == "NOT_YOUR_TICKET"
    assert refusal_of(FILED, AnswerTicket(STRANGER, "好")).reason == "NO_SUCH_RECEIPT"


@pytest.mark.parametrize(
    ("unit", "files"), [("hotline", Kind.TICKET_12345), ("roads", Kind.DEVICE)]
)
def test_a_partner_files_only_its_own_kind_of_report(unit: str, files: Kind) -> None:
    partner = Actor("system", unit, "partner")
    for kind in Kind:
        if kind is files:
            assert decide(None, a_report(by=partner, kind=kind))
        else:
            refusal = refusal_of(None, a_report(by=partner, kind=kind))
            assert (type(refusal), refusal.reason) == (Denied, "MAY_NOT_RECEIVE")


def test_a_ticket_shows_no_caller() -> None:
    ticket = codec.to_ticket(FILED)
    assert (ticket.unit, ticket.desk, ticket.narrative) == (
        "hotline",
        "command",
        FILED.report.narrative,
    )
    assert "caller" not in ticket.DESCRIPTOR.fields_by_name
