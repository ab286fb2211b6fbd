"""Pairs 联动: what each state of the incident means for the dispute, in every state of that."""

import pytest
from msgspec.structs import replace

from backbone.intake.settling import settling_id
from backbone.words.followed import FollowIncident
from services.dispute.dispute.pairs import FILED
from services.dispute.dispute.record import State
from services.dispute.dispute.routing import RouteDispute
from tests.unit.dispute.disputes import (
    ACCEPTED,
    AGREE,
    CLAIMED,
    CLOSE,
    DESK,
    FAIL,
    LI,
    ROUTED,
    SESSION,
    after,
    decide,
    refusal_of,
)

HELD = after(CLAIMED, dispute=ROUTED)
FOUND = {
    State.ROUTED: HELD,
    State.MEDIATING: after(SESSION, dispute=HELD),
    State.AGREED: after(AGREE, dispute=HELD),
    State.FAILED: after(FAIL, dispute=HELD),
    State.CLOSED: after(AGREE, CLOSE, dispute=HELD),
}
RESOLVED = FollowIncident("IncidentResolved", 7, state="RESOLVED", outcome="SOLVED", reply="已修")
CLOSED = FollowIncident("IncidentClosed", 9, state="CLOSED", outcome="SOLVED", reply="已修")
VOIDED = FollowIncident("IncidentVoided", 9, state="VOIDED")
REWORKED = FollowIncident("IncidentReworked", 9, state="OFFERED", holder="", outcome="", reply="")
REINSTATED = FollowIncident("IncidentReinstated", 9, state="OFFERED", holder="")
LATE = FollowIncident("ProgressReported", 6, state="HANDLING")

TABLE = {
    # state of the dispute: after RESOLVED, CLOSED, VOIDED, REINSTATED, REWORKED, and a late report
    State.ROUTED: ("ROUTED", "CLOSED", "ACCEPTED", "ROUTED", "ROUTED", "ROUTED"),
    State.MEDIATING: ("MEDIATING", "CLOSED", "ACCEPTED", *("MEDIATING",) * 3),
    State.AGREED: ("AGREED", "CLOSED", "AGREED", "ROUTED", "ROUTED", "AGREED"),
    State.FAILED: ("FAILED", "CLOSED", "FAILED", "ROUTED", "ROUTED", "FAILED"),
    State.CLOSED: ("CLOSED", "CLOSED", "CLOSED", "CLOSED", "CLOSED", "CLOSED"),
}
STEPS = (RESOLVED, CLOSED, VOIDED, REINSTATED, REWORKED, LATE)


@pytest.mark.parametrize(
    ("state", "step", "expected"),
    [
        (state, step, expected)
        for state, row in TABLE.items()
        for step, expected in zip(STEPS, row, strict=True)
    ],
)
def test_every_pair_of_the_table(state: State, step: FollowIncident, expected: str) -> None:
    moved = after(step, dispute=FOUND[state])
    assert moved.state == expected
    assert moved.routing.incident is not None and moved.routing.incident.state == step.state
    assert decide(moved, step) == [], "the same step, delivered twice"


@pytest.mark.parametrize("state", ["VOIDED", "TRIAGE"])
def test_the_unit_that_has_it_no_more_mediates_nothing(state: str) -> None:
    theirs = replace(SESSION, by=LI)
    assert decide(HELD, theirs)
    taken = after(FollowIncident("IncidentVoided", 9, state=state), dispute=HELD)
    assert refusal_of(taken, theirs) == "NOT_YOUR_UNIT"
    assert decide(taken, replace(SESSION, by=DESK))


def test_a_dispute_that_its_incident_has_closed_says_why() -> None:
    ending = after(CLOSED, dispute=FOUND[State.MEDIATING]).ending
    assert ending is not None and (ending.reason, ending.close_time) == ("已修", ending.end_time)
    wordless = FollowIncident("IncidentClosed", 9, state="CLOSED")
    told = after(wordless, dispute=HELD).ending
    assert told is not None and told.reason == FILED
    agreed = after(CLOSED, dispute=FOUND[State.AGREED]).ending
    assert agreed is not None and agreed.reason == "" and agreed.close_time


def test_what_was_taken_back_is_mediated_by_its_desk_and_not_opened_again() -> None:
    back = after(VOIDED, dispute=HELD)
    assert refusal_of(back, RouteDispute(DESK)) == "ALREADY_OPEN"
    assert after(SESSION, AGREE, CLOSE, dispute=back).state is State.CLOSED


def test_a_void_that_is_undone_gives_it_back_to_the_unit() -> None:
    restored = FollowIncident("IncidentRestored", 10, state="OFFERED")
    assert after(VOIDED, restored, dispute=HELD).state is State.ROUTED


def test_an_end_names_the_incident_it_moves_and_without_one_names_none() -> None:
    [agreed] = decide(HELD, AGREE)
    assert agreed.incident_id == HELD.id
    [alone] = decide(ACCEPTED, AGREE)
    assert alone.incident_id is None
    [_, closing] = decide(HELD, CLOSED)
    assert closing.incident_id is None, "the incident has moved the dispute itself"


def test_each_end_of_a_reworked_dispute_has_a_request_of_its_own() -> None:
    again = after(AGREE, REWORKED, AGREE, dispute=HELD)
    first = after(AGREE, dispute=HELD)
    assert settling_id(again.id, again.version) != settling_id(first.id, first.version)
