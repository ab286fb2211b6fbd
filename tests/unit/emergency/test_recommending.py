"""Whom the words stand for, and which team could go instead."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from backbone.words.areas import Level
from backbone.words.city import Category, City, Head, Person, Team, Unit
from backbone.words.ladder import USUAL, People
from services.emergency.mission.rungs import NextTeam, Told
from services.emergency.recommending import Situation, recommend
from services.emergency.staffing import frozen, on_duty, people_of

HEAD = Head("990100", "云川市", (0, 0), (1, 1), 1, datetime(2026, 1, 1, tzinfo=UTC), "", 0)


def a_unit(code: str, parent: str = "") -> Unit:
    return Unit(code, code, "fire", code.partition("-")[0], parent, Level.COUNTY)


def a_person(user: str, unit: str, *roles: str, absence: str = "") -> Person:
    return Person(user, user, unit, roles, "", demo=False, absence=absence)


def a_team(code: str, area: str, *skills: str) -> Team:
    members = (f"{code}-leader", f"{code}-member")
    return Team(code, code, f"{area}-fire", area, skills or ("fire",), members[0], members)


TEAMS = [
    a_team("one", "990101"),
    a_team("same-area", "990101"),
    a_team("near", "990101001"),
    a_team("far", "990102"),
    a_team("doctors", "990101", "medical"),
]
UNITS = [
    a_unit("990100-government"),
    a_unit("990101-government", "990100-government"),
    a_unit("990101-fire", "990101-government"),
]
PEOPLE = [
    *(a_person(user, "990101-fire", "team_leader") for t in TEAMS for user in t.members[:1]),
    *(a_person(user, "990101-fire", "team_member") for t in TEAMS for user in t.members[1:]),
    a_person("head", "990101-fire", "head"),
    a_person("head-away", "990101-fire", "head", absence="出差"),
    a_person("officer", "990101-government", "duty_officer"),
    a_person("city-officer", "990100-government", "duty_officer"),
    a_person("inspector", "990100-government", "supervisor"),
]
CITY = City(
    HEAD,
    teams={each.code: each for each in TEAMS},
    units={each.code: each for each in UNITS},
    people={each.user: each for each in PEOPLE},
)


def without(*users: str) -> City:
    """The city while these people are away."""
    away = {user: replace(CITY.people[user], absence="休假") for user in users}
    return replace(CITY, people={**CITY.people, **away})


def told(city: City, desk: str = "990100-government") -> dict[str, Told]:
    return {each.who: each for each in people_of(city, "one", "990101-fire", desk)}


def test_each_word_stands_for_the_people_who_are_there() -> None:
    assert told(CITY) == {
        "TEAM_LEADER": Told("TEAM_LEADER", "990101-fire", ("one-leader",)),
        "DEPUTY": Told("DEPUTY", "990101-fire", ("head",)),
        "DUTY_OFFICER": Told("DUTY_OFFICER", "990101-government", ("officer",)),
        "SHIFT_COMMANDER": Told("SHIFT_COMMANDER", "990100-government", ("city-officer",)),
        "SUPERVISION": Told("SUPERVISION", "990100-government", ("inspector",)),
    }


def test_people_who_are_away_are_passed_over_upwards() -> None:
    known = told(without("officer", "head", "one-leader"))
    assert known["DUTY_OFFICER"].users == ("city-officer",)
    assert {"DEPUTY", "TEAM_LEADER"}.isdisjoint(known)


def test_the_city_says_whom_a_word_stands_for() -> None:
    own = {**USUAL.people, "DEPUTY": People("TEAM", ("team_member",))}
    city = replace(CITY, ladder=replace(USUAL, people=own))
    assert told(city)["DEPUTY"].users == ("one-member",)


def test_an_order_of_no_unit_and_a_team_of_no_city_find_what_they_can() -> None:
    assert "SHIFT_COMMANDER" not in told(CITY, desk="")
    assert people_of(City(HEAD), "one", "990101-fire", "") == ()


@pytest.mark.parametrize(
    ("city", "number"),
    [(CITY, 2), (without("one-member"), 1), (without("one-leader", "one-member"), 0)],
)
def test_people_on_duty_are_counted(city: City, number: int) -> None:
    assert on_duty(city, "one") == number


def test_without_a_staff_no_number_is_known() -> None:
    assert on_duty(replace(CITY, people={}), "one") is None
    assert on_duty(CITY, "nowhere") is None


def test_the_ladder_of_a_priority_is_frozen_as_it_is() -> None:
    ladder = frozen(CITY, "P2", datetime.now(UTC))
    assert ladder is not None
    assert [rung.seconds for rung in ladder.rungs] == [6, 16, 30, 60, 120, 240, 360]
    assert frozen(CITY, "P9", datetime.now(UTC)) is None


def test_the_best_team_shares_the_skill_is_free_and_near() -> None:
    found = recommend(CITY, "one", "", Situation(connected={"far"}), ["one"])
    assert found == (
        NextTeam("same-area", "990101-fire", ("SAME_SKILL", "SAME_AREA", "FREE")),
        NextTeam("near", "990101001-fire", ("SAME_SKILL", "NEAR", "FREE")),
        NextTeam("far", "990102-fire", ("SAME_SKILL", "NEAR", "FREE", "CONNECTED")),
    )


@pytest.mark.parametrize(
    ("situation", "sent", "city"),
    [
        (Situation(out={"same-area"}), (), CITY),
        (Situation(), ("same-area",), CITY),
        (Situation(), (), without("same-area-leader", "same-area-member")),
    ],
    ids=["out of service", "sent already", "without people"],
)
def test_a_team_that_cannot_go_is_not_recommended(
    situation: Situation, sent: tuple[str, ...], city: City
) -> None:
    codes = [each.team for each in recommend(city, "one", "", situation, sent)]
    assert codes == ["near", "far"]


def test_a_busy_team_comes_after_a_free_one() -> None:
    found = recommend(CITY, "one", "", Situation(open_missions={"same-area": 2}), ())
    assert [each.team for each in found] == ["near", "far", "same-area"]
    assert found[-1] == NextTeam("same-area", "990101-fire", ("SAME_SKILL", "SAME_AREA"), 2)


def test_for_an_unknown_team_none_is_recommended() -> None:
    assert recommend(CITY, "nowhere", "", Situation(), ()) == ()


ROADS = Category("traffic", "交通", ("交通",), (), "P3", skills=("rescue", "medical"))
SKILLED = replace(
    CITY,
    categories={"traffic": ROADS},
    people={**CITY.people, "cutters-leader": a_person("cutters-leader", "990102-fire")},
    teams={**CITY.teams, "cutters": a_team("cutters", "990102", "rescue", "fire")},
)


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("traffic.accident", [("cutters", "WANTED_SKILL"), ("doctors", "WANTED_SKILL")]),
        ("theft", [("same-area", "SAME_SKILL"), ("near", "SAME_SKILL"), ("cutters", "SAME_SKILL")]),
    ],
)
def test_the_class_of_the_matter_says_which_skill_comes_first(
    category: str, expected: list[tuple[str, str]]
) -> None:
    found = recommend(SKILLED, "one", category, Situation(), ())
    assert [(each.team, each.reasons[0]) for each in found] == expected


def test_a_resting_team_is_not_recommended_for_its_skill() -> None:
    found = recommend(SKILLED, "one", "traffic", Situation(out={"cutters"}), ())
    assert [each.team for each in found] == ["doctors"]


@pytest.mark.parametrize("against", ["990101-fire", "990101-government", "990100-government"])
def test_no_team_of_an_accused_unit_or_below_it_could_go(against: str) -> None:
    found = recommend(CITY, "one", "", Situation(), (), (against,))
    assert [each.unit for each in found if each.unit == "990101-fire"] == []
    assert "990101-fire" in {each.unit for each in recommend(CITY, "one", "", Situation(), ())}
