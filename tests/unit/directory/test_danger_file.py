"""The danger list of a pack: what stands in the demo city, and the sentence about a bad row."""

from dataclasses import replace
from pathlib import Path

import pytest

from backbone.directory.entries import DANGER, key_of, to_city, to_entry, to_record
from backbone.words.danger import NO_DANGERS, Danger, DangerList, Sound
from services.directory.checks import check
from services.directory.danger_file import read_dangers
from services.directory.files import read_folder
from services.directory.flaws import Flaws
from services.directory.pack import parse, records
from tests.cities import a_city
from tests.narratives import PACK, demo_dangers

ROW = """dangers:
  - category: fire
    priority: P1
    weight: 90
    words:
      - 着火
"""


def flaws_of(text: str) -> list[tuple[int, str, str]]:
    flaws = Flaws()
    read_dangers("dangers.yaml", text, flaws)
    return [(flaw.spot.line, flaw.reason, flaw.detail) for flaw in flaws.found]


def test_a_sound_row_is_read() -> None:
    flaws = Flaws()
    known, spots = read_dangers("dangers.yaml", ROW, flaws)
    assert known == DangerList((Danger("fire", "P1", 90, ("着火",)),))
    assert spots["danger/0"].line == 2
    assert not flaws.found


def test_the_words_of_a_group_stand_where_its_name_does() -> None:
    """Wherever in the file the group stands; a context uses it as well."""
    flaws = Flaws()
    text = ROW.replace("着火", '"<people>…着火"') + "    unless:\n      - <people>没事\n"
    known, _ = read_dangers("dangers.yaml", text + "groups:\n  people: [爷爷, 老汉儿]\n", flaws)
    assert not flaws.found
    words = ("(爷爷|老汉儿)…着火",)
    assert known.dangers == (Danger("fire", "P1", 90, words, ("(爷爷|老汉儿)没事",)),)


@pytest.mark.parametrize(
    ("groups", "reason", "detail"),
    [
        ("", "PHRASE_WRONG", "<people> is no group of this list"),
        ("groups:\n  people: []\n", "GROUP_WRONG", "a choice is empty"),
        ('groups:\n  people: ["爷…爷"]\n', "GROUP_WRONG", "a choice holds words only"),
        ("groups: [爷爷]\n", "WRONG_TYPE", "it must be a mapping"),
    ],
)
def test_a_group_that_cannot_be_used_is_named(groups: str, reason: str, detail: str) -> None:
    found = flaws_of(ROW.replace("着火", '"<people>着火"') + groups)
    assert any(each[1] == reason and each[2].startswith(detail) for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "line", "reason", "detail"),
    [
        ("着火", "火", 6, "PHRASE_WRONG", "it needs two signs or more"),
        ("着火", "(着|起火", 6, "PHRASE_WRONG", "the bracket ( is not closed"),
        ("着火", "…着火", 6, "PHRASE_WRONG", "it begins or ends with a gap"),
        ("着火", "12", 6, "WRONG_TYPE", "it must be a text"),
        ("P1", "P9", 3, "NOT_ONE_OF", "it must be one of P1, P2, P3, P4"),
        ("90", "0", 4, "WEIGHT_WRONG", "it must lie between 1 and 100"),
        ("90", "101", 4, "WEIGHT_WRONG", "it must lie between 1 and 100"),
        ("weight: 90", "weights: 90", 4, "KEY_UNKNOWN", "known are"),
        ("words:\n      - 着火", "words: []", 5, "LIST_EMPTY", "it must name one phrase or more"),
    ],
)
def test_a_bad_row_is_named_with_its_line(
    old: str, new: str, line: int, reason: str, detail: str
) -> None:
    assert old in ROW
    found = flaws_of(ROW.replace(old, new))
    assert any(each[:2] == (line, reason) and each[2].startswith(detail) for each in found), found


def test_the_ways_to_write_a_word_are_read() -> None:
    flaws = Flaws()
    known, _ = read_dangers(
        "dangers.yaml", f"sounds:\n  - {{meant: 鱼塘, written: [鱼糖, 鱼堂]}}\n{ROW}", flaws
    )
    assert known.sounds == (Sound("鱼塘", ("鱼糖", "鱼堂")),)
    assert not flaws.found


@pytest.mark.parametrize(("meant", "written"), [("鱼塘", "大鱼糖"), ("捅", "桶")])
def test_a_word_written_needs_as_many_signs_and_two(meant: str, written: str) -> None:
    [found] = flaws_of(f"sounds:\n  - {{meant: {meant}, written: [{written}]}}\n{ROW}")
    assert found == (2, "SOUND_WRONG", "it needs as many signs as what is meant, and two or more")


def test_a_danger_of_an_unknown_class_stops_the_pack(demo: dict[str, bytes]) -> None:
    files = demo | {"dangers.yaml": ROW.replace("fire", "dragons").encode()}
    [finding] = [each for each in check(parse(files)) if each.is_error]
    assert (finding.reason, finding.spot.line) == ("DANGER_CATEGORY_UNKNOWN", 2)
    assert finding.detail == "there is no category dragons"


def test_an_older_pack_has_no_list(demo: dict[str, bytes]) -> None:
    pack = parse({name: text for name, text in demo.items() if name != "dangers.yaml"})
    assert pack.city.danger == NO_DANGERS
    assert DANGER not in records(pack.city)
    assert not [each for each in check(pack) if each.is_error]


def test_the_list_travels_as_one_entry() -> None:
    known = demo_dangers()
    entry = to_entry(known, 3)
    assert (entry.key, key_of(known)) == (DANGER, DANGER)
    assert to_record(entry) == known
    city = replace(a_city(), danger=known)
    found = records(city)
    assert found[DANGER] == known
    again = to_city(found)
    assert again is not None
    assert again.danger == known


@pytest.fixture(scope="module")
def demo() -> dict[str, bytes]:
    return read_folder(Path(PACK))
