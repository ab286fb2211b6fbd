"""A ladder begins anew: with a more urgent priority, and with a correction to be signed for."""

from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.place import Place
from services.emergency.mission.correcting import ReviseMission
from services.emergency.mission.joining import same_matter
from services.emergency.mission.ladder import ClimbLadder, MissionUnanswered, StopLadder
from services.emergency.mission.recalling import ConfirmRecall, WithdrawMission
from services.emergency.mission.record import Mission, State
from services.emergency.mission.rungs import Ladder, Rung
from services.emergency.mission.steps import (
    AcknowledgeMission,
    ClearMission,
    ReceiveMission,
    ReportEnRoute,
    ReportOnScene,
)
from services.emergency.mission.table import alert_time
from tests.unit.emergency.missions import (
    DISPATCH,
    FACTS,
    LADDER_DISPATCH,
    LEE,
    MOVED,
    NEXT,
    NOW,
    PEOPLE,
    RUNGS,
    WITHDRAW,
    after,
    decide,
    evolve,
    refusal_of,
)

CLIMB = ClimbLadder(PEOPLE, NEXT, ("SMS", "VOICE"))
STOP = StopLadder(Actor("zhao", "desk", "dispatcher"), "", "phoned them")
SLOW = Ladder(
    (Rung(60, "NOT_ACKNOWLEDGED", ("TEAM",)), Rung(300, "NOT_ACKNOWLEDGED", ("DESK",))), 300
)
FAST = Ladder(RUNGS, 60)
P4 = replace(LADDER_DISPATCH, order=replace(LADDER_DISPATCH.order, priority="P4"), ladder=SLOW)
TO_P1 = ReviseMission(FACTS, ladder=FAST)
SIGN = AcknowledgeMission(LEE, revision=1)
LATER = NOW + timedelta(minutes=10)


def at(seconds: float) -> datetime:
    return LATER + timedelta(seconds=seconds)


def then(mission: Mission, command: Any, now: datetime = LATER) -> Mission:
    return reduce(evolve, decide(mission, command, now), mission)


def climb(mission: Mission, until: datetime) -> tuple[Mission, list[MissionUnanswered]]:
    """The mission with every rung that falls due until then, each fired in its moment."""
    fired: list[MissionUnanswered] = []
    while mission.ladder and mission.ladder.due_time and mission.ladder.due_time <= until:
        events = decide(mission, CLIMB, mission.ladder.due_time)
        mission = reduce(evolve, events, mission)
        fired += [each for each in events if isinstance(each, MissionUnanswered)]
    return mission, fired


@pytest.mark.parametrize(
    ("steps", "seconds"),
    [((), [3, 8, 15, 30, 60, 120]), ((ReceiveMission(LEE),), [15, 30, 60, 120])],
)
def test_a_more_urgent_priority_climbs_its_own_ladder_from_the_revision_on(
    steps: tuple[Any, ...], seconds: list[float]
) -> None:
    mission, before = climb(after(P4, *steps), NOW + timedelta(seconds=400))
    mission = then(mission, TO_P1)
    assert mission.release.acknowledge_by == at(60)
    mission, fired = climb(mission, at(120))
    assert [each.time for each in fired] == [at(each) for each in seconds]
    numbers = [each.rung for each in (*before, *fired)]
    assert numbers == sorted(set(numbers)), "each rung once, upwards"
    assert [told.who for told in fired[-2].told] == ["TEAM", "SUPERVISION"]


def test_an_alert_that_stands_is_kept_while_the_ladder_begins_anew() -> None:
    mission, _ = climb(after(P4), NOW + timedelta(seconds=400))
    since = alert_time(mission)
    assert since == NOW + timedelta(seconds=300)
    assert alert_time(then(mission, TO_P1)) == since


@pytest.mark.parametrize("priority", ["P2", "P4"])
def test_a_lower_priority_leaves_the_ladder_as_it_is(priority: str) -> None:
    mission = after(LADDER_DISPATCH)
    lower = then(mission, ReviseMission(replace(FACTS, priority=priority), ladder=SLOW))
    assert lower.ladder == mission.ladder
    assert lower.release == mission.release


def test_a_raise_begins_a_ladder_that_a_person_has_stopped() -> None:
    _, fired = climb(then(after(P4, STOP), TO_P1), at(15))
    assert [each.time for each in fired] == [at(3), at(8), at(15)]


def test_a_raise_of_a_signed_mission_rings_only_once_it_is_asked_again() -> None:
    mission = then(after(P4, SIGN), TO_P1)
    assert mission.ladder is not None
    assert (mission.ladder.due_time, mission.pushes.due_time) == (None, None)
    _, fired = climb(then(mission, MOVED), at(30))
    assert [each.time for each in fired] == [at(3), at(8), at(15), at(30)]


