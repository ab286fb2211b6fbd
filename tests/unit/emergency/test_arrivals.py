"""Missions that have just come to a matter are noted until they were compared with it."""

from uuid import UUID, uuid4

import pytest

from services.emergency import catching_up
from services.emergency.catching_up import MOST, Arrivals


@pytest.fixture
def arrivals() -> Arrivals:
    return Arrivals()


def test_each_is_told_until_it_was_compared(arrivals: Arrivals) -> None:
    first, second = uuid4(), uuid4()
    arrivals.note([first, second])
    assert arrivals.first(()) == [first, second]
    assert arrivals.first({first}) == [second], "one that rests is left out"
    arrivals.compared(first)
    assert arrivals.first(()) == [second]


def test_a_look_takes_so_many(arrivals: Arrivals) -> None:
    many = [UUID(int=number) for number in range(MOST + 1)]
    arrivals.note(many)
    assert arrivals.first(()) == many[:MOST]


def test_one_that_was_not_written_yet_is_looked_for_again(
    arrivals: Arrivals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction may still be under way; one that was rolled back is forgotten."""
    mission = uuid4()
    arrivals.note([mission])
    arrivals.forget([mission])
    assert arrivals.first(()) == [mission]
    monkeypatch.setattr(catching_up, "UNWRITTEN", 0.0)
    arrivals.forget([mission])
    assert arrivals.first(()) == []
