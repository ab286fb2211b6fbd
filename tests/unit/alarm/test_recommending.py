"""Teams recommended to the desk: which, in which order, and with which words."""

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed

from backbone.words.actor import Actor
from backbone.words.city import City, Team
from backbone.words.competence import skills_for
from backbone.words.heard import OtherDanger
from backbone.words.place import Place, Point
from services.alarm.atlas import centres_of
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.recommending import (
    Recommended,
    Standing,
    candidates,
    linkage,
    metres_to,
    recommend,
)
from services.alarm.receipt.record import Receipt
from services.alarm.receipt.suggested import DangerSuggestion
from tests.cities import COUNTY, NORTH
from tests.desks import EAST_GRID, HERE, TAKER, WEST_GRID, a_category, a_desk_city, a_report
from tests.unit.alarm.receipts import after

FREE = Standing("AVAILABLE", 1, 0)


def a_team(code: str, area: str, *skills: str) -> Team:
    return Team(code, f"{code}队", "north", area, skills, "sun", ("sun",))


def a_city_of(*teams: Team) -> City:
    city = a_desk_city()
    fire = replace(a_category("fire", "火灾", priority="P1"), skills=("fire", "rescue"))
    house = a_category("fire.building", "建筑火灾", priority="P1")
    return replace(
        city,
        categories={**city.categories, "fire": fire, "fire.building": house},
        teams={each.code: each for each in teams},
    )


CITY = a_city_of(
    a_team("far", WEST_GRID, "fire"),
    a_team("near", EAST_GRID, "fire"),
    a_team("helper", EAST_GRID, "rescue"),
    a_team("doctor", EAST_GRID, "medical"),
)
CENTRES = centres_of(CITY)


def a_fire(**parts: Any) -> Receipt:
    found = after(a_report(category="traffic", priority="P1"))
    given = {"category": "fire.building", "priority": "P1", **parts}
    return changed(found, classification=changed(found.classification, **given))


def best(
    standings: dict[str, Standing], city: City = CITY, by: Actor = TAKER
) -> tuple[Recommended, ...]:
    receipt = a_fire()
    return recommend(city, receipt, candidates(city, receipt, by, CENTRES), standings, CENTRES)


def order(**standings: Standing) -> list[str]:
    return [each.team for each in best(dict.fromkeys(CITY.teams, FREE) | standings)]


def test_a_row_with_linkage_asks_by_its_conditions() -> None:
    assert [row.code for row in linkage(CITY, a_fire())] == ["danger"]
    assert linkage(CITY, a_fire(priority="P2")) == ()
    assert linkage(replace(CITY, policy=None), a_fire()) == ()


def test_a_class_takes_the_skills_of_the_class_above() -> None:
    assert skills_for(CITY, "fire.building") == ("fire", "rescue")
    assert skills_for(CITY, "theft") == ()
    assert candidates(CITY, a_fire(category="theft"), TAKER, CENTRES) == ()


def test_no_team_of_the_accused_unit_is_a_candidate() -> None:
    """The click would be refused, and a team that was just called back would come again."""
    city = replace(CITY, teams={**CITY.teams, "theirs": replace(CITY.teams["near"], unit="south")})
    city = replace(city, teams={k: replace(v, code=k) for k, v in city.teams.items()})
    receipt = a_fire()
    accusing = changed(receipt, report=changed(receipt.report, against="south"))

    def codes(found: Receipt) -> set[str]:
        return {each.code for each in candidates(city, found, TAKER, CENTRES)}

    assert codes(receipt) - codes(accusing) == {"theirs"}
    above = changed(receipt, report=changed(receipt.report, against="county"))
    assert codes(above) == set(), "nor one below the accused"


def test_a_danger_that_nobody_has_set_lower_asks_for_its_own_teams() -> None:
    words = ("着火",)
    heard = DangerSuggestion("fire.building", "建筑火灾", "P1", words, score=10)
    helped = a_fire(category="theft")
    helped = changed(helped, suggestions=changed(helped.suggestions, danger=heard))
    assert [each.code for each in linkage(CITY, helped)] == ["danger"]
    found = candidates(CITY, helped, TAKER, CENTRES)
    assert {each.code for each in found} == {"near", "far", "helper"}
    lower = changed(helped, classification=changed(helped.classification, priority="P3"))
    assert linkage(CITY, lower) == ()
    assert candidates(CITY, lower, TAKER, CENTRES) == ()


def beside(*dangers: str, own: str = "theft") -> list[str]:
    """Teams for a receipt of a class of its own that has patrols, beside heard dangers."""
    city = a_city_of(
        *(a_team(f"patrol{n}", EAST_GRID, "patrol") for n in range(20)),
        a_team("far", WEST_GRID, "fire"),
        *(a_team(f"near{n}", EAST_GRID, "fire", "rescue") for n in range(5)),
        a_team("doctor", WEST_GRID, "medical"),
    )
    theft = replace(city.categories["theft"], skills=("patrol",))
    doctor = replace(a_category("medical", "急救", priority="P1"), skills=("medical",))
    city = replace(city, categories={**city.categories, "theft": theft, "medical": doctor})
    receipt = a_fire(category=own)
    first, *others = (OtherDanger(each, each, "P1") for each in dangers)
    heard = DangerSuggestion(first.category, "", "P1", (), tuple(others), score=10)
    receipt = changed(receipt, suggestions=changed(receipt.suggestions, danger=heard))
    centres = centres_of(city)
    found = candidates(city, receipt, TAKER, centres)
    shown = recommend(city, receipt, found, dict.fromkeys(city.teams, FREE), centres)
    return [each.team for each in shown]