STATES: dict[State, tuple[Any, ...]] = {
    State.ACKNOWLEDGED: (SIGN,),
    State.EN_ROUTE: (SIGN, ReportEnRoute(LEE)),
    State.ON_SCENE: (ReportOnScene(LEE),),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("stopped", [False, True])
def test_a_correction_to_be_signed_again_climbs_until_its_revision_is_signed(
    state: State, stopped: bool
) -> None:
    mission = after(LADDER_DISPATCH, *((STOP,) if stopped else ()), *STATES[state])
    mission = then(mission, MOVED)
    assert (mission.state, alert_time(mission)) == (state, None)
    mission, fired = climb(mission, at(60))
    assert [each.rung for each in fired] == [1, 2, 3, 4, 5]
    assert [each.time for each in fired] == [at(each) for each in (3, 8, 15, 30, 60)]
    assert all(each.told for each in fired)
    assert (alert_time(mission), mission.release.acknowledge_by) == (at(15), at(60))
    stale = then(mission, AcknowledgeMission(LEE, revision=1), at(61))
    assert alert_time(stale) == at(15)
    signed = then(stale, AcknowledgeMission(LEE, revision=2), at(62))
    assert signed.ladder is not None
    assert (signed.ladder.due_time, alert_time(signed)) == (None, None)
    assert refusal_of(signed, STOP, at(63)).reason == "NO_LADDER"


def test_a_revision_that_asks_begins_a_stopped_ladder_of_a_silent_team() -> None:
    _, fired = climb(then(after(LADDER_DISPATCH, STOP), MOVED), at(15))
    assert [each.rung for each in fired] == [1, 2, 3]


def test_a_silent_team_is_not_given_more_time_by_corrections() -> None:
    """Amending a place again and again would otherwise keep the deputy from being told."""
    mission = after(LADDER_DISPATCH)
    for second in range(1, 30):
        here = NOW + timedelta(seconds=second)
        mission, _ = climb(mission, here)
        place = Place(f"长风路{second}号")
        mission = then(mission, ReviseMission(replace(FACTS, place=place)), here)
    _, fired = climb(mission, NOW + timedelta(seconds=30))
    assert [each.rung for each in fired] == [4]


def test_the_time_to_sign_does_not_grow_with_each_correction() -> None:
    mission = then(then(after(LADDER_DISPATCH), MOVED), ReviseMission(FACTS), at(300))
    assert mission.release.acknowledge_by == at(360)


ACTS: list[Any] = [
    TO_P1,
    MOVED,
    ReviseMission(replace(FACTS, priority="P4"), ladder=SLOW),
    ReviseMission(replace(FACTS, priority="P2", danger="有人持刀"), ladder=FAST),
    AcknowledgeMission(LEE, revision=1),
    ReceiveMission(LEE),
    ReportEnRoute(LEE),
    ClearMission(LEE),
]


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 400)), max_size=12))
def test_each_rung_once_in_order_and_a_rung_is_due_while_the_team_is_asked(
    acts: list[tuple[Any, int]],
) -> None:
    mission, now, numbers = after(P4), NOW, [0]
    for act, seconds in acts:
        now += timedelta(seconds=seconds)
        mission, fired = climb(mission, now)
        numbers += [each.rung for each in fired]
        mission = then(mission, act, now)
        assert mission.ladder is not None
        assert (mission.ladder.due_time is not None) == (mission.asks and mission.ending is None)
        assert mission.pushes.due_time is None
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("dispatch", "seconds"), [(LADDER_DISPATCH, 15), (DISPATCH, 60), (P4, 300)]
)
@pytest.mark.parametrize("before", [(), (SIGN,)])
def test_an_unconfirmed_recall_stands_on_the_board_until_it_is_confirmed(
    dispatch: Any, seconds: float, before: tuple[Any, ...]
) -> None:
    recalled = then(after(dispatch, *before), WITHDRAW)
    assert alert_time(recalled) == at(seconds)
    assert alert_time(then(recalled, ClearMission(LEE), at(5))) == at(seconds)
    assert alert_time(then(recalled, ConfirmRecall(LEE), at(400))) is None


def test_a_ladder_that_was_stopped_does_not_hide_an_unconfirmed_recall() -> None:
    assert alert_time(then(after(LADDER_DISPATCH, STOP), WITHDRAW)) == at(15)


def test_a_confirmed_recall_for_the_same_matter_may_still_become_an_alert() -> None:
    """The board shows it only while the link is undone; see the integration test."""
    recalled = then(after(LADDER_DISPATCH), WithdrawMission(same_matter(after(P4), LATER)))
    assert alert_time(then(recalled, ConfirmRecall(LEE), at(5))) == at(15)
