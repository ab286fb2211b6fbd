"""Objecting 异议: the assigned unit objects once; it answers for the matter until upheld."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from backbone.words.actor import Actor
from services.workflow.incident import clocks, waits_for
from services.workflow.incident.assigning import AssignIncident
from services.workflow.incident.claiming import ClaimIncident, ReleaseIncident
from services.workflow.incident.escalating import EscalateIncident
from services.workflow.incident.handing_off import AcceptHandOff, HandOffIncident
from services.workflow.incident.handling import ReportProgress, ResolveIncident
from services.workflow.incident.kinds import OBJECTION_ANSWER, SIGN_IN
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.objecting import (
    ObjectToAssignment,
    RejectObjection,
    UpholdObjection,
)
from services.workflow.incident.record import Incident, State
from services.workflow.incident.returning import AcceptReturn, RequestReturn
from services.workflow.incident.routing import DesignateUnit
from tests.cities import a_city
from tests.incidents import (
    ASKED,
    CHEN,
    CITY,
    CLAIMED,
    DESK,
    HANDING_OFF,
    HEAD,
    LEADER,
    LI,
    NOW,
    OFFERED,
    WANG,
    after,
    changed,
    decide,
    evolve,
    folded,
    refusal_of,
    who_has,
)
from tests.life_cycles import History, Legal, UseCase

LIU = Actor("liu", "south", "head", "990101002")
GO, OBJECT = AssignIncident(LEADER, "south", "go"), ObjectToAssignment(CHEN, "not ours")
ASSIGNED = after(GO, found=CLAIMED)
IN_HAND = after(ClaimIncident(CHEN), found=ASSIGNED)
OBJECTED = after(OBJECT, found=IN_HAND)
ANSWER_DUE = NOW + timedelta(minutes=120)
WINDOW_END = NOW + timedelta(minutes=7200)


def legal(giver: Actor, claimed: History, **others: Any) -> tuple[Legal, ...]:
    """The giver has assigned to south what another unit held."""
    assigned = (*claimed, AssignIncident(giver, "south", "go"))
    held = (*assigned, ClaimIncident(CHEN))
    instead = {
        State.OFFERED: assigned,
        State.CLAIMED: held,
        State.HANDLING: (*held, ReportProgress(CHEN, "on it")),
    }
    return (
        Legal(OBJECT, instead=instead),
        Legal(UpholdObjection(giver), needs=(OBJECT,), instead=instead),
        Legal(RejectObjection(giver, "yours"), needs=(OBJECT,), instead=instead),
    )


USE_CASE = UseCase(
    verbs=frozenset({"ObjectToAssignment", "UpholdObjection", "RejectObjection"}),
    legal=legal,
    rights={
        "an incident": """ObjectToAssignment in OFFERED, CLAIMED, HANDLING
  unit that was asked: care_worker, centre_director, clerk, duty_officer, grid_leader,
    grid_member, head, mediator, receptionist
RejectObjection in OFFERED, CLAIMED, HANDLING
  desk: call_taker, care_worker, centre_director, clerk, dispatcher, duty_officer, grid_leader,
    grid_member, head, leader, mediator, receptionist
  colleague at the desk: call_taker, care_worker, centre_director, clerk, dispatcher,
    duty_officer, grid_leader, grid_member, head, leader, mediator, receptionist
UpholdObjection in OFFERED, CLAIMED, HANDLING
  desk: call_taker, care_worker, centre_director, clerk, dispatcher, duty_officer, grid_leader,
    grid_member, head, leader, mediator, receptionist
  colleague at the desk: call_taker, care_worker, centre_director, clerk, dispatcher,
    duty_officer, grid_leader, grid_member, head, leader, mediator, receptionist
""",
        "an incident that accuses the unit of its own place": """\
ObjectToAssignment in OFFERED, CLAIMED, HANDLING
  unit that was asked: centre_director, clerk, duty_officer, head, receptionist
RejectObjection in OFFERED, CLAIMED, HANDLING
  holder: centre_director, clerk, duty_officer, head, leader, receptionist
  colleague of the holder: centre_director, clerk, duty_officer, head, leader, receptionist
UpholdObjection in OFFERED, CLAIMED, HANDLING
  holder: centre_director, clerk, duty_officer, head, leader, receptionist
  colleague of the holder: centre_director, clerk, duty_officer, head, leader, receptionist
