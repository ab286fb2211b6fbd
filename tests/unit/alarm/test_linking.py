"""Linking 并入: the receipt joins an incident, leaves it again, and follows its news."""

from typing import Any

import pytest
from msgspec.structs import replace

from backbone.words.followed import OVER, Followed
from backbone.words.followed import FollowIncident as Step
from services.alarm.receipt.linking import FollowIncident, LinkRepeat, UnlinkRepeat
from services.alarm.receipt.record import Outcome, Receipt, State
from services.alarm.receipt.suggested import DangerSuggestion
from services.alarm.receipt.table import project
from tests.desks import TAKER
from tests.unit.alarm.receipts import (
    ANSWERED,
    CODE,
    ID,
    LINKED,
    OPEN,
    OTHER,
    RECEIVED,
    UNLINK,
    after,
    decide,
    refusal_of,
)

CLOSED = FollowIncident(ID, Step("IncidentClosed", 9, state="CLOSED"))


def test_unlinking_opens_the_receipt_again() -> None:
    again = after(UNLINK, found=LINKED)
    assert (again.state, again.outcome, again.incident) == (State.RECEIVED, None, None)
    assert after(OPEN, found=again).outcome is Outcome.OPENED


def test_a_danger_that_no_incident_answers_any_more_waits_at_its_desk() -> None:
    """As one that is told after an answer does: the desk would never look at it again."""
    fire = DangerSuggestion("fire", "火灾", "P1", ("着火",), score=10)
    told = replace(LINKED, suggestions=replace(LINKED.suggestions, danger=fire))
    back = after(UNLINK, found=told)
    row = project(back)
    assert (row["passed_state"], row["state"]) == ("RETURNED", "RECEIVED"), "the desk's inbox"
    assert project(after(UNLINK, found=LINKED))["passed_state"] == ""
    assert project(after(replace(OPEN, confirm_priority=True), found=back))["passed_state"] == ""


@pytest.mark.parametrize("state", OVER)
def test_nothing_is_linked_to_what_is_over(state: str) -> None:
    """The call would sink with it: the desk opens its own incident, or reinstates that."""
    refusal = refusal_of(RECEIVED, LinkRepeat(TAKER, OTHER, CODE, Followed(9, state, "north")))
    assert (refusal.reason, refusal.facts["state"]) == ("INCIDENT_OVER", state)
    assert refusal.facts["incident"] == CODE


def test_what_was_merged_names_the_incident_that_goes_on() -> None:
    merged = Followed(9, "MERGED", "north")
    host = "JJ20251225-000007"
    refusal = refusal_of(RECEIVED, LinkRepeat(TAKER, OTHER, CODE, merged, merged_code=host))
    assert refusal.reason == "INCIDENT_MERGED"
    assert refusal.facts == {"incident": CODE, "into": host}


def test_a_receipt_follows_its_incident_and_is_closed_with_it() -> None:
    opened = after(OPEN, found=RECEIVED)
    claimed = FollowIncident(ID, Step("IncidentClaimed", 4, state="CLAIMED", unit="north"))
    found = after(claimed, found=opened)
    assert found.incident is not None
    assert found.incident.known == Followed(4, "CLAIMED", "north")
    older = FollowIncident(ID, Step("IncidentOffered", 3, state="OFFERED"))
    assert decide(found, older) == []
    others = FollowIncident(OTHER, Step("IncidentClosed", 9, state="CLOSED"))
    assert decide(found, others) == []
    closed = after(CLOSED, found=found)
    assert (closed.state, closed.outcome) == (State.CLOSED, Outcome.OPENED)


@pytest.mark.parametrize(
    ("found", "command", "reason"),
    [
        (RECEIVED, LinkRepeat(TAKER, ID, "", Followed()), "LINKED_TO_ITSELF"),
        (RECEIVED, LinkRepeat(TAKER, OTHER), "UNKNOWN_INCIDENT"),
        (ANSWERED, UNLINK, "NOT_LINKED"),
        (LINKED, UnlinkRepeat(TAKER, ""), "REASON_MISSING"),
    ],
)
def test_what_cannot_be_linked_or_taken_back(found: Receipt, command: Any, reason: str) -> None:
    assert refusal_of(found, command).reason == reason
