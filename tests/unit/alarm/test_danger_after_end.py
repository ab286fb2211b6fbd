"""A danger that is told after the end: the receipt comes back, or a new one is asked for."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed

from liandong.alarm.v1 import alarm_pb2 as resources
from services.alarm.outstanding import _shown
from services.alarm.receipt.danger import DangerHeard, PriorityConfirmed
from services.alarm.receipt.ending import OpenIncident
from services.alarm.receipt.passed import TicketState
from services.alarm.receipt.record import Outcome, Receipt, State
from services.alarm.receipt.reinstating import ReceiptReinstated
from services.alarm.receipt.table import project
from services.alarm.receipt.tickets import AnswerTicket
from tests.cities import NOW
from tests.desks import HOTLINE, TAKER
from tests.unit.alarm.receipts import (
    ANSWER,
    ANSWER_TICKET,
    CLOSE,
    INVALID,
    PASS,
    PASS_TO_OFFICE,
    PASS_TO_UNIT,
    REFER,
)
from tests.unit.alarm.test_danger import KNIFE, after, amended, decide, replace_word, taken

CALM = "楼道里有人堆垃圾"
TOLD = amended("楼道里有人堆垃圾,现在着火了,楼上老人出不来")


def ended(*how: Any, said: str = CALM) -> Receipt:
    return after(*how, found=taken(said, category="theft", priority="P4"))


def refusal(found: Receipt, command: Any) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # by its reason
        decide(found, command)
    return str(getattr(caught.value, "reason", ""))


@pytest.mark.parametrize(
    "found",
    [ended(ANSWER), ended(INVALID), ended(PASS), ended(PASS, ANSWER_TICKET)],
    ids=["answered", "invalid", "ticket", "answered ticket"],
)
def test_what_ended_without_an_incident_comes_back_to_its_desk(found: Receipt) -> None:
    kinds = [type(event) for event in decide(found, TOLD)]
    assert kinds[:2] == [DangerHeard, ReceiptReinstated]
    back = after(TOLD, found=found)
    assert (back.state, back.ending, back.classification.priority) == (State.RECEIVED, None, "P1")
    row = project(back)
    assert (row["passed_state"], row["state"]) == ("RETURNED", "RECEIVED"), "the desk's inbox"
    assert row["passed_to"], "a row that was returned was passed"
    assert back.readers == found.readers
    waits = _shown(back, timedelta(days=5))
    assert (waits.reason, waits.priority) == (resources.Outstanding.REASON_DANGER, "P1")
    assert waits.cause
    opened = after(OpenIncident(TAKER, confirm_priority=True), found=back)
    assert opened.outcome is Outcome.OPENED
    assert project(opened)["passed_state"] == ""


def test_the_partner_is_told_that_its_ticket_was_taken_back() -> None:
    back = after(TOLD, found=ended(PASS))
    assert back.passed is not None
    assert (back.passed.state, back.passed.answered_by) == (TicketState.RETURNED, TAKER.user)
    assert "险情" in back.passed.answer
    with pytest.raises(Exception, match="TICKET_RETURNED") as caught:
        decide(back, AnswerTicket(HOTLINE, "已清理"))
    assert caught.value.facts["unit"] == TAKER.unit  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", [ANSWER, INVALID, PASS, PASS_TO_OFFICE, REFER])
def test_a_person_may_say_that_it_stays_ended(how: Any) -> None:
    found = ended(how)
    word = [each for each in decide(found, replace_word(TOLD)) if type(each) is PriorityConfirmed]
    assert [each.danger for each in word] == [TOLD.heard]
    stays = after(replace_word(TOLD), found=found)
    assert (stays.state, stays.outcome) == (State.ENDED, found.outcome)
    assert after(amended(f"{TOLD.narrative}。"), found=stays).state is State.ENDED, "it is settled"


@pytest.mark.parametrize("how", [PASS_TO_OFFICE, REFER])
def test_what_became_a_petition_or_a_dispute_needs_a_new_report(how: Any) -> None:
    """It may become an incident by the receipt's own id and code."""
    assert refusal(ended(how), TOLD) == "NEW_REPORT_NEEDED"


def test_what_has_an_incident_or_was_filed_goes_other_ways() -> None:
    assert after(TOLD, found=ended(PASS_TO_UNIT)).classification.priority == "P1"
    assert refusal(ended(ANSWER, CLOSE), TOLD) == "ALREADY_ENDED"


def test_a_danger_that_is_known_brings_nothing_back() -> None:
    """It was settled with the end; a second one beside it was not."""
    found = after(changed(ANSWER, confirm_priority=True), found=taken(KNIFE))
    assert after(amended(f"{KNIFE}。"), found=found).state is State.ENDED
    assert after(amended(f"{KNIFE}，还着火了"), found=found).state is State.RECEIVED


def test_a_word_for_a_danger_that_is_taken_back_is_none_for_a_new_one() -> None:
    """The question named the old one alone."""
    found = after(changed(ANSWER, confirm_priority=True), found=taken(KNIFE))
    fresh = changed(TOLD, heard=changed(TOLD.heard, priority="P2", others=()))
    assert refusal(found, fresh) == "DANGER_UNCONFIRMED"
    assert after(replace_word(fresh), found=found).state is State.RECEIVED


def test_the_time_of_its_coming_back_ends_with_its_next_end() -> None:
    back = after(TOLD, found=ended(ANSWER))
    assert back.come_back_time == NOW
    again = after(changed(ANSWER, confirm_priority=True), found=back)
    assert again.come_back_time is None
