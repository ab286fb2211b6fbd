"""What the desk is offered, by table: classes with their words, repeats with their reasons."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from backbone.words.place import Place, Point
from services.alarm.atlas import Atlas
from services.alarm.receipt.cells import cell_of, cells_around
from services.alarm.receipt.suggestions import (
    Earlier,
    Sighting,
    Window,
    categories,
    distance,
    likeness,
    repeats,
)
from tests.desks import EAST_GRID, HERE, WEST_GRID, a_desk_city

NOW = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
WINDOW = Window(timedelta(minutes=60), metres=500, most=3)
ATLAS = Atlas()
ATLAS.learn(a_desk_city())
CRASH = "长风路口两车相撞,有人受伤"


def seen(
    narrative: str = CRASH,
    minutes: int = 0,
    point: Point | None = HERE,
    text: str = "",
    number: str = "",
    category: str = "traffic.accident",
) -> Sighting:
    time = NOW - timedelta(minutes=minutes)
    address = ATLAS.address_of(text)
    return Sighting(time, Place(text, point), category, narrative, number, address)


def earlier(sighting: Sighting, receipt: str = "a", incident: str = "", state: str = "") -> Earlier:
    return Earlier(receipt, f"code-{receipt}", incident, sighting, state)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (("a1", "a"), ("a2", "a"), "SAME_LINE"),
        (("a1", "a"), ("a1", "a"), "SAME_NUMBER"),
        (("a1", "a"), ("a", ""), "SAME_LINE"),
        (("a", ""), ("a1", "a"), "SAME_LINE"),
        (("a1", "a"), ("b1", "b"), ""),
        (("", ""), ("", ""), ""),
    ],
)
def test_extensions_of_one_line_are_kept_apart_and_shown(
    one: tuple[str, str], other: tuple[str, str], reason: str
) -> None:
    first, second = (
        replace(seen(CRASH, 1), number_index=number, line_index=line)
        for number, line in (one, other)
    )
    [found] = repeats(first, [earlier(second)], WINDOW)
    told = [each for each in found.reasons if each in ("SAME_LINE", "SAME_NUMBER")]
    assert told == ([reason] if reason else [])


@pytest.mark.parametrize("first_is_known", [True, False])
def test_each_number_of_a_field_finds_the_caller_again(first_is_known: bool) -> None:
    several = replace(seen(CRASH, 1), number_index="a", further=("b", "c1"), further_lines=("c",))
    for number, line, reason in (
        ("b", "", "SAME_NUMBER"),
        ("c1", "c", "SAME_NUMBER"),
        ("c2", "c", "SAME_LINE"),
        ("d", "", ""),
    ):
        one = replace(seen(CRASH, 1), number_index=number, line_index=line)
        told, known = (one, several) if first_is_known else (several, one)
        [found] = repeats(told, [earlier(known)], WINDOW)
        assert [
            each for each in found.reasons if each.startswith("SAME_N") or each == "SAME_LINE"
        ] == ([reason] if reason else [])


def test_the_most_exact_class_comes_first_with_its_words() -> None:
    best, *others = categories(CRASH, ATLAS.keywords)
    assert best.category == "traffic.accident.injury"
    assert best.words[0] == "有人受伤"
    assert [each.category for each in others] == ["traffic.accident", "traffic"]
    assert best.score > others[0].score > others[1].score


@pytest.mark.parametrize("narrative", ["", "您好", "abc"])
def test_nothing_is_guessed_from_nothing(narrative: str) -> None:
    assert categories(narrative, ATLAS.keywords) == ()


NORTH_OF_HERE = Point(HERE.longitude, HERE.latitude + 0.001)
FAR = Point(HERE.longitude + 0.02, HERE.latitude)


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        (seen("两车相撞了,快来", 5, NORTH_OF_HERE), ["NEAR 111 m", "SIMILAR_WORDS", "SAME_CLASS"]),
        (seen("路上有人打架", 5, category="violence", number="x"), ["SAME_NUMBER", "NEAR 0 m"]),
        (seen(CRASH, 5, None, "长风路12号"), ["SAME_PLACE 100%", "SIMILAR_WORDS 100%"]),
    ],
)
def test_a_likely_repeat_says_why(other: Sighting, reasons: list[str]) -> None:
    [found] = repeats(seen(number="x", text="长风路12号"), [earlier(other)], WINDOW)
    for reason in [*reasons, "RECENT 5 min"]:
        assert any(told.startswith(reason) for told in found.reasons), found


@pytest.mark.parametrize(
    "other",
    [
        seen("家中失窃", 5, FAR, category="theft"),
        seen("两车相撞", 5, FAR),
        seen("井盖丢了", 50, NORTH_OF_HERE, category="theft"),
    ],
)
def test_what_has_little_in_common_is_no_repeat(other: Sighting) -> None:
    assert repeats(seen(), [earlier(other)], WINDOW) == ()


def test_a_burst_about_one_event_is_one_suggestion() -> None:
    burst = [earlier(seen(minutes=each), f"r{each}", "one") for each in range(1, 9)]
    lonely = earlier(seen(minutes=3), "lonely")
    found = repeats(seen(), [*burst, lonely], WINDOW)
    assert [(each.receipt, each.incident) for each in found] == [("r1", "one"), ("lonely", "")]


def test_a_repeat_shows_the_state_of_its_incident_and_what_is_void_is_none() -> None:
    states = ("PENDING", "CLAIMED", "CLOSED", "VOIDED")
    others = [earlier(seen(minutes=1), each, each, each) for each in states]
    wide = replace(WINDOW, most=9)
    assert {each.incident: each.state for each in repeats(seen(), others, wide)} == {
        "PENDING": "PENDING", "CLAIMED": "CLAIMED", "CLOSED": "CLOSED",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["长风路 十二 号", "长风路12#门口", "长风路12号附近"])
@pytest.mark.parametrize("point", [None, FAR])
def test_two_texts_of_one_address_are_one_place(text: str, point: Point | None) -> None:
    here = seen("有人倒地不起", text="长风路12号")
    [found] = repeats(here, [earlier(seen("老人晕倒", 5, point, text))], WINDOW)
    assert "SAME_PLACE 100%" in found.reasons


def test_an_address_is_not_in_two_townships() -> None:
    here = seen("有人倒地不起", point=None, text="长风路12号")
    there = replace(here, place=replace(here.place, area="990102001001"))
    here = replace(here, place=replace(here.place, area="990101001001"))
    [close] = repeats(here, [earlier(here)], WINDOW)
    [far] = repeats(here, [earlier(there)], WINDOW)  # the same words may still tell of one event
    assert close.score > far.score and not any("SAME_PLACE" in reason for reason in far.reasons)


def test_of_like_ones_the_incident_comes_first() -> None:
    alike = [earlier(seen(minutes=1), "open"), earlier(seen(minutes=2), "opened", "one")]
    assert [each.receipt for each in repeats(seen(), alike, WINDOW)] == ["opened", "open"]


def test_newer_counts_more_and_no_more_are_shown_than_the_city_wants() -> None:
    many = [earlier(seen(minutes=each), f"r{each}") for each in (40, 10, 30, 20, 50)]
    assert [each.receipt for each in repeats(seen(), many, WINDOW)] == ["r10", "r20", "r30"]


def test_distance_and_likeness_are_what_they_seem() -> None:
    assert distance(HERE, NORTH_OF_HERE) == pytest.approx(111.3, abs=0.1)
    assert likeness("青山镇长风路", "青山镇长风路!") == 1.0
    assert likeness("青山镇", "") == 0.0
    assert 0 < likeness("两车相撞有人受伤", "两车相撞") < 1


def test_the_grid_of_a_point() -> None:
    assert ATLAS.locate(Place("", HERE)).area == EAST_GRID
    assert ATLAS.locate(Place("", Point(0.05, 0.05))).area == WEST_GRID
    assert ATLAS.locate(Place("", Point(5.0, 5.0), EAST_GRID)).area == ""
    assert ATLAS.locate(Place("", None, EAST_GRID)).area == EAST_GRID


def test_the_cells_around_a_point_hold_all_that_is_near() -> None:
    cells = cells_around(HERE, 500)
    for east, north in ((0.004, 0), (-0.004, 0), (0, 0.004), (0, -0.004)):
        assert cell_of(Point(HERE.longitude + east, HERE.latitude + north)) in cells
    assert len(cells) <= 9
