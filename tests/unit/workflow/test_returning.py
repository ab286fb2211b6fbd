"""Returning 退回: a unit asks its sender to take it back, and answers for it until then."""

from datetime import timedelta

import pytest
from msgspec import structs

from services.workflow.incident import question, waits_for
from services.workflow.incident.assigning import AssignIncident
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.handing_off import AcceptHandOff, HandOffIncident
from services.workflow.incident.kinds import RETURN
from services.workflow.incident.record import Incident
from services.workflow.incident.returning import AcceptReturn, RejectReturn, RequestReturn
from services.workflow.incident.routing import DesignateUnit, RouteIncident
from tests.incidents import (
    ASK,
    ASKED,
    CHEN,
    CLAIMED,
    DESK,
    HANDING_OFF,
    LEADER,
    LI,
    NOW,
    OFFERED,
    TRIAGE,
    WANG,
    after,
    changed,
    refusal_of,
    who_has,
)


def asked_of(incident: Incident) -> str:
    """The unit that is to take it back."""
    found = question.open_one(incident, RETURN)
    assert found is not None
    return found.to_unit


def test_a_request_changes_nothing_until_it_is_answered() -> None:
    assert who_has(ASKED) == ("CLAIMED", "north", "north", "li")
    assert asked_of(ASKED) == "command"


def test_the_sender_that_takes_it_back_answers_for_it_and_a_unit_is_sought() -> None:
    assert who_has(after(AcceptReturn(DESK), found=ASKED)) == ("TRIAGE", "", "command", "")


def test_the_sender_that_rejects_leaves_it_where_it_is() -> None:
    rejected = after(RejectReturn(DESK, "yours"), found=ASKED)
    assert who_has(rejected) == ("CLAIMED", "north", "north", "li")
    assert rejected.questions == ()


def test_only_the_sender_answers() -> None:
    assert refusal_of(ASKED, AcceptReturn(WANG)) == "NOT_THE_SENDER"
    assert refusal_of(ASKED, RejectReturn(WANG, "x")) == "NOT_THE_SENDER"
    assert refusal_of(CLAIMED, AcceptReturn(DESK)) == "NO_RETURN_PENDING"


def test_request_and_rejection_say_why() -> None:
    assert refusal_of(CLAIMED, RequestReturn(LI, " ")) == "REASON_MISSING"
    assert refusal_of(ASKED, RejectReturn(DESK, "")) == "REASON_MISSING"


def test_the_holder_asks_and_of_what_is_in_the_pool_any_clerk_of_the_unit() -> None:
    assert refusal_of(CLAIMED, RequestReturn(WANG, "x")) == "NOT_THE_HOLDER"
    assert refusal_of(HANDING_OFF, RequestReturn(CHEN, "x")) == "NOT_THE_HOLDER"
    assert asked_of(after(RequestReturn(WANG, "x"), found=OFFERED)) == "command"
    assert refusal_of(OFFERED, RequestReturn(DESK, "x")) == "ROLE_MAY_NOT"


@pytest.mark.parametrize("waiting", [HANDING_OFF, ASKED], ids=["hand-off", "return"])
def test_one_question_waits_at_a_time(waiting: Incident) -> None:
    assert refusal_of(waiting, ASK) == "ANSWER_PENDING"


def test_a_return_must_be_asked_for_in_its_window() -> None:
    late = NOW + timedelta(minutes=7201)
    assert refusal_of(CLAIMED, ASK, late) == "RETURN_WINDOW_OVER"


def test_what_was_assigned_is_not_returned() -> None:
    """The order binds: the unit objects to it instead."""
    assigned = after(AssignIncident(LEADER, "south", "go"), found=CLAIMED)
    assert refusal_of(assigned, RequestReturn(CHEN, "not ours")) == "ASSIGNMENT_BINDS"


def test_what_was_handed_on_is_returned_to_the_unit_that_handed_it_on() -> None:
    assigned = after(AssignIncident(LEADER, "south", "go"), ClaimIncident(CHEN), found=CLAIMED)
    offered = after(HandOffIncident(CHEN, "north", "theirs"), found=assigned)
    held = after(AcceptHandOff(WANG), RequestReturn(WANG, "x"), found=offered)
    assert asked_of(held) == "south"


def test_after_one_return_too_many_the_desk_calls_the_joint_meeting() -> None:
    """No unit is above both the desk and the station."""
    returned = after(AcceptReturn(DESK), found=changed(ASKED, bounces=2))
    assert (returned.state, returned.charge.raised_to) == ("TRIAGE", "command")
    assert waits_for(returned) == ("command",)
    assert after(RouteIncident(DESK), found=returned).charge.raised_to == ""


def test_what_the_desk_gave_to_itself_it_returns_to_no_unit() -> None:
    """A question that no unit may answer is not asked."""
    own = after(DesignateUnit(DESK, "command", "ours"), found=after(TRIAGE))
    clerk = structs.replace(DESK, role="clerk")
    assert refusal_of(own, RequestReturn(clerk, "not ours")) == "NO_OTHER_UNIT"
    assert own.charge.sender == own.charge.unit
