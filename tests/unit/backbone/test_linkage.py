"""Which matters ask for teams, by the city's routing and the skills of its classes."""

from dataclasses import replace

import pytest

from backbone.words.city import City
from backbone.words.heard import HeardDanger, OtherDanger
from backbone.words.linkage import asks_for_a_team, classes_of
from tests.desks import a_category, a_desk_city

FIRE = HeardDanger("fire", "火灾", "P1", ("着火",))
TRAPPED_BY_FIRE = HeardDanger(
    "rescue", "被困", "P2", ("被困",), (OtherDanger("fire", "火灾", "P1", ()),)
)


def a_city() -> City:
    """The demo rule: whatever is P1 asks for teams; a fire wants the skill of one."""
    city = a_desk_city()
    fire = replace(a_category("fire", "火灾", priority="P1"), skills=("fire",))
    return replace(city, categories={**city.categories, "fire": fire})


@pytest.mark.parametrize(
    ("category", "priority", "heard", "asks"),
    [
        ("fire", "P1", None, True),
        ("fire.building", "P1", None, True),
        ("fire", "P2", None, False),
        ("traffic", "P1", None, True),  # no skill to look for: the desk must choose
        ("", "P1", None, True),
        ("traffic", "P1", FIRE, True),
        ("traffic", "P2", FIRE, False),  # a person has set it lower
        ("traffic", "P1", TRAPPED_BY_FIRE, True),
        ("", "P1", FIRE, True),
        ("", "", None, False),
    ],
)
def test_a_row_asks_for_a_team(
    category: str, priority: str, heard: HeardDanger | None, asks: bool
) -> None:
    assert asks_for_a_team(a_city(), category, priority, heard, "ALARM") is asks
    assert not asks_for_a_team(replace(a_city(), policy=None), category, priority, heard, "ALARM")


def test_a_danger_that_was_set_lower_adds_no_class() -> None:
    assert classes_of("traffic", "P1", FIRE) == ("fire", "traffic")
    assert classes_of("traffic", "P2", FIRE) == ("traffic",)
    assert classes_of("fire", "P1", FIRE) == ("fire",)
