"""Area codes tell their level, their parents and what lies in them."""

import pytest

from backbone.words.areas import Level, ancestors, level_of, parent_of


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("990100", Level.CITY),
        ("990101", Level.COUNTY),
        ("990101001", Level.TOWNSHIP),
        ("990101001002", Level.VILLAGE),
        ("990101001002003", Level.GRID),
        ("", Level.UNSPECIFIED),
        ("99010", Level.UNSPECIFIED),
        ("9901o1", Level.UNSPECIFIED),
        ("９９０１００", Level.UNSPECIFIED),
    ],
)
def test_the_length_tells_the_level(code: str, level: Level) -> None:
    assert level_of(code) is level


def test_ancestors_go_from_the_place_up_to_the_city() -> None:
    assert ancestors("990101001002003") == (
        "990101001002003",
        "990101001002",
        "990101001",
        "990101",
        "990100",
    )
    assert ancestors("990100") == ("990100",)
    assert ancestors("nowhere") == ()


def test_only_the_city_has_nothing_above_it() -> None:
    assert parent_of("990101") == "990100"
    assert parent_of("990100") == ""
