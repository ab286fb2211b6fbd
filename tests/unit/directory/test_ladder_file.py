"""ladder.yaml: what a city may say, and the sentence for each flaw."""

from pathlib import Path

import pytest
import yaml

from backbone.directory.entries import to_entry, to_record
from backbone.words.ladder import USUAL, Ladder, People
from services.directory.checks import check
from services.directory.files import read_folder
from services.directory.flaws import Flaws
from services.directory.ladder_file import read_ladder
from services.directory.pack import parse

DEMO = Path("deploy/city/demo")
TEXT = (DEMO / "ladder.yaml").read_text("utf-8")


def flaws_of(text: str) -> list[str]:
    flaws = Flaws()
    read_ladder("ladder.yaml", text, flaws)
    return [f"{each.spot.line} {each.reason} {each.subject}" for each in flaws.found]


def test_the_demo_city_has_the_usual_ladder() -> None:
    flaws = Flaws()
    assert read_ladder("ladder.yaml", TEXT, flaws) == USUAL
    assert flaws.found == []
    assert [step.seconds for step in USUAL.rungs["P1"]] == [3, 8, 15, 30, 60, 120, 180]
    assert [step.seconds for step in USUAL.rungs["P2"]] == [6, 16, 30, 60, 120, 240, 360]
    assert USUAL.every_seconds["P1"] == 60


def test_a_pack_without_a_ladder_gets_the_usual_one() -> None:
    files = read_folder(DEMO)
    del files["ladder.yaml"]
    pack = parse(files)
    assert pack.city.ladder == USUAL
    assert not [each for each in check(pack) if each.is_error]


def test_a_city_may_name_its_own_people() -> None:
    said = yaml.safe_load(TEXT)
    said["people"] = {"DEPUTY": {"of": "TEAM", "roles": ["team_member"]}}
    ladder = read_ladder("ladder.yaml", yaml.safe_dump(said), Flaws())
    assert ladder.people["DEPUTY"] == People("TEAM", ("team_member",))
    assert ladder.people["SUPERVISION"] == USUAL.people["SUPERVISION"]


def test_a_ladder_travels_to_the_services_as_it_is() -> None:
    every = {**USUAL.every_seconds, "P1": 7}
    other = Ladder(USUAL.rungs, every, USUAL.people, frozenset({"P4"}))
    entry = to_entry(other, 3)
    assert (entry.key, to_record(entry)) == ("ladder", other)


FIRST = "    - {seconds: 3, when: NOT_DELIVERED, tell: [TEAM]}"


@pytest.mark.parametrize(
    ("line", "flaw"),
    [
        ("    - {seconds: 0, when: NOT_DELIVERED, tell: [TEAM]}", "SECONDS_WRONG 0"),
        (
            "    - {seconds: 999999999, when: NOT_DELIVERED, tell: [TEAM]}",
            "SECONDS_WRONG 999999999",
        ),
        ("    - {seconds: 8, when: NOT_DELIVERED, tell: [TEAM]}", "RUNG_OUT_OF_ORDER 8"),
        ("    - {seconds: x, when: NOT_DELIVERED, tell: [TEAM]}", "WRONG_TYPE x"),
        ("    - {seconds: 3, when: LATE, tell: [TEAM]}", "NOT_ONE_OF LATE"),
        ("    - {seconds: 3, when: NOT_DELIVERED, tell: []}", "RUNG_EMPTY 3"),
        ("    - {seconds: 3, when: NOT_DELIVERED, tell: [MAYOR]}", "NOT_ONE_OF MAYOR"),
        ("    - {seconds: 3, when: NOT_DELIVERED}", "KEY_MISSING tell"),
        (
            "    - {seconds: 3, when: NOT_DELIVERED, tell: [TEAM], channels: [SMS]}",
            "CHANNEL_WITHOUT_PEOPLE SMS",
        ),
        (
            "    - {seconds: 3, when: NOT_DELIVERED, tell: [TEAM_LEADER], channels: [FAX]}",
            "NOT_ONE_OF FAX",
        ),
    ],
)
def test_a_flaw_of_a_rung_is_named_at_its_line(line: str, flaw: str) -> None:
    assert TEXT.count(FIRST) == 1
    at = 1 + TEXT[: TEXT.index(FIRST)].count("\n")
    found = flaws_of(TEXT.replace(FIRST, line))
    assert [each.partition(" ")[2] for each in found] == [flaw]
    assert int(found[0].partition(" ")[0]) in (at, at + 1)