""",
    },
)


def test_the_unit_answers_for_it_until_the_giver_upholds() -> None:
    assert who_has(OBJECTED) == ("CLAIMED", "south", "south", "chen")
    assert waits_for(OBJECTED) == ("south", "county")
    upheld = after(UpholdObjection(LEADER), found=OBJECTED)
    assert who_has(upheld) == ("TRIAGE", "", "county", "")
    assert (upheld.counts.bounces, upheld.questions, upheld.clocks) == (1, (), ())
    charge = upheld.charge
    assert (charge.assignment, charge.assigned_by, charge.instruction) == (None, "", "")


def test_what_is_in_the_pool_stays_the_givers_and_its_clock_runs_from_the_assignment() -> None:
    objected = after(OBJECT, found=ASSIGNED)
    assert who_has(objected) == ("OFFERED", "south", "north", "")
    assert [each.kind for each in objected.clocks] == [SIGN_IN, OBJECTION_ANSWER]
    [lapsed] = decide(objected, Lapse(), NOW + timedelta(minutes=15))
    assert type(lapsed).__name__ == "SignInLapsed"
    assert who_has(after(UpholdObjection(LEADER), found=objected)) == ("TRIAGE", "", "county", "")


def test_the_giver_that_rejects_leaves_it_with_the_unit_for_good() -> None:
    rejected = after(RejectObjection(LEADER, "yours"), found=OBJECTED)
    assert who_has(rejected) == ("CLAIMED", "south", "south", "chen")
    assert rejected.questions == ()
    assert refusal_of(rejected, OBJECT) == "OBJECTION_USED"
    assert refusal_of(rejected, RequestReturn(CHEN, "x")) == "ASSIGNMENT_BINDS"
    assert after(ResolveIncident(CHEN, "SOLVED", "done"), found=rejected).state == "RESOLVED"


def test_of_another_assignment_the_unit_may_object_again() -> None:
    again = after(UpholdObjection(LEADER), GO, OBJECT, found=OBJECTED)
    assert again.questions[0].kind == "OBJECTION"


@pytest.mark.parametrize("later", [ClaimIncident(CHEN), ClaimIncident(LIU)], ids=["clerk", "head"])
def test_a_claim_ends_no_objection_of_the_unit(later: Any) -> None:
    """The unit may object once: a claim must not use that up."""
    claimed = after(OBJECT, later, found=ASSIGNED)
    assert [each.kind for each in claimed.questions] == ["OBJECTION"]
    assert who_has(after(UpholdObjection(LEADER), found=claimed)) == ("TRIAGE", "", "county", "")


@pytest.mark.parametrize(
    ("found", "command", "reason"),
    [
        (ASSIGNED, ObjectToAssignment(LI, "x"), "NOT_YOUR_UNIT"),
        (IN_HAND, ObjectToAssignment(LIU, "x"), "NOT_THE_HOLDER"),
        (IN_HAND, ObjectToAssignment(CHEN, " "), "REASON_MISSING"),
        (CLAIMED, ObjectToAssignment(LI, "x"), "NOT_ASSIGNED"),
        (OFFERED, ObjectToAssignment(WANG, "x"), "NOT_ASSIGNED"),
        (HANDING_OFF, ObjectToAssignment(LI, "x"), "ANSWER_PENDING"),
        (ASKED, ObjectToAssignment(LI, "x"), "ANSWER_PENDING"),
        (OBJECTED, OBJECT, "ANSWER_PENDING"),
        (OBJECTED, ResolveIncident(CHEN, "SOLVED", "done"), "ANSWER_PENDING"),
        (OBJECTED, ReleaseIncident(CHEN, "busy"), "ANSWER_PENDING"),
        (OBJECTED, HandOffIncident(CHEN, "north", "x"), "ANSWER_PENDING"),
        (OBJECTED, EscalateIncident(CHEN, "x"), "ANSWER_PENDING"),
        (OBJECTED, UpholdObjection(CHEN), "NOT_THE_GIVER"),
        (OBJECTED, RejectObjection(DESK, "x"), "NOT_THE_GIVER"),
        (OBJECTED, RejectObjection(LEADER, ""), "REASON_MISSING"),
        (IN_HAND, UpholdObjection(LEADER), "NO_OBJECTION_PENDING"),
        (IN_HAND, RejectObjection(LEADER, "x"), "NO_OBJECTION_PENDING"),
        (ASKED, UpholdObjection(DESK), "NO_OBJECTION_PENDING"),
        (OBJECTED, AcceptReturn(LEADER), "NO_RETURN_PENDING"),
        (IN_HAND, RequestReturn(CHEN, "x"), "ASSIGNMENT_BINDS"),
        (ASSIGNED, RequestReturn(CHEN, "x"), "ASSIGNMENT_BINDS"),
    ],
)
def test_refusals(found: Incident, command: Any, reason: str) -> None:
    assert refusal_of(found, command) == reason


def test_the_window_runs_from_the_assignment_with_the_figure_of_then() -> None:
    """A claim and a change of the policy move nothing."""
    claimed = folded(decide(ASSIGNED, ClaimIncident(CHEN), NOW + timedelta(minutes=60)), ASSIGNED)
    shorter = a_city(objection_window_minutes=1)
    assert decide(claimed, OBJECT, WINDOW_END, shorter)
    late = WINDOW_END + timedelta(seconds=1)
    assert refusal_of(claimed, OBJECT, late) == "OBJECTION_WINDOW_OVER"


def test_silence_raises_it_and_the_giver_may_still_answer() -> None:
    """No unit is above both the giver and the assigned unit: the desk calls the joint meeting."""
    assert refusal_of(OBJECTED, Lapse(), ANSWER_DUE - timedelta(seconds=1)) == "NOT_DUE"
    [lapsed] = decide(OBJECTED, Lapse(), ANSWER_DUE)
    assert type(lapsed).__name__ == "ObjectionLapsed"
    raised = evolve(OBJECTED, lapsed)
    assert waits_for(raised) == ("south", "county", "command")
    assert who_has(raised) == ("CLAIMED", "south", "south", "chen")
    assert clocks.next_due(raised) is None
    assert who_has(after(UpholdObjection(DESK), found=raised)) == ("TRIAGE", "", "command", "")
    assert after(RejectObjection(LEADER, "yours"), found=raised).questions == ()


def test_the_superior_of_the_giver_decides_after_silence() -> None:
    below = replace(CITY.units["county"], parent="prefecture")
    above = replace(CITY.units["county"], code="prefecture")
    city = replace(CITY, units={**CITY.units, "county": below, "prefecture": above})
    [lapsed] = decide(OBJECTED, Lapse(), ANSWER_DUE, city)
    assert lapsed.raised_to == "prefecture"


@pytest.mark.parametrize("by", [DESK, LEADER], ids=["designation", "assignment"])
def test_a_binding_choice_of_another_unit_ends_the_objection(by: Actor) -> None:
    moved = DesignateUnit(by, "north", "x") if by is DESK else AssignIncident(by, "north", "x")
    assert after(moved, found=OBJECTED).questions == ()


def test_one_bounce_too_many_is_designated_by_the_common_superior() -> None:
    upheld = after(UpholdObjection(LEADER), found=changed(OBJECTED, bounces=2))
    assert (upheld.state, upheld.charge.raised_to) == ("TRIAGE", "command")


def test_what_the_unit_has_handed_on_is_no_assignment_to_the_next_unit() -> None:
    offered = after(HandOffIncident(CHEN, "north", "theirs"), found=IN_HAND)
    passed = after(AcceptHandOff(WANG), found=offered)
    assert refusal_of(passed, ObjectToAssignment(WANG, "x")) == "NOT_ASSIGNED"
    assert after(RequestReturn(WANG, "x"), found=passed).questions[0].to_unit == "south"


def test_an_assignment_of_0_1_0_is_returned_as_it_was_then() -> None:
    """Its event gives no time until when the unit may object."""
    events = decide(CLAIMED, GO)
    old = structs.replace(events[0], objection_due_time=None)
    held = after(ClaimIncident(CHEN), found=folded([old, *events[1:]], CLAIMED))
    assert refusal_of(held, OBJECT) == "NOT_ASSIGNED"
    assert after(RequestReturn(CHEN, "x"), found=held).questions[0].to_unit == "county"


def test_a_unit_that_gets_it_back_another_way_is_bound_by_no_old_assignment() -> None:
    offered = after(HandOffIncident(CHEN, "north", "theirs"), found=IN_HAND)
    back = after(
        AcceptHandOff(WANG), HandOffIncident(WANG, "south", "yours"), AcceptHandOff(CHEN),
        found=offered,
    )  # fmt: skip
    assert back.charge.assignment is None
    assert refusal_of(back, OBJECT) == "NOT_ASSIGNED"
    assert after(RequestReturn(CHEN, "x"), found=back).questions[0].to_unit == "north"


def test_a_superior_that_was_assigned_it_once_may_say_no_to_an_escalation() -> None:
    escalated = after(EscalateIncident(CHEN, "too much"), found=IN_HAND)
    assert escalated.charge.assignment is None
    returned = after(RequestReturn(HEAD, "yours"), found=escalated)
    assert [each.kind for each in returned.questions] == ["RETURN"]


@pytest.mark.parametrize("by", [CHEN, Actor("", "", "dispatcher", "990101")], ids=["own", "none"])
def test_no_unit_answers_its_own_question_and_none_without_a_unit_does(by: Actor) -> None:
    """The superior may turn out to be the desk that asked."""
    [asked] = OBJECTED.questions
    raised = structs.replace(OBJECTED, questions=(structs.replace(asked, raised_to="south"),))
    for found in (OBJECTED, raised):
        for command in (UpholdObjection(by), RejectObjection(by, "x")):
            assert refusal_of(found, command) in ("NOT_THE_GIVER", "NO_SUCH_INCIDENT")
