"""What the desk knows of the city, and what it says while it knows nothing."""

from dataclasses import replace

import pytest

from backbone.words.city import Grid
from backbone.words.errors import Unavailable
from backbone.words.place import Place, Point
from services.alarm.atlas import Atlas
from tests.cities import a_city

SQUARE = Grid("990101001001001", "grid 1", (((0, 0), (1, 0), (1, 1), (0, 1)),))
INSIDE, OUTSIDE = Place("gate", Point(0.5, 0.5)), Place("sea", Point(5, 5))


def test_a_point_is_found_in_its_grid() -> None:
    atlas = Atlas()
    atlas.learn(replace(a_city(), grids={SQUARE.code: SQUARE}))
    assert atlas.locate(INSIDE).area == SQUARE.code
    assert atlas.locate(OUTSIDE).area == ""


def test_before_there_is_a_city_nothing_lies_outside_it() -> None:
    """A refusal would be kept for ever under the caller's key."""
    with pytest.raises(Unavailable):
        Atlas().locate(INSIDE)
    assert Atlas().locate(Place("gate")) == Place("gate")
