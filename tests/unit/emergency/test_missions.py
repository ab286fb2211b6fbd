"""Every state and command of a mission from one table; who may do what; repeats; replay."""

from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.words.errors import NotFound, Refusal
from services.emergency.mission import MISSIONS
from services.emergency.mission.dispatching import DispatchMission
from services.emergency.mission.record import (
    ENDED,
    UNANSWERED,
    Ending,
    Mission,
    Order,
    State,
    mission_id,
)
from services.emergency.mission.repeats import Lapse
from services.emergency.mission.steps import (
    RANK,
    STAMPS,
    AcknowledgeMission,
    ClearMission,
    Crew,
    ReceiveMission,
    RefuseMission,
    ReportEnRoute,
    ReportOnScene,
)
from tests.unit.emergency.missions import (
    ALONE,
    DISPATCH,
    LEE,
    MATTER,
    NOW,
    STRANGER,
    after,
    decide,
    evolve,
)

MOVES: list[Any] = [
    ReceiveMission(LEE),
    AcknowledgeMission(LEE),
    RefuseMission(LEE, "vehicle broken"),
    ReportEnRoute(LEE),
    ReportOnScene(LEE),
    ClearMission(LEE, "done"),
    Lapse(),
]
REACHES = {
    ReceiveMission: State.DELIVERED,
    AcknowledgeMission: State.ACKNOWLEDGED,
    ReportEnRoute: State.EN_ROUTE,
    ReportOnScene: State.ON_SCENE,
    ClearMission: State.CLEARED,
}


def a_mission(state: State) -> Mission:
    """A mission that came to its state step by step, each of them reported."""
    if state is State.REFUSED:
        return after(DISPATCH, ReceiveMission(LEE), RefuseMission(LEE, "no crew"))
    steps: list[Any] = [step for step in MOVES if type(step) in REACHES]
    return after(DISPATCH, *(s for s in steps if RANK[REACHES[type(s)]] <= RANK[state]))


def expected(state: State, command: Any) -> State | None:
    """Where the command leads, or None where it is refused."""
    match command:
        case RefuseMission():
            return State.REFUSED if state in UNANSWERED else None
        case Lapse():
            return state if state in UNANSWERED else None
        case ReceiveMission():
            return State.DELIVERED if state is State.PENDING else state
    if state is State.REFUSED:
        return None
    return max(state, REACHES[type(command)], key=RANK.__getitem__)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", MOVES, ids=lambda c: type(c).__name__)
def test_every_state_and_command(state: State, command: Any) -> None:
    before, leads_to = a_mission(state), expected(state, command)
    assert before.state is state
    assert (state in (MISSIONS.verbs[type(command)].states or ())) == (leads_to is not None)
    when = NOW + timedelta(hours=1)
    if leads_to is None:
        with pytest.raises(Refusal):
            decide(before, command, when)
        return
    result = reduce(evolve, decide(before, command, when), before)
    assert result.state is leads_to
    assert (result.pushes.due_time is not None) == (leads_to in UNANSWERED)
    assert (result.ending is not None) == (leads_to in ENDED)


@pytest.mark.parametrize("command", MOVES, ids=lambda c: type(c).__name__)
def test_nothing_moves_that_does_not_exist(command: Any) -> None:
    assert refusal_of(None, command).reason == "NO_SUCH_MISSION"


@pytest.mark.parametrize("command", MOVES[:-1], ids=lambda c: type(c).__name__)
@pytest.mark.parametrize("state", State)
def test_only_the_team_acts(state: State, command: Any) -> None:
    foreign = type(command)(**{**as_dict(command), "by": STRANGER})
    assert refusal_of(a_mission(state), foreign).reason == "NO_SUCH_MISSION"
    of_the_unit = type(command)(**{**as_dict(command), "by": Crew("sun", "", "990101-fire")})
    assert refusal_of(a_mission(state), of_the_unit).reason == "NOT_YOUR_TEAM"


def test_a_team_is_sent_once_to_a_matter_and_the_second_hears_by_whom() -> None:
    refusal = refusal_of(a_mission(State.EN_ROUTE), DISPATCH)
    assert refusal.reason == "ALREADY_DISPATCHED"
    assert refusal.facts == {
        "team": "fire-1",
        "by": "zhao",
        "unit": "desk",
        "time": NOW.isoformat(),
        "state": "EN_ROUTE",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"team": None}, "UNKNOWN_TEAM"),
        ({"order": {"priority": "P5"}}, "UNKNOWN_PRIORITY"),
        ({"order": {"code": ""}}, "ORDER_INCOMPLETE"),
    ],
)
def test_guards_of_an_order(change: dict[str, Any], reason: str) -> None:
    order = Order(**{**as_dict(DISPATCH.order), **change.pop("order", {})})
    command = DispatchMission(**{**as_dict(DISPATCH), "order": order, **change})
    assert refusal_of(None, command).reason == reason


def test_a_refusal_says_why() -> None:
    assert refusal_of(a_mission(State.PENDING), RefuseMission(LEE, " ")).reason == "REASON_MISSING"


