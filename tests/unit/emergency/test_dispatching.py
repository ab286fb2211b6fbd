"""Dispatch 派警: a desk sends a team to a matter, once."""

from typing import Any

import pytest

from services.emergency.mission.dispatching import DispatchMission
from services.emergency.mission.record import Order, State
from tests.unit.emergency.missions import DISPATCH, NOW, a_mission, as_dict, refusal_of


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
