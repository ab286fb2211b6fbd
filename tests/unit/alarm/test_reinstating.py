"""Undoing a wrong end: a second person says why; a receipt comes back with its incident."""

from typing import Any

import pytest

from backbone.words.followed import FollowIncident as Step
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.linking import FollowIncident
from services.alarm.receipt.record import Outcome, Receipt, State
from services.alarm.receipt.reinstating import UndoInvalid
from tests.desks import DISPATCHER, HOTLINE_CLERK, STRANGER, TAKER
from tests.unit.alarm.receipts import (
    ANSWERED,
    CLOSE,
    ID,
    INVALID,
    OPEN,
    RECEIVED,
    after,
    decide,
    refusal_of,
)

UNDO = UndoInvalid(DISPATCHER, "确有其事")
MARKED = after(INVALID, found=RECEIVED)
VOIDED = FollowIncident(ID, Step("IncidentVoided", 5, state="VOIDED"))
AGAIN = FollowIncident(ID, Step("IncidentOffered", 7, state="OFFERED", unit="north"))


@pytest.mark.parametrize("found", [MARKED, after(CLOSE, found=MARKED)], ids=["marked", "filed"])
def test_a_second_person_opens_it_again(found: Receipt) -> None:
    [event] = decide(found, UNDO)
    assert (event.reinstated_by, event.matter_id) == (DISPATCHER.user, str(ID))
    again = after(UNDO, found=found)
    assert (again.state, again.outcome) == (State.RECEIVED, None)
    assert after(OPEN, found=again).outcome is Outcome.OPENED


@pytest.mark.parametrize(
    ("found", "command", "reason"),
    [
        (MARKED, UndoInvalid(TAKER, "确有其事"), "ANOTHER_PERSON_NEEDED"),
        (MARKED, UndoInvalid(DISPATCHER, "\u200b "), "REASON_MISSING"),
        (ANSWERED, UNDO, "NOT_INVALID"),
        (RECEIVED, UNDO, "INVALID_TRANSITION"),
        (MARKED, UndoInvalid(STRANGER, "x"), "NO_SUCH_RECEIPT"),
        (MARKED, UndoInvalid(HOTLINE_CLERK, "x"), "NO_SUCH_RECEIPT"),
    ],
)
def test_what_is_refused(found: Receipt, command: Any, reason: str) -> None:
    assert refusal_of(found, command).reason == reason


def test_the_mark_names_the_matter_whose_missions_are_recalled() -> None:
    [event] = decide(after(DispatchNow(TAKER, "red"), found=RECEIVED), INVALID)
    assert event.matter_id == str(ID)


def test_a_receipt_that_was_filed_with_a_voided_incident_comes_back_with_it() -> None:
    filed = after(OPEN, VOIDED, found=RECEIVED)
    assert filed.state is State.CLOSED
    again = after(AGAIN, found=filed)
    assert (again.state, again.outcome) == (State.ENDED, Outcome.OPENED)
    assert again.incident is not None
    assert again.incident.known.state == "OFFERED"
    assert decide(again, AGAIN) == []


def test_a_step_after_the_end_that_ends_it_again_files_nothing_twice() -> None:
    filed = after(OPEN, VOIDED, found=RECEIVED)
    closed = FollowIncident(ID, Step("IncidentClosed", 9, state="CLOSED"))
    assert after(closed, found=filed).state is State.CLOSED