def test_a_late_step_implies_the_earlier_ones() -> None:
    mission = after(DISPATCH, ReportOnScene(LEE))
    assert mission.progress.implied == (State.DELIVERED, State.ACKNOWLEDGED, State.EN_ROUTE)
    progress = mission.progress
    assert progress.deliver_time == progress.acknowledge_time == progress.arrive_time == NOW


def test_what_was_implied_is_confirmed_when_it_comes_late() -> None:
    mission = after(DISPATCH, ReportOnScene(LEE))
    [event] = decide(mission, AcknowledgeMission(LEE, NOW), NOW + timedelta(hours=3))
    late = evolve(mission, event)
    assert (late.state, late.progress.acknowledged_by) == (State.ON_SCENE, "lee")
    assert late.progress.implied == (State.DELIVERED, State.EN_ROUTE)
    assert late.progress.acknowledge_time == NOW, (
        "the earlier bound stays; the terminal's time is evidence"
    )
    assert decide(late, AcknowledgeMission(LEE), NOW) == []


def test_a_result_that_comes_late_is_recorded_once() -> None:
    cleared = after(DISPATCH, ClearMission(LEE))
    [event] = decide(cleared, ClearMission(LEE, "done"), NOW + timedelta(hours=1))
    late = evolve(cleared, event)
    assert late.ending == Ending(NOW, result="done"), "it ended when it was cleared first"
    assert decide(late, ClearMission(LEE, "done"), NOW) == []
    assert decide(late, ClearMission(LEE), NOW) == []
    assert refusal_of(late, ClearMission(LEE, "something else")).reason == "ALREADY_CLEARED"


@pytest.mark.parametrize("state", [State.PENDING, State.ACKNOWLEDGED])
@pytest.mark.parametrize(("seq", "is_right"), [(0, True), (41, True), (40, False), (-41, False)])
def test_only_its_own_entry_is_a_delivery(state: State, seq: int, is_right: bool) -> None:
    command, mission = ReceiveMission(LEE, seq, entry=41), a_mission(state)
    if is_right:
        decide(mission, command, NOW)
    else:
        assert refusal_of(mission, command).reason == "WRONG_SEQ"


def test_a_silent_refusal_implies_the_delivery() -> None:
    mission = after(DISPATCH, RefuseMission(LEE, "no crew"))
    assert mission.progress.implied == (State.DELIVERED,)
    assert after(ReceiveMission(LEE), start=mission).progress.implied == ()


def test_pauses_grow_and_the_last_one_repeats_for_ever() -> None:
    mission, pauses = after(DISPATCH), []
    for _ in range(6):
        due = mission.pushes.due_time
        assert due is not None
        pauses.append((due - mission.time).total_seconds())
        [event] = decide(mission, Lapse(), due)
        mission = evolve(mission, event)
    assert pauses == [10, 20, 40, 40, 40, 40]
    assert (mission.pushes.attempt, mission.pushes.revision) == (7, 1)


def test_a_repeat_does_not_come_early() -> None:
    early = NOW + timedelta(seconds=9)
    assert refusal_of(after(DISPATCH), Lapse(), early).reason == "NOT_DUE"


@given(st.lists(st.sampled_from([DISPATCH, *MOVES, ReceiveMission(STRANGER)]), max_size=30))
def test_replay_gives_the_same_mission_and_versions_without_gap(commands: list[Any]) -> None:
    mission: Mission | None = None
    journal: list[Any] = []
    rank = 0
    for command in commands:
        try:
            events = decide(mission, command, NOW + timedelta(days=len(journal)))
        except Refusal:
            continue
        journal += events
        mission = reduce(evolve, events, mission)
        assert mission is not None
        assert mission.id == mission_id(MATTER, "fire-1")
        assert mission.version == len(journal)
        assert (mission.pushes.due_time is not None) == (mission.state in UNANSWERED)
        assert RANK[mission.state] >= rank, "the rank only rises"
        rank = RANK[mission.state]
        reached = [s for s in STAMPS if RANK[s] <= rank]
        assert (mission.ending is not None) == (mission.state in ENDED)
        assert all(getattr(mission.progress, STAMPS[state]) for state in reached)
        assert set(mission.progress.implied) <= set(reached)
    assert reduce(evolve, journal, None) == mission


@pytest.mark.parametrize("command", MOVES[:-1], ids=lambda c: type(c).__name__)
def test_a_repeat_is_for_those_who_may_still_know(command: Any) -> None:
    mission = a_mission(State.REFUSED)
    MISSIONS.ask_again(mission, command, NOW, ALONE)
    foreign = type(command)(**{**as_dict(command), "by": STRANGER})
    with pytest.raises(NotFound, match="NO_SUCH_MISSION"):
        MISSIONS.ask_again(mission, foreign, NOW, ALONE)


@pytest.mark.parametrize("command", [DISPATCH, Lapse()], ids=lambda c: type(c).__name__)
def test_a_repeat_from_inside_is_answered(command: Any) -> None:
    MISSIONS.ask_again(a_mission(State.CLEARED), command, NOW, ALONE)


def as_dict(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def refusal_of(mission: Mission | None, command: Any, now: datetime = NOW) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decide(mission, command, now)
    return caught.value