@pytest.mark.parametrize(
    ("p4", "flaw"),
    [
        ({"rungs": [], "then_every_seconds": 60}, "LADDER_EMPTY rungs"),
        ({"then_every_seconds": 60}, "KEY_MISSING rungs"),
        (
            {
                "rungs": [
                    {"seconds": 9, "when": "NOT_ACKNOWLEDGED", "tell": ["TEAM", "TEAM_LEADER"]}
                ],
                "then_every_seconds": 60,
            },
            "LADDER_WITHOUT_PEOPLE rungs",
        ),
        (
            {
                "rungs": [{"seconds": 9, "when": "NOT_DELIVERED", "tell": ["DESK"]}],
                "then_every_seconds": 60,
            },
            "LADDER_ENDS NOT_DELIVERED",
        ),
        (
            {
                "rungs": [
                    {"seconds": n, "when": "NOT_ACKNOWLEDGED", "tell": ["DESK"]}
                    for n in range(1, 52)
                ],
                "then_every_seconds": 60,
            },
            "LADDER_TOO_LONG 51",
        ),
    ],
)
def test_a_ladder_must_reach_people_and_not_end(p4: object, flaw: str) -> None:
    said = yaml.safe_load(TEXT)
    said["P4"] = p4
    found = flaws_of(yaml.safe_dump(said, allow_unicode=True))
    assert [each.partition(" ")[2] for each in found] == [flaw]


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        ("{minutes: 15,", "{minutes: 0,", "SECONDS_WRONG 0"),
        ("{minutes: 15,", "{minutes: 10081,", "SECONDS_WRONG 10081"),
        (
            "{minutes: 15,",
            "{minutes: 15, seconds: 900,",
            "KEY_MISSING seconds, minutes, working_minutes",
        ),
        ("{working_minutes: 30,", "{working_minutes: 15,", "RUNG_OUT_OF_ORDER 900"),
        ("{working_minutes: 240,", "{minutes: 240,", "RUNG_OUT_OF_ORDER 14400"),
        (
            "then_every_working_minutes: 30",
            "then_all_minutes: 30",
            "KEY_MISSING then_every_seconds, then_every_minutes, then_every_working_minutes",
        ),
        ("{seconds: 180,", "{working_minutes: 3,", "WORKING_TIME_WRONG working_minutes"),
        (
            "then_every_seconds: 120",
            "then_every_working_minutes: 2",
            "WORKING_TIME_WRONG working_minutes",
        ),
    ],
)
def test_each_time_is_said_in_one_unit_and_an_emergency_waits_for_no_hours(
    old: str, new: str, flaw: str
) -> None:
    assert TEXT.count(old) == 1
    found = [each.partition(" ")[2] for each in flaws_of(TEXT.replace(old, new))]
    assert flaw in found and set(found) <= {flaw, "KEY_UNKNOWN then_all_minutes"}


def test_a_pack_in_plain_seconds_stays_in_plain_seconds() -> None:
    said = yaml.safe_load(TEXT)
    for priority in ("P3", "P4"):
        rungs = [{"seconds": 60, "when": "NOT_ACKNOWLEDGED", "tell": ["DESK"]}]
        said[priority] = {"rungs": rungs, "then_every_seconds": 300}
    ladder = read_ladder("ladder.yaml", yaml.safe_dump(said), Flaws())
    assert ladder.working == frozenset()
    assert not any(step.working for steps in ladder.rungs.values() for step in steps)
    assert to_record(to_entry(ladder, 3)) == ladder


def test_people_are_named_by_roles_that_exist() -> None:
    text = TEXT.replace("roles: [supervisor]", "roles: [wizard]")
    assert [each.partition(" ")[2] for each in flaws_of(text)] == ["NOT_ONE_OF wizard"]
    text = TEXT.replace("of: ABOVE, roles: [supervisor]", "of: MOON, roles: [supervisor]")
    assert [each.partition(" ")[2] for each in flaws_of(text)] == ["NOT_ONE_OF MOON"]
    text = TEXT.replace("  SUPERVISION: {of", "  MAYOR: {of")
    assert [each.partition(" ")[2] for each in flaws_of(text)] == ["NOT_ONE_OF MAYOR"]


def test_people_who_are_away_stand_in_the_staff_and_a_word_without_people_is_a_warning() -> None:
    files = read_folder(DEMO)
    lines = files["staff.csv"].decode().splitlines()
    away = [f"{line},{'借调' if line.split(',')[3] == 'supervisor' else ''}" for line in lines[1:]]
    files["staff.csv"] = "\n".join([f"{lines[0]},absence", *away]).encode()
    pack = parse(files)
    inspectors = [each for each in pack.city.people.values() if "supervisor" in each.roles]
    assert {each.absence for each in inspectors} == {"借调"}
    assert [each.reason for each in check(pack)] == ["LADDER_UNSTAFFED"]