@pytest.mark.parametrize(
    ("dangers", "own", "teams"),
    [
        (("fire.building",), "theft", ["near0", "near1", "patrol0"]),
        (("medical",), "theft", ["doctor", "patrol0", "patrol1"]),
        (("fire.building", "medical"), "theft", ["near0", "doctor", "patrol0"]),
        (("medical",), "fire", ["doctor", "near0", "near1"]),
        (("medical", "fire"), "medical", ["doctor", "near0", "near1"]),
        (("fire", "medical"), "medical", ["doctor", "near0", "near1"]),
        (("medical", "fire.building"), "fire", ["near0", "near1", "doctor"]),
        (("fire.building",), "fire", ["near0", "near1", "near2"]),
    ],
)
def test_a_danger_beside_another_class_fetches_its_own_teams_first(
    dangers: tuple[str, ...], own: str, teams: list[str]
) -> None:
    assert beside(*dangers, own=own) == teams


@pytest.mark.parametrize(
    ("standings", "teams"),
    [
        ({}, ["near", "far", "helper"]),
        ({"near": Standing("AVAILABLE", 1, 5)}, ["far", "near", "helper"]),
        ({"near": Standing("AVAILABLE", 0, 0), "far": FREE}, ["near", "far", "helper"]),
        ({"near": Standing("OUT_OF_SERVICE", 1, 0)}, ["far", "helper", "near"]),
        ({"near": Standing("RESTING", 1, 0)}, ["far", "helper", "near"]),
        ({"near": Standing("AVAILABLE", 1, 0, on_duty=0)}, ["far", "helper", "near"]),
        ({"near": Standing("AVAILABLE", 1, 0, on_duty=1)}, ["near", "far", "helper"]),
    ],
)
def test_on_duty_first_then_skill_then_near_and_free(
    standings: dict[str, Standing], teams: list[str]
) -> None:
    assert order(**standings) == teams


def test_each_comes_with_what_speaks_for_it() -> None:
    first = next(
        each for each in best({"near": Standing("AVAILABLE", 0, 2)}) if each.team == "near"
    )
    assert first.skills == ("fire",)
    assert first.metres == pytest.approx(0, abs=1)


@pytest.mark.parametrize(
    ("standing", "unready"),
    [
        (FREE, ""),
        (Standing("AVAILABLE", 1, 0, on_duty=3), ""),
        (Standing("AVAILABLE", 1, 0, on_duty=0), "NOT_STAFFED"),
        (Standing("RESTING", 1, 0, on_duty=0), "RESTING"),
        (Standing("OUT_OF_SERVICE"), "OUT_OF_SERVICE"),
        (Standing(), ""),
    ],
)
def test_what_speaks_against_a_team_is_known_before_the_key(
    standing: Standing, unready: str
) -> None:
    found = next(each for each in best({"near": standing}) if each.team == "near")
    assert found.standing.unready == unready


def test_without_an_answer_the_city_copy_still_recommends() -> None:
    found = best({})
    assert [each.team for each in found] == ["near", "far", "helper"]
    assert {each.standing.duty for each in found} == {""}


def test_only_teams_that_the_person_may_send_and_that_are_not_sent() -> None:
    stranger = Actor("xu", "south", "call_taker", "990102")
    assert candidates(CITY, a_fire(), stranger, CENTRES) == ()
    city = a_desk_city()
    sent = after(DispatchNow(TAKER, "red"), found=after(a_report()))
    reds = a_city_of(*(replace(each, skills=("fire",)) for each in city.teams.values()))
    again = changed(sent, classification=a_fire().classification)
    assert [each.code for each in candidates(reds, again, TAKER, CENTRES, {"red"})] == ["blue"]


def test_the_middle_of_an_area_is_that_of_its_grids() -> None:
    assert CENTRES[EAST_GRID].longitude == pytest.approx(0.15)
    assert CENTRES[NORTH].longitude == pytest.approx(0.1)
    assert COUNTY in CENTRES


def test_without_a_point_the_middle_of_the_area_counts_and_without_any_nothing_does() -> None:
    receipt, team = a_fire(), CITY.teams["near"]
    placed = changed(receipt, report=changed(receipt.report, place=Place("x", None, EAST_GRID)))
    assert metres_to(team, placed, CENTRES) == 0
    assert metres_to(team, placed, {}) is None
    assert metres_to(team, receipt, {EAST_GRID: Point(HERE.longitude, HERE.latitude)}) == 0
