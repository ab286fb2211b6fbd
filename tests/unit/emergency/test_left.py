"""A team whose matter no office has stands in the inbox of its desk, until that decides."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from services.emergency.mission.joining import JoinMatter
from services.emergency.mission.left import LeaveToDesk
from services.emergency.mission.record import OVER, State
from services.emergency.mission.table import alert_time
from tests.unit.emergency.missions import (
    DISPATCH,
    MATTER,
    NOW,
    WITHDRAW,
    a_mission,
    after,
    decide,
)

ORDERED = after(replace(DISPATCH, order=replace(DISPATCH.order, receipt_version=5)))
OTHER = UUID(int=8)
LEFT, OPEN = LeaveToDesk(MATTER, 8), LeaveToDesk(MATTER, 9, is_left=False)


def test_it_stands_there_until_the_desk_calls_the_team_back() -> None:
    mission = after(LEFT, start=ORDERED)
    assert (mission.state, alert_time(mission)) == (State.PENDING, NOW), "it is not called back"
    assert alert_time(after(LeaveToDesk(MATTER, 10), start=mission)) == NOW, "since the first time"
    called = after(WITHDRAW, start=mission)
    assert alert_time(called) != NOW, "from then on as any recall"


def test_a_report_that_is_open_again_has_a_desk() -> None:
    mission = after(LEFT, OPEN, start=ORDERED)
    assert alert_time(mission) is None
    assert not decide(mission, LEFT, NOW), "the slower road"
    assert not decide(ORDERED, OPEN, NOW), "no news"


def test_a_link_gives_it_to_an_incident() -> None:
    there = JoinMatter(OTHER, "", "fire-1", receipt_version=9, is_incident=True)
    assert alert_time(after(LEFT, there, start=ORDERED)) is None


def test_what_happened_before_the_order_is_known_to_its_desk() -> None:
    assert not decide(ORDERED, LeaveToDesk(MATTER, 4), NOW)
    assert not decide(ORDERED, LeaveToDesk(OTHER, 8), NOW), "another matter"


@pytest.mark.parametrize("state", sorted(OVER))
def test_one_that_is_over_needs_no_decision(state: State) -> None:
    assert not decide(a_mission(state), LEFT, NOW)
