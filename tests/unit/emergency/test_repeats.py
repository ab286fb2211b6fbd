"""Repeats 催签: a mission that is not answered is pushed again, for ever."""

from datetime import timedelta
from typing import Any

import pytest

from services.emergency.mission import MISSIONS
from services.emergency.mission.record import State
from services.emergency.mission.repeats import Lapse
from tests.life_cycles import ALONE
from tests.unit.emergency.missions import (
    DISPATCH,
    NOW,
    a_mission,
    after,
    decide,
    evolve,
    refusal_of,
)


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


@pytest.mark.parametrize("command", [DISPATCH, Lapse()], ids=lambda c: type(c).__name__)
def test_a_repeat_from_inside_is_answered(command: Any) -> None:
    MISSIONS.check_repeat(a_mission(State.CLEARED), command, NOW, ALONE)
