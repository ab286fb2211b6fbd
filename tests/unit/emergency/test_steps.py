"""The steps of a team: its rank only rises, later implies earlier, late ones are recorded."""

from datetime import timedelta
from functools import reduce
from typing import Any

import pytest

from backbone.words.errors import NotFound, Refusal
from services.emergency.mission import MISSIONS
from services.emergency.mission.record import OVER, UNANSWERED, Ending, State
from services.emergency.mission.repeats import Lapse
from services.emergency.mission.rising import RANK
from services.emergency.mission.steps import (
    AcknowledgeMission,
    ClearMission,
    Crew,
    ReceiveMission,
    RefuseMission,
    ReportOnScene,
)
from tests.life_cycles import ALONE
from tests.unit.emergency.missions import (
    DISPATCH,
    LEE,
    NOW,
    REACHES,
    STEPS,
    STRANGER,
    a_mission,
    after,
    as_dict,
    decide,
    evolve,
    refusal_of,
)

UNABLE = RefuseMission(LEE, "车辆抛锚", unable=True)


def expected(state: State, command: Any) -> State | None:
    """Where the command leads, or None where it is refused."""
    if state is State.RECALLED:
        return state  # what crosses a recall is recorded
    match command:
        case RefuseMission():
            may = state in UNANSWERED or (command.unable and state not in OVER)
            return State.REFUSED if may else None
        case Lapse():
            return state if state in UNANSWERED else None
        case ReceiveMission():
            return State.DELIVERED if state is State.PENDING else state
    if state is State.REFUSED:
        return None
    assert isinstance(command, tuple(REACHES))
    return max(state, REACHES[type(command)], key=RANK.__getitem__)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", [*STEPS, UNABLE, Lapse()], ids=lambda c: type(c).__name__)
def test_where_each_step_leads(state: State, command: Any) -> None:
    before, leads_to = a_mission(state), expected(state, command)
    assert before.state is state
    if not isinstance(command, Lapse | RefuseMission) or command == UNABLE:
        assert (state in (MISSIONS.verbs[type(command)].states or ())) == (leads_to is not None)
    when = NOW + timedelta(hours=1)
    if leads_to is None:
        with pytest.raises(Refusal):
            decide(before, command, when)
        return
    result = reduce(evolve, decide(before, command, when), before)
    assert result.state is leads_to
    still = leads_to in UNANSWERED or leads_to is State.RECALLED
    assert (result.pushes.due_time is not None) == still
    assert (result.ending is not None) == (leads_to in OVER)


@pytest.mark.parametrize("command", STEPS, ids=lambda c: type(c).__name__)
@pytest.mark.parametrize("state", State)
def test_only_the_team_acts(state: State, command: Any) -> None:
    foreign = type(command)(**{**as_dict(command), "by": STRANGER})
    assert refusal_of(a_mission(state), foreign).reason == "NO_SUCH_MISSION"
    of_the_unit = type(command)(**{**as_dict(command), "by": Crew("sun", "", "990101-fire")})
    assert refusal_of(a_mission(state), of_the_unit).reason == "NOT_YOUR_TEAM"


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


@pytest.mark.parametrize("command", STEPS, ids=lambda c: type(c).__name__)
def test_a_repeat_is_for_those_who_may_still_know(command: Any) -> None:
    mission = a_mission(State.REFUSED)
    MISSIONS.check_repeat(mission, command, NOW, ALONE)
    foreign = type(command)(**{**as_dict(command), "by": STRANGER})
    with pytest.raises(NotFound, match="NO_SUCH_MISSION"):
        MISSIONS.check_repeat(mission, foreign, NOW, ALONE)
