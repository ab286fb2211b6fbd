"""The ladder 签收阶梯: each rung once, in order, told to people who are there, until an answer."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.words.actor import Actor
from services.emergency.mission.dispatching import Readiness
from services.emergency.mission.ladder import ClimbLadder, MissionUnanswered, StopLadder
from services.emergency.mission.record import UNANSWERED, Mission, State
from services.emergency.mission.rungs import Ladder, Rung, Told
from services.emergency.mission.steps import (
    AcknowledgeMission,
    ClearMission,
    ReceiveMission,
    RefuseMission,
    ReportEnRoute,
)
from services.emergency.mission.table import alert_time
from tests.unit.emergency.missions import (
    LADDER_DISPATCH,
    LEE,
    NEXT,
    NOW,
    PEOPLE,
    RUNGS,
    after,
    decide,
    evolve,
    refusal_of,
)

CLIMB = ClimbLadder(PEOPLE, NEXT, ("SMS", "VOICE"))
STOP = StopLadder(Actor("zhao", "desk", "dispatcher"), "", "phoned them")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def climbed(mission: Mission, command: ClimbLadder = CLIMB, late: float = 0) -> tuple[Mission, Any]:
    """The mission after its next rung, fired so many seconds late, and what happened."""
    assert mission.ladder is not None
    assert mission.ladder.due_time is not None
    now = mission.ladder.due_time + timedelta(seconds=late)
    events = decide(mission, command, now)
    return reduce(evolve, events, mission), events[-1]


def fired(mission: Mission, number: int, command: ClimbLadder = CLIMB) -> list[Any]:
    found = []
    for _ in range(number):
        mission, event = climbed(mission, command)
        found.append(event)
    return found


def test_the_rungs_come_at_their_times_and_the_last_one_for_ever() -> None:
    events = fired(after(LADDER_DISPATCH), 8)
    assert [event.rung for event in events] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [(event.due_time - NOW).total_seconds() for event in events] == [
        3, 8, 15, 30, 60, 120, 180, 240,
    ]  # fmt: skip
    assert [[told.who for told in event.told] for event in events[:5]] == [
        ["TEAM"],
        ["TEAM_LEADER"],
        ["TEAM", "DESK"],
        ["TEAM", "DESK", "DEPUTY", "NEXT_TEAM"],
        ["TEAM", "SUPERVISION"],
    ]
    assert events[1].told[0] == Told("TEAM_LEADER", "990101-fire", ("sun",), ("SMS", "VOICE"))
    assert events[3].next_teams == NEXT


def test_a_rung_for_the_team_is_a_push_and_the_others_are_none() -> None:
    mission = after(LADDER_DISPATCH)
    attempts = []
    for _ in range(4):
        mission, _ = climbed(mission)
        attempts.append(mission.pushes.attempt)
    assert attempts == [2, 2, 3, 4]


def test_what_a_terminal_has_stored_passes_over_the_rungs_for_the_undelivered() -> None:
    mission = after(LADDER_DISPATCH, ReceiveMission(LEE))
    _, event = climbed(mission)
    assert (event.rung, event.due_time) == (3, at(15))


def test_missed_rungs_are_made_up_for_and_missed_repeats_are_not() -> None:
    mission, numbers, now = after(LADDER_DISPATCH), [], at(3600)
    while mission.ladder and mission.ladder.due_time and mission.ladder.due_time <= now:
        for event in decide(mission, CLIMB, now):
            mission = evolve(mission, event)
        numbers.append(mission.ladder.rung if mission.ladder else 0)
    assert numbers == [1, 2, 3, 4, 5]
    assert mission.ladder is not None
    assert mission.ladder.due_time == now + timedelta(seconds=60)


def test_a_rung_without_any_person_goes_on_at_once_and_says_so() -> None:
    mission, _ = climbed(after(LADDER_DISPATCH))
    mission, event = climbed(mission, ClimbLadder())
    assert (event.told, event.missing, event.next_due_time) == ((), ("TEAM_LEADER",), event.time)
    _, following = climbed(mission, ClimbLadder())
    assert (following.rung, following.time) == (3, event.time)


def test_repeats_without_a_person_do_not_run_away() -> None:
    only = Ladder((Rung(5, "NOT_ACKNOWLEDGED", ("SHIFT_COMMANDER",)),), 60)
    mission, event = climbed(after(replace(LADDER_DISPATCH, ladder=only)), ClimbLadder())
    assert event.next_due_time == event.time + timedelta(seconds=60)
    assert alert_time(mission) is None


@pytest.mark.parametrize(
    "step", [AcknowledgeMission(LEE), ReportEnRoute(LEE), ClearMission(LEE, "done")]
)
def test_an_answer_ends_it(step: Any) -> None:
    mission = after(LADDER_DISPATCH)
    for _ in range(4):
        mission, _ = climbed(mission)
    assert alert_time(mission) == at(15)
    mission = after(step, start=mission)
    assert mission.ladder is not None
    assert (mission.ladder.due_time, alert_time(mission)) == (None, None)


def test_a_refusal_is_told_at_once_once_and_not_to_the_team() -> None:
    mission = after(LADDER_DISPATCH, RefuseMission(LEE, "车辆故障"))
    assert alert_time(mission) == NOW
    mission, event = climbed(mission)
    assert (event.due_time, event.next_due_time, event.rung) == (NOW, None, 3)
    assert [told.who for told in event.told] == ["DESK", "NEXT_TEAM"]
    assert mission.ladder is not None
    assert (mission.ladder.due_time, mission.state) == (None, State.REFUSED)
    assert alert_time(after(STOP, start=mission)) is None


def test_a_refusal_after_a_person_has_stopped_it_is_told_all_the_same() -> None:
    mission = after(LADDER_DISPATCH, STOP, RefuseMission(LEE, "车辆故障"))
    _, event = climbed(mission)
    assert event.told
    assert after(STOP, start=mission).ladder != mission.ladder


def test_the_next_teams_are_those_of_the_last_look_with_its_time() -> None:
    again = Rung(40, "NOT_ACKNOWLEDGED", ("DESK", "NEXT_TEAM"))
    ladder = Ladder((*RUNGS[:4], again, RUNGS[4]), 60)
    mission = after(replace(LADDER_DISPATCH, ladder=ladder))
    for _ in range(4):
        mission, _ = climbed(mission)
    assert mission.ladder is not None
    assert (mission.ladder.next_teams, mission.ladder.next_teams_time) == (NEXT, at(30))
    mission, event = climbed(mission, replace(CLIMB, next_teams=()))
    assert (event.missing, mission.ladder) != ((), None)
    for _ in range(2):
        assert mission.ladder is not None
        assert (mission.ladder.next_teams, mission.ladder.next_teams_time) == ((), at(40))
        mission, _ = climbed(mission)


def test_a_drill_rings_no_telephone_and_an_unknown_channel_neither() -> None:
    drill = replace(LADDER_DISPATCH, order=replace(LADDER_DISPATCH.order, exercise=True))
    for start, command in ((drill, CLIMB), (LADDER_DISPATCH, replace(CLIMB, channels=()))):
        assert fired(after(start), 2, command)[1].told[0].channels == ()


def test_a_person_ends_it_with_a_reason_once() -> None:
    mission = after(LADDER_DISPATCH, STOP)
    assert mission.ladder is not None
    assert (mission.ladder.stopped_by, mission.ladder.due_time) == ("zhao", None)
    refusal = refusal_of(mission, STOP)
    assert (refusal.reason, refusal.facts["by"]) == ("LADDER_STOPPED", "zhao")
    assert refusal_of(mission, CLIMB, at(600)).reason == "NOT_DUE"
    assert refusal_of(after(LADDER_DISPATCH), replace(STOP, reason=" ")).reason == "REASON_MISSING"


@pytest.mark.parametrize(
    ("ready", "reason"),
    [
        (Readiness("OUT_OF_SERVICE", 3), "TEAM_OUT_OF_SERVICE"),
        (Readiness("RESTING", 3), "TEAM_OFF_DUTY"),
        (Readiness("AVAILABLE", 0), "NOT_STAFFED"),
    ],
)
def test_a_team_that_cannot_be_sent_is_refused_unless_forced(ready: Readiness, reason: str) -> None:
    command = replace(LADDER_DISPATCH, ready=ready)
    refusal = refusal_of(None, command)
    assert (refusal.reason, refusal.facts["field"]) == (reason, "team")
    blank = replace(command, order=replace(command.order, force_reason="  "))
    assert refusal_of(None, blank).reason == reason
    forced = replace(command, order=replace(command.order, force_reason="唯一可用"))
    mission = after(forced)
    assert mission.order.force_reason == "唯一可用"
    _, event = climbed(mission)
    assert (event.rung, event.due_time) == (2, NOW)
    with_terminal = after(replace(forced, reachable=True))
    assert climbed(with_terminal)[1].rung == 1


def test_an_order_that_the_desk_has_committed_is_not_refused_but_told_at_once() -> None:
    late = Readiness("OUT_OF_SERVICE", 3, binding=False)
    _, event = climbed(after(replace(LADDER_DISPATCH, ready=late)))
    assert (event.rung, event.due_time) == (2, NOW)


def test_an_unknown_staff_is_not_an_empty_one() -> None:
    assert after(replace(LADDER_DISPATCH, ready=Readiness("AVAILABLE", None)))


STEPS: list[Any] = [
    ReceiveMission(LEE),
    AcknowledgeMission(LEE),
    RefuseMission(LEE, "车辆故障"),
    ClearMission(LEE),
    STOP,
]
CONDITIONS = st.sampled_from(["NOT_DELIVERED", "NOT_ACKNOWLEDGED"])
WORDS = st.lists(
    st.sampled_from(["TEAM", "TEAM_LEADER", "DESK", "DEPUTY", "NEXT_TEAM", "SUPERVISION"]),
    min_size=1,
    max_size=3,
    unique=True,
)


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """Any ladder that a pack may hold."""
    seconds = sorted(draw(st.sets(st.integers(1, 600), min_size=1, max_size=8)))
    rungs = [Rung(each, draw(CONDITIONS), tuple(draw(WORDS))) for each in seconds]
    rungs[-1] = replace(rungs[-1], when="NOT_ACKNOWLEDGED")
    return Ladder(tuple(rungs), draw(st.integers(1, 120)))


@dataclass
class Night:
    """A service that looks at its timers now and then, is away for a while, and hears steps."""

    mission: Mission
    now: datetime = NOW
    fired: list[MissionUnanswered] = field(default_factory=list)

    def wait(self, seconds: float, people: ClimbLadder) -> None:
        """Look at the timers after so many seconds, as a restarted service does."""
        self.now += timedelta(seconds=seconds)
        for _ in range(100):
            ladder = self.mission.ladder
            if ladder is None or ladder.due_time is None or ladder.due_time > self.now:
                return
            events = decide(self.mission, people, self.now)
            self.mission = reduce(evolve, events, self.mission)
            self.fired += [event for event in events if isinstance(event, MissionUnanswered)]
        raise AssertionError("the rungs run away")

    def hear(self, step: Any) -> None:
        if self.mission.state in UNANSWERED:
            self.mission = reduce(evolve, decide(self.mission, step, self.now), self.mission)


@settings(max_examples=300, deadline=None)
@given(
    ladders(),
    st.lists(
        st.tuples(
            st.floats(0.01, 900),
            st.sampled_from([CLIMB, ClimbLadder()]),
            st.one_of(st.none(), st.sampled_from(STEPS)),
        ),
        max_size=25,
    ),
)
def test_each_rung_once_in_order_none_after_the_end(
    ladder: Ladder, schedule: list[tuple[float, ClimbLadder, Any]]
) -> None:
    night = Night(after(replace(LADDER_DISPATCH, ladder=ladder)))
    ended = 0
    for seconds, people, step in schedule:
        was_over = night.mission.state not in UNANSWERED or is_stopped(night.mission)
        count = len(night.fired)
        night.wait(seconds, people)
        if was_over:
            last_call = night.mission.state is State.REFUSED and not ended
            assert len(night.fired) - count <= last_call
            ended += len(night.fired) - count
        if step is not None and not is_stopped(night.mission):
            night.hear(step)
    numbers = [event.rung for event in night.fired]
    assert numbers == sorted(set(numbers))
    assert all(event.due_time <= event.time for event in night.fired)
    waiting = night.mission.state in UNANSWERED and not is_stopped(night.mission)
    assert night.mission.ladder is not None
    due = night.mission.ladder.due_time
    assert not waiting or (due is not None and due > night.now - timedelta(seconds=1e-6))
    unless_delivered = {n for n, rung in enumerate(ladder.rungs, 1) if rung.when == "NOT_DELIVERED"}
    if waiting and numbers:
        expected = set(range(1, max(numbers) + 1)) - unless_delivered
        assert expected <= set(numbers) or max(numbers) > len(ladder.rungs)


def is_stopped(mission: Mission) -> bool:
    return mission.ladder is not None and bool(mission.ladder.stopped_by)


def test_the_usual_rungs_are_those_of_this_file() -> None:
    assert [rung.seconds for rung in RUNGS] == [3, 8, 15, 30, 60]
