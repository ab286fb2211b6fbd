"""The words of linked reports inside a narrative, and what stays of them after they have left."""

import pytest

from backbone.words.reported import LEFT, codes_in, part_of, those_of, without_parts

OWN = "两车相撞\n占道"
ONE, TWO = part_of("A1", "民警收钱\n还打人"), part_of("B2", "看到烟了")


@pytest.mark.parametrize(
    ("text", "codes", "left"),
    [
        (OWN, ["A1"], OWN),
        (f"{OWN}\n{ONE}\n{TWO}", [], f"{OWN}\n{ONE}\n{TWO}"),
        (f"{OWN}\n{ONE}\n{TWO}", ["A1"], f"{OWN}\n{LEFT}\n{TWO}"),
        (f"{OWN}\n{ONE}\n{TWO}", ["B2"], f"{OWN}\n{ONE}\n{LEFT}"),
        (f"{OWN}\n{ONE}\n{TWO}", ["A1", "B2"], f"{OWN}\n{LEFT}\n{LEFT}"),
        (ONE, ["A1"], LEFT),
        ("", ["A1"], ""),
    ],
)
def test_the_part_of_a_report_goes_with_all_its_lines(
    text: str, codes: list[str], left: str
) -> None:
    assert without_parts(text, codes) == left


def test_a_text_says_whose_parts_it_holds() -> None:
    assert codes_in(f"{OWN}\n{ONE}\n{TWO}") == {"A1", "B2"}
    assert codes_in(f"他说【关联接警单 A1】{OWN}") == frozenset(), "no part begins inside a line"


def test_words_for_a_danger_that_are_not_known_any_more_go() -> None:
    assert those_of("煤气；刀", "刀；火") == "刀"
    assert those_of("煤气", "") == ""
