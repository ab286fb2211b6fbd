"""Every state and command from one table; who may do what; replay."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.wire import to_record
from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from liandong.incident.v1 import incident_events_pb2 as events
from services.workflow.incident import INCIDENTS, clocks, question, waits_for
from services.workflow.incident.assigning import AssignIncident, ReassignIncident
from services.workflow.incident.claiming import ClaimIncident, ReleaseIncident
from services.workflow.incident.closing import (
    CloseIncident,
    ReworkIncident,
    VerifyIncident,
    VoidIncident,
)
from services.workflow.incident.handing_off import (
    AcceptHandOff,
    HandOffAccepted,
    HandOffIncident,
    RefuseHandOff,
)
from services.workflow.incident.handling import ReportProgress, ResolveIncident
from services.workflow.incident.kinds import HAND_OFF, RETURN
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.opening import OpenIncident
from services.workflow.incident.record import Incident, Question, State
from services.workflow.incident.returning import AcceptReturn, RejectReturn, RequestReturn
from services.workflow.incident.routing import DesignateUnit, RouteIncident
from tests.incidents import (
    CHEN,
    CITY,
    DESK,
    ELSEWHERE,
    HEAD,
    LEADER,
    LI,
    NOW,
    SECOND,
    STRANGER,
    WANG,
    a_matter,
    after,
    changed,
    decide,
    evolve,
    folded,
)

OPEN = OpenIncident(DESK, a_matter())


def asked(incident: Incident, kind: str) -> Question:
    found = question.open_one(incident, kind)
    assert found is not None
    return found


def due_time(incident: Incident) -> datetime | None:
    due = clocks.next_due(incident)
    return due[1].time if due else None


CLAIM, RELEASE = ClaimIncident(LI), ReleaseIncident(LI, "")
OFFER, ASK = HandOffIncident(LI, "south", "theirs"), RequestReturn(LI, "not ours")
RESOLVE, VERIFY = ResolveIncident(LI, "SOLVED", "done"), VerifyIncident(SECOND, "YES")
TRIAGE = OpenIncident(DESK, a_matter(category="unheard"))
OFFERED, CLAIMED = after(OPEN), after(OPEN, CLAIM)
ASKED = after(ASK, found=CLAIMED)
HANDING_OFF = after(OFFER, found=CLAIMED)
RESOLVED = after(RESOLVE, found=CLAIMED)
VERIFIED = after(VERIFY, found=RESOLVED)
# South has been asked before: it may see it, and is not its desk.
WITH_SOUTH = changed(RESOLVED, involved=(*RESOLVED.involved, "south"))
WINDOW = Actor("feng", "south", "receptionist", "990101002")
STATES = {
    State.TRIAGE: after(TRIAGE),
    State.OFFERED: OFFERED,
    State.CLAIMED: CLAIMED,
    State.HANDLING: after(ReportProgress(LI, "on it"), found=CLAIMED),
    State.RESOLVED: RESOLVED,
    State.CLOSED: after(VERIFY, CloseIncident(SECOND), found=RESOLVED),
    State.VOIDED: after(VoidIncident(DESK, "HOAX"), found=OFFERED),
}
MOVES: list[Any] = [
    RouteIncident(DESK),
    DesignateUnit(DESK, "south", "theirs"),
    CLAIM,
    RELEASE,
    ASK,
    AcceptReturn(DESK),
    RejectReturn(DESK, "yours"),
    OFFER,
    AcceptHandOff(CHEN),
    RefuseHandOff(CHEN, "not ours"),
    AssignIncident(LEADER, "south", "go"),
    ReassignIncident(WANG, "li is ill"),
    ReportProgress(LI, "on it"),
    RESOLVE,
    VERIFY,
    ReworkIncident(SECOND, "not done"),
    CloseIncident(SECOND),
    VoidIncident(DESK, "HOAX"),
    Lapse(),
]


def refusal_of(found: Incident | None, command: Any, now: datetime = NOW) -> str:
    with pytest.raises(Refusal) as caught:
        decide(found, command, now)
    return caught.value.reason


def test_the_moves_are_all_here() -> None:
    moves = {command for command, verb in INCIDENTS.verbs.items() if verb.states is not None}
    assert {type(move) for move in MOVES} == moves


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", MOVES, ids=lambda c: type(c).__name__)
def test_a_move_from_a_wrong_state_is_refused(state: State, command: Any) -> None:
    found = changed(STATES[state], involved=("command", "north", "south"))
    states = INCIDENTS.verbs[type(command)].states
    assert states is not None
    if state in states:
        return
    assert refusal_of(found, command) in ("INVALID_TRANSITION", "ALREADY_CLAIMED")


@pytest.mark.parametrize(
    ("found", "command", "state", "unit", "accountable", "holder"),
    [
        (None, OPEN, "OFFERED", "north", "command", ""),
        (None, TRIAGE, "TRIAGE", "", "command", ""),
        (None, OpenIncident(DESK, a_matter(to_unit="roads")), "OFFERED", "roads", "command", ""),
        (OFFERED, CLAIM, "CLAIMED", "north", "north", "li"),
        (OFFERED, DesignateUnit(DESK, "south", ""), "OFFERED", "south", "command", ""),
        (CLAIMED, DesignateUnit(DESK, "south", ""), "OFFERED", "south", "north", ""),
        (CLAIMED, RELEASE, "OFFERED", "north", "north", ""),
        (CLAIMED, OFFER, "CLAIMED", "north", "north", "li"),
        (HANDING_OFF, AcceptHandOff(CHEN), "CLAIMED", "south", "south", "chen"),
        (HANDING_OFF, RefuseHandOff(CHEN, "no"), "CLAIMED", "north", "north", "li"),
        (CLAIMED, ASK, "CLAIMED", "north", "north", "li"),
        (ASKED, AcceptReturn(DESK), "TRIAGE", "", "command", ""),
        (ASKED, RejectReturn(DESK, "yours"), "CLAIMED", "north", "north", "li"),
        (CLAIMED, AssignIncident(LEADER, "south", "go"), "OFFERED", "south", "north", ""),
        (CLAIMED, ReassignIncident(WANG, "li is ill"), "CLAIMED", "north", "north", "wang"),
        (CLAIMED, ReportProgress(LI, "on it"), "HANDLING", "north", "north", "li"),
        (CLAIMED, RESOLVE, "RESOLVED", "north", "north", "li"),
        (RESOLVED, VERIFY, "RESOLVED", "north", "north", "li"),
        (VERIFIED, ReworkIncident(DESK, "again"), "OFFERED", "north", "north", ""),
        (OFFERED, VoidIncident(DESK, "TEST"), "VOIDED", "north", "command", ""),
    ],
)
def test_where_a_move_leads(
    found: Incident | None,
    command: Any,
    state: str,
    unit: str,
    accountable: str,
    holder: str,
) -> None:
    moved = after(command, found=found)
    charge = moved.charge
    who = (moved.state, charge.unit, charge.accountable_unit, charge.holder)
    assert who == (state, unit, accountable, holder)


@pytest.mark.parametrize(
    ("found", "command", "reason"),
    [
        (None, CLAIM, "NO_SUCH_INCIDENT"),
        (OFFERED, OPEN, "ALREADY_OPEN"),
        (None, OpenIncident(DESK, a_matter(desk="")), "MATTER_INCOMPLETE"),
        (None, OpenIncident(DESK, a_matter(to_unit="moon")), "UNKNOWN_UNIT"),
        (HANDING_OFF, RequestReturn(CHEN, "x"), "NOT_THE_HOLDER"),
        (changed(OFFERED, involved=("south",)), ClaimIncident(CHEN), "NOT_YOUR_UNIT"),
        (CLAIMED, ClaimIncident(WANG), "ALREADY_CLAIMED"),
        (CLAIMED, ReleaseIncident(WANG), "NOT_THE_HOLDER"),
        (HANDING_OFF, RELEASE, "ANSWER_PENDING"),
        (CLAIMED, HandOffIncident(LI, "north", "x"), "SAME_UNIT"),
        (CLAIMED, HandOffIncident(LI, "moon", "x"), "UNKNOWN_UNIT"),
        (CLAIMED, HandOffIncident(LI, "south", " "), "REASON_MISSING"),
        (changed(CLAIMED, bounces=3), OFFER, "TOO_MANY_BOUNCES"),
        (HANDING_OFF, AcceptHandOff(WANG), "NOT_YOUR_UNIT"),
        (CLAIMED, AcceptHandOff(WANG), "NO_HAND_OFF_PENDING"),
        (CLAIMED, AcceptReturn(DESK), "NO_RETURN_PENDING"),
        (ASKED, AcceptReturn(WANG), "NOT_THE_SENDER"),
        (CLAIMED, AssignIncident(WANG, "south", "go"), "NOT_A_SUPERIOR"),
        (CLAIMED, AssignIncident(LEADER, "south", ""), "INSTRUCTION_MISSING"),
        (CLAIMED, ReassignIncident(LI, "mine"), "SAME_HOLDER"),
        (CLAIMED, ReassignIncident(WANG, " "), "REASON_MISSING"),
        (HANDING_OFF, ReassignIncident(CHEN, "x"), "NOT_YOUR_UNIT"),
        (CLAIMED, ReportProgress(LI, ""), "TEXT_MISSING"),
        (CLAIMED, ResolveIncident(LI, "WELL", "x"), "UNKNOWN_OUTCOME"),
        (CLAIMED, ResolveIncident(LI, "SOLVED", ""), "REPLY_MISSING"),
        (RESOLVED, VerifyIncident(LI, "YES"), "NOT_A_VERIFIER"),
        (WITH_SOUTH, VerifyIncident(WINDOW, "YES"), "NOT_A_VERIFIER"),
        (WITH_SOUTH, CloseIncident(WINDOW), "NOT_A_VERIFIER"),
        (changed(RESOLVED, unit="command"), VERIFY, "HANDLER_CANNOT_VERIFY"),
        (RESOLVED, VerifyIncident(SECOND, "MAYBE"), "UNKNOWN_FINDING"),
        (RESOLVED, CloseIncident(SECOND), "NOT_VERIFIED"),
        (RESOLVED, ReworkIncident(SECOND, "x"), "NOT_VERIFIED"),
        (VERIFIED, ReworkIncident(SECOND, "x"), "SECOND_PERSON_NEEDED"),
        (changed(VERIFIED, reworks=2), ReworkIncident(DESK, "x"), "TOO_MANY_REWORKS"),
        (OFFERED, VoidIncident(LI, "HOAX"), "NOT_THE_DISPATCHER"),
        (OFFERED, VoidIncident(DESK, "BORED"), "UNKNOWN_VOID_REASON"),
        (OFFERED, Lapse(), "NOT_DUE"),
    ],
)
def test_guards(found: Incident | None, command: Any, reason: str) -> None:
    assert refusal_of(found, command) == reason


@pytest.mark.parametrize("who", [STRANGER, ELSEWHERE], ids=lambda a: a.role)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", MOVES, ids=lambda c: type(c).__name__)
def test_what_somebody_may_not_see_does_not_exist(state: State, command: Any, who: Actor) -> None:
    if isinstance(command, Lapse):
        return
    assert refusal_of(STATES[state], replace(command, by=who)) == "NO_SUCH_INCIDENT"


def test_what_was_assigned_is_returned_to_whoever_assigned_it() -> None:
    assigned = after(AssignIncident(LEADER, "south", "go"), ClaimIncident(CHEN), found=CLAIMED)
    objected = after(RequestReturn(CHEN, "not ours"), found=assigned)
    assert asked(objected, RETURN).to_unit == "county"
    returned = after(AcceptReturn(LEADER), found=objected)
    assert (returned.state, returned.charge.accountable_unit) == ("TRIAGE", "county")
    # Handed on by order of nobody, it goes back to the unit that handed it on.
    offered = after(HandOffIncident(CHEN, "north", "theirs"), found=assigned)
    held = after(AcceptHandOff(WANG), RequestReturn(WANG, "x"), found=offered)
    assert asked(held, RETURN).to_unit == "south"


def test_whom_a_question_was_asked_may_answer_it() -> None:
    assert "south" in HANDING_OFF.involved and "south" not in CLAIMED.involved
    refused = after(RefuseHandOff(CHEN, "no"), found=HANDING_OFF)
    assert refusal_of(refused, ClaimIncident(CHEN)) == "ALREADY_CLAIMED"


def test_a_return_must_be_asked_for_in_its_window() -> None:
    late = NOW + timedelta(minutes=7201)
    assert refusal_of(CLAIMED, ASK, late) == "RETURN_WINDOW_OVER"


@pytest.mark.parametrize(
    ("found", "minutes", "kind"),
    [
        (OFFERED, 15, "SignInLapsed"),
        (CLAIMED, 480, "ClaimLapsed"),
        (after(AcceptHandOff(CHEN), found=HANDING_OFF), 480, "ClaimLapsed"),
        (HANDING_OFF, 120, "HandOffLapsed"),
        (ASKED, 120, "ReturnLapsed"),
    ],
)
def test_a_clock_fires_at_its_minute_and_once(found: Incident, minutes: int, kind: str) -> None:
    due = NOW + timedelta(minutes=minutes)
    assert refusal_of(found, Lapse(), due - timedelta(seconds=1)) == "NOT_DUE"
    [event] = decide(found, Lapse(), due)
    assert type(event).__name__ == kind
    assert refusal_of(evolve(found, event), Lapse(), due) == "NOT_DUE"


@pytest.mark.parametrize("waiting", [HANDING_OFF, ASKED], ids=["hand-off", "return"])
def test_an_idle_claim_keeps_its_question(waiting: Incident) -> None:
    """Silence raises it to the superior; nothing else takes the question away."""
    [lapsed] = decide(waiting, Lapse(), NOW + timedelta(minutes=480))
    raised = evolve(waiting, lapsed)
    [open_one] = raised.questions
    assert open_one.raised_to and raised.charge.holder == "li"
    assert due_time(raised) is None
    assert refusal_of(raised, Lapse(), NOW + timedelta(days=9)) == "NOT_DUE"


def test_a_refused_hand_off_leaves_the_claim_its_clock() -> None:
    kept = after(RefuseHandOff(CHEN, "no"), found=HANDING_OFF)
    assert due_time(kept) == due_time(CLAIMED)


def test_an_acceptance_from_before_it_had_a_clock_still_evolves() -> None:
    message = events.HandOffAccepted(unit="south", holder="chen")
    old = evolve(HANDING_OFF, to_record(message, HandOffAccepted, time=NOW))
    assert (old.charge.holder, old.clocks) == ("chen", ())


def test_silence_goes_to_the_common_superior_who_then_designates() -> None:
    [lapsed] = decide(HANDING_OFF, Lapse(), NOW + timedelta(hours=2))
    raised = evolve(HANDING_OFF, lapsed)
    assert (asked(raised, HAND_OFF).raised_to, raised.charge.holder) == ("county", "li")
    assert "county" in waits_for(raised)
    designated = after(DesignateUnit(HEAD, "south", "decided"), found=raised)
    assert (designated.charge.unit, designated.charge.accountable_unit) == ("south", "north")


REFUSED = after(RefuseHandOff(CHEN, "no"), found=changed(HANDING_OFF, bounces=2))
RETURNED = after(AcceptReturn(DESK), found=changed(ASKED, bounces=2))


def test_a_bounce_below_the_cap_troubles_nobody_above() -> None:
    bounced = after(RefuseHandOff(CHEN, "no"), found=changed(HANDING_OFF, bounces=1))
    assert (bounced.charge.raised_to, "county" in waits_for(bounced)) == ("", False)
    assert refusal_of(bounced, DesignateUnit(HEAD, "south", "x")) == "NO_SUCH_INCIDENT"


@pytest.mark.parametrize("to_unit", ["north", "south", "roads"])
def test_after_one_bounce_too_many_the_common_superior_designates(to_unit: str) -> None:
    assert refusal_of(REFUSED, OFFER) == "TOO_MANY_BOUNCES"
    assert (REFUSED.charge.raised_to, REFUSED.charge.accountable_unit, REFUSED.charge.holder) == (
        "county",
        "north",
        "li",
    )
    assert "county" in waits_for(REFUSED)
    designated = after(DesignateUnit(HEAD, to_unit, "decided"), found=REFUSED)
    assert (designated.state, designated.charge.unit, designated.charge.raised_to) == (
        "OFFERED",
        to_unit,
        "",
    )
    assert "county" not in waits_for(designated)
    assert refusal_of(designated, DesignateUnit(HEAD, "north", "x")) == "NOT_THE_DISPATCHER"


def test_after_one_return_too_many_whoever_is_above_both_designates() -> None:
    """Above the desk and the station is nobody: the desk calls the joint meeting."""
    assert (RETURNED.state, RETURNED.charge.raised_to) == ("TRIAGE", "command")
    assert waits_for(RETURNED) == ("command",)
    assert after(RouteIncident(DESK), found=RETURNED).charge.raised_to == ""


def test_what_is_resolved_waits_for_no_superior() -> None:
    resolved = after(RESOLVE, found=REFUSED)
    again = after(VERIFY, ReworkIncident(DESK, "again"), found=resolved)
    assert (again.charge.raised_to, waits_for(again)) == ("", ("north",))


COMMANDS: list[Any] = [OPEN, *MOVES, ClaimIncident(CHEN), ClaimIncident(WANG)]


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(COMMANDS), st.integers(0, 500)), max_size=40))
def test_replay_gives_the_same_incident_and_i1_and_i3_hold(
    commands: list[tuple[Any, int]],
) -> None:
    found: Incident | None = None
    journal: list[Any] = []
    now = NOW
    for command, minutes in commands:
        now += timedelta(minutes=minutes)
        try:
            events = decide(found, command, now)
        except Refusal:
            continue
        journal += events
        found = folded(events, found)
        assert found is not None and found.version == len(journal)
        assert found.charge.accountable_unit in CITY.units
        held = found.state in (State.CLAIMED, State.HANDLING)
        assert not held or (
            found.charge.holder and found.charge.accountable_unit == found.charge.unit
        )
    assert folded(journal) == found
