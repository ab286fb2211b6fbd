"""A team that broke down says so, one that went out of service is not waited for, alerts end."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from services.emergency.alerts import _reason
from services.emergency.mission.correcting import ReviseMission
from services.emergency.mission.ladder import ClimbLadder, HastenLadder, StopLadder
from services.emergency.mission.recalling import ConfirmRecall
from services.emergency.mission.record import Cause, State
from services.emergency.mission.steps import (
    AcknowledgeMission,
    ReceiveMission,
    RefuseMission,
    ReportEnRoute,
    ReportOnScene,
)
from services.emergency.mission.table import alert_time
from tests.unit.emergency.missions import (
    FACTS,
    LADDER_DISPATCH,
    LEE,
    NEXT,
    NOW,
    PEOPLE,
    WITHDRAW,
    after,
    decide,
    evolve,
    refusal_of,
)

BROKEN = RefuseMission(LEE, "车辆抛锚", unable=True)
STOP = StopLadder(Actor("zhao", "desk", "dispatcher"), "", "已另派队伍")
SIGNED = (LADDER_DISPATCH, ReceiveMission(LEE), AcknowledgeMission(LEE))


@pytest.mark.parametrize(
    "way",
    [SIGNED, (*SIGNED, ReportEnRoute(LEE)), (*SIGNED, ReportEnRoute(LEE), ReportOnScene(LEE))],
)
def test_a_team_that_breaks_down_is_told_of_with_the_next_team(way: tuple[object, ...]) -> None:
    mission = after(*way)
    assert mission.ladder is not None and mission.ladder.due_time is None
    assert refusal_of(mission, replace(BROKEN, unable=False)).reason == "ALREADY_ACKNOWLEDGED"
    [event] = decide(mission, BROKEN, NOW)
    broken = evolve(mission, event)
    assert (event.unable, broken.state) == (True, State.REFUSED)
    assert broken.ladder is not None and broken.ladder.due_time == NOW
    [told] = decide(broken, ClimbLadder(PEOPLE, NEXT, ()), NOW)
    seen = evolve(broken, told)
    assert "DESK" in [each.who for each in told.told]
    assert told.next_teams == NEXT
    assert alert_time(seen) == NOW
    assert _reason(seen) == "UNABLE"


def test_what_the_team_has_done_before_is_kept() -> None:
    broken = after(*SIGNED, ReportEnRoute(LEE), BROKEN)
    assert broken.progress.acknowledge_time and broken.progress.depart_time
    assert broken.ending is not None and broken.ending.refuse_reason == "车辆抛锚"
    assert not decide(broken, ReviseMission(replace(FACTS, danger="漏电")), NOW)


def test_people_hear_at_once_of_a_silent_team_that_went_out_of_service() -> None:
    mission = after(LADDER_DISPATCH)
    [event] = decide(mission, HastenLadder(), NOW)
    sooner = evolve(mission, event)
    assert sooner.ladder is not None
    assert (sooner.ladder.rung, sooner.ladder.due_time) == (2, NOW)
    _, told = decide(sooner, ClimbLadder(PEOPLE, NEXT, ()), NOW)
    assert (told.rung, [each.who for each in told.told]) == (3, ["TEAM", "DESK"])
    assert told.next_due_time == NOW + timedelta(seconds=30), "the later rungs keep their time"
    assert refusal_of(evolve(sooner, told), HastenLadder()).reason == "NOT_DUE", "only once"


def test_an_answered_mission_is_not_hastened() -> None:
    assert refusal_of(after(*SIGNED), HastenLadder()) is not None


def test_the_alert_of_a_parted_matter_ends_with_a_dispatchers_word() -> None:
    same = replace(WITHDRAW, recall=replace(WITHDRAW.recall, cause=Cause.SAME_MATTER))
    unconfirmed = after(LADDER_DISPATCH, same)
    assert refusal_of(unconfirmed, STOP).reason == "NO_LADDER"
    parted = after(LADDER_DISPATCH, same, ConfirmRecall(LEE))
    assert alert_time(parted) is not None
    seen = evolve(parted, decide(parted, STOP, NOW)[0])
    assert alert_time(seen) is None
    assert seen.recall is not None and seen.recall.seen_by == "zhao"
    assert refusal_of(seen, STOP).reason == "LADDER_STOPPED"
    assert (
        refusal_of(after(LADDER_DISPATCH, WITHDRAW, ConfirmRecall(LEE)), STOP).reason == "NO_LADDER"
    )
