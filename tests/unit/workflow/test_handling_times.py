"""Handling clocks 办理时限: who gets which, what stops them, and how they are handed on."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backbone.words.actor import CLOCK, Actor
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent, TeamEnRoute, TeamOnScene
from liandong.event.v1.event_pb2 import Meta
from services.workflow.arriving import arrival_requests
from services.workflow.incident.amending import SetPriority
from services.workflow.incident.assigning import AssignIncident, ReassignIncident
from services.workflow.incident.claiming import ClaimIncident, ReleaseIncident
from services.workflow.incident.closing import ReworkIncident, VoidIncident
from services.workflow.incident.escalating import EscalateIncident
from services.workflow.incident.handing_off import AcceptHandOff
from services.workflow.incident.handling import ReportProgress
from services.workflow.incident.kinds import ARRIVAL, FEEDBACK, HANDLING
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.opening import OpenIncident
from services.workflow.incident.record import Incident
from services.workflow.incident.returning import AcceptReturn, RequestReturn
from services.workflow.incident.settling import SettleIncident
from services.workflow.incident.waiting import waits_for, waits_of
from tests.cities import NORTH, a_city
from tests.incidents import (
    CHEN,
    CLAIM,
    DESK,
    HEAD,
    LEADER,
    LI,
    NOW,
    OFFER,
    RESOLVE,
    VERIFY,
    WANG,
    a_matter,
    folded,
)
from tests.incidents import after as lived
from tests.incidents import decide as decided

CITY = a_city(
    arrival_minutes={"ALARM.P1": 15, "ALARM.P2": 30},
    feedback_minutes={"P1": 120, "P2": 400, "P3": 1000, "DISPUTE": 5000, "CARE.P1": 7},
)
REPORT = ReportProgress(LI, "there")


def after(*commands: Any, found: Incident | None = None) -> Incident:
    return lived(*commands, found=found, city=CITY)


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def then(found: Incident, minutes: int, *commands: Any) -> Incident:
    """The incident after commands that are given so many minutes later."""
    for command in commands:
        found = folded(decided(found, command, at(minutes), CITY), found) or found
    return found


def times(incident: Incident) -> dict[str, int]:
    return {each.kind: each.budget.amount for each in incident.clocks if each.kind in HANDLING}


def dues(incident: Incident) -> dict[str, datetime | None]:
    return {each.kind: each.due_time for each in incident.clocks if each.kind in HANDLING}


def opened(source: str = "ALARM", priority: str = "P2") -> OpenIncident:
    return OpenIncident(DESK, a_matter(source=source, priority=priority))


HELD = after(opened(), CLAIM)


@pytest.mark.parametrize(
    ("source", "priority", "expected"),
    [
        ("ALARM", "P1", {ARRIVAL: 15, FEEDBACK: 120}),
        ("ALARM", "P2", {ARRIVAL: 30, FEEDBACK: 400}),
        ("ALARM", "P3", {FEEDBACK: 1000}),
        ("ALARM", "", {FEEDBACK: 1000}),
        ("ALARM", "P4", {}),
        ("PETITION", "P1", {FEEDBACK: 120}),
        ("DISPUTE", "P1", {FEEDBACK: 5000}),
        ("DISPUTE", "P4", {FEEDBACK: 5000}),
        ("CARE", "P1", {FEEDBACK: 7}),
    ],
)
def test_the_narrowest_row_of_the_city_decides(
    source: str, priority: str, expected: dict[str, int]
) -> None:
    opening = opened(source, priority)
    assert times(after(opening)) == {}
    assert times(after(opening, CLAIM)) == expected


def test_a_report_ends_the_arrival_and_only_the_end_of_the_work_the_feedback() -> None:
    reported = after(REPORT, found=HELD)
    assert times(reported) == {FEEDBACK: 400}
    assert times(after(RESOLVE, found=reported)) == times(after(RESOLVE, found=HELD)) == {}


@pytest.mark.parametrize(
    "commands",
    [
        (ReassignIncident(WANG, "the holder is ill"),),
        (ReleaseIncident(LI, "busy"), ClaimIncident(WANG)),
        (ReleaseIncident(LI, "busy"), CLAIM, ReleaseIncident(LI, "busy"), CLAIM),
        (OFFER,),
        (RequestReturn(LI, "not ours"),),
    ],
    ids=["reassigned", "released", "released twice", "asked", "return asked"],
)
def test_within_the_unit_no_time_is_bought(commands: tuple[Any, ...]) -> None:
    assert dues(then(HELD, 10, *commands)) == dues(HELD)


def test_who_reports_does_not_get_another_arrival_clock_by_a_release() -> None:
    again = then(after(REPORT, found=HELD), 10, ReleaseIncident(LI, "busy"), CLAIM)
    assert times(again) == {FEEDBACK: 400}


@pytest.mark.parametrize(
    "commands",
    [
        (OFFER, AcceptHandOff(CHEN)),
        (EscalateIncident(LI, "too much"), ClaimIncident(HEAD)),
        (AssignIncident(LEADER, "south", "go"), ClaimIncident(CHEN)),
        (RESOLVE, VERIFY, ReworkIncident(DESK, "not done"), CLAIM),
    ],
    ids=["handed off", "escalated", "assigned", "reworked"],
)
def test_another_unit_and_a_rework_begin_anew(commands: tuple[Any, ...]) -> None:
    assert dues(then(HELD, 10, *commands)) == {ARRIVAL: at(40), FEEDBACK: at(410)}


@pytest.mark.parametrize(
    "commands",
    [
        (RequestReturn(LI, "not ours"), AcceptReturn(DESK)),
        (VoidIncident(DESK, "HOAX"),),
        (AssignIncident(LEADER, "south", "go"),),
    ],
    ids=["taken back", "voided", "assigned"],
)
def test_what_a_unit_no_longer_has_runs_against_it_no_more(commands: tuple[Any, ...]) -> None:
    assert times(after(*commands, found=HELD)) == {}


def test_a_lapse_tells_the_desk_and_the_unit_and_changes_no_hands() -> None:
    [event] = decided(HELD, Lapse(), at(30), CITY)
    late = folded([event], HELD)
    assert late is not None
    assert (type(event).__name__, event.kind) == ("HandlingLapsed", ARRIVAL)
    assert (late.state, late.charge) == (HELD.state, HELD.charge)
    assert waits_for(late) == ("north", "command")
    assert [(each.unit, each.reason, each.overdue) for each in waits_of(late)] == [
        ("north", "HELD", False),
        ("north", "ARRIVAL_LAPSED", True),
        ("command", "ARRIVAL_LAPSED", True),
    ]
    assert waits_for(after(REPORT, found=late)) == ("north",)
    assert waits_for(then(late, 31, ReassignIncident(WANG, "ill"))) == ("north", "command")


AT_THE_SCENE = SettleIncident(CLOCK, "TeamOnScene")


def test_a_team_at_the_scene_ends_the_arrival_and_nothing_else() -> None:
    there = after(AT_THE_SCENE, found=HELD)
    kinds = [each.kind for each in HELD.clocks if each.kind != ARRIVAL]
    assert [each.kind for each in there.clocks] == kinds
    assert (there.state, there.charge) == (HELD.state, HELD.charge)
    assert decided(there, AT_THE_SCENE, at(5), CITY) == [], "the second team changes nothing"


def test_a_team_that_was_there_before_the_claim_leaves_no_arrival_to_wait_for() -> None:
    offered = after(opened(), AT_THE_SCENE)
    assert [each.kind for each in offered.clocks] == ["SIGN_IN"], "the unit still signs in"
    assert times(after(CLAIM, found=offered)) == {FEEDBACK: 400}
    low = after(opened(priority="P3"), AT_THE_SCENE, CLAIM)
    assert times(then(low, 5, priority("P1"))) == {FEEDBACK: 120}


def test_the_step_of_a_team_is_told_to_its_incident_once() -> None:
    incident = UUID(int=7)
    meta = Meta(event_id=str(UUID(int=1)), aggregate_id="m", correlation_id=str(incident))
    event = EmergencyEvent(meta=meta, on_scene=TeamOnScene())
    [request] = arrival_requests(event.SerializeToString())
    assert (request.aggregate_id, request.command.step) == (incident, "TeamOnScene")
    assert [request] == arrival_requests(event.SerializeToString())
    other = EmergencyEvent(meta=meta, en_route=TeamEnRoute())
    assert arrival_requests(other.SerializeToString()) == ()


def priority(level: str) -> SetPriority:
    return SetPriority(DESK, level, "a child is inside")


HELD_P3 = after(opened(priority="P3"), CLAIM)


@pytest.mark.parametrize(
    ("found", "level", "expected"),
    [
        (HELD_P3, "P1", {ARRIVAL: at(15), FEEDBACK: at(120)}),
        (HELD, "P1", {ARRIVAL: at(15), FEEDBACK: at(120)}),
        (HELD, "P3", {ARRIVAL: at(30), FEEDBACK: at(400)}),
        (HELD_P3, "P4", {FEEDBACK: at(1000)}),
        (after(opened(priority="P4"), CLAIM), "P1", {ARRIVAL: at(15), FEEDBACK: at(120)}),
        (after(REPORT, found=HELD_P3), "P1", {FEEDBACK: at(120)}),
        (after(REPORT, ReleaseIncident(LI, "busy"), found=HELD_P3), "P1", {FEEDBACK: at(120)}),
        (
            after(ReleaseIncident(LI, "busy"), found=HELD_P3),
            "P1",
            {ARRIVAL: at(15), FEEDBACK: at(120)},
        ),
        (after(opened(priority="P3")), "P1", {}),
    ],
    ids=[
        "raised",
        "raised within",
        "lowered",
        "lowered to none",
        "from none",
        "after a report",
        "after a report, in the pool",
        "in the pool",
        "before the claim",
    ],
)
def test_a_more_urgent_priority_counts_from_the_claim_and_a_lower_one_gives_no_time(
    found: Incident, level: str, expected: dict[str, datetime]
) -> None:
    assert dues(then(found, 10, priority(level))) == expected


def test_raised_and_lowered_again_the_shorter_times_stay() -> None:
    assert dues(then(HELD_P3, 10, priority("P1"), priority("P3"), priority("P1"))) == {
        ARRIVAL: at(15),
        FEEDBACK: at(120),
    }


def test_what_was_late_before_the_raise_stays_late_and_begins_no_second_time() -> None:
    [event] = decided(HELD, Lapse(), at(30), CITY)
    late = folded([event], HELD)
    assert late is not None
    raised = then(late, 31, priority("P1"))
    assert [each.kind for each in raised.clocks].count(ARRIVAL) == 1
    assert dues(raised)[FEEDBACK] == at(120)


def test_the_feedback_lapses_while_it_is_handled() -> None:
    [event] = decided(after(REPORT, found=HELD), Lapse(), at(400), CITY)
    assert (type(event).__name__, event.kind) == ("HandlingLapsed", FEEDBACK)


def test_an_incident_of_before_has_none_and_a_colleague_starts_none() -> None:
    old = lived(opened(), CLAIM)  # events of an older release carry no times
    assert times(then(old, 10, ReassignIncident(WANG, "ill"))) == {}
    assert Actor("li", "north", "clerk", NORTH) == LI
