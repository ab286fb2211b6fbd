"""The lines of units: who answers for an area, and who for one business in it."""

import pytest

from backbone.words.actor import Actor
from backbone.words.sight import Facts, sees
from services.directory.pack import read_pack
from services.gateway.accounts.lines import Lines, lines_of
from tests.house.sources import TOP

COUNTY, PLACE = "990101", "990101001"
CITY = read_pack(TOP / "deploy" / "city" / "demo").city
LINES = lines_of(CITY)


@pytest.mark.parametrize(
    ("unit", "line"),
    [
        ("990100-government", ""),
        ("990101-government", ""),
        ("990101001-township", ""),
        ("990101-petition_office", "petition_office"),
        ("990101-mediation", "mediation"),
        ("990101-police", "police"),
        ("990101001001-village", "village"),
    ],
)
def test_a_unit_with_units_of_other_kinds_below_it_answers_for_all_of_its_area(
    unit: str, line: str
) -> None:
    lines = Lines()
    assert lines.of(unit) == ""
    lines.learn(CITY)
    assert lines.of(unit) == LINES.get(unit, "") == line


@pytest.mark.parametrize(
    ("unit", "seen"),
    [
        ("990101-government", {"ALARM", "DISPUTE", "PETITION", "CARE"}),
        ("990101-petition_office", {"PETITION"}),
        ("990101-mediation", {"DISPUTE"}),
        ("990101-police", {"ALARM"}),
        ("990101-housing", set()),
    ],
)
def test_a_supervisor_watches_the_line_of_the_unit(unit: str, seen: set[str]) -> None:
    by = Actor("ding", unit, "supervisor", COUNTY, LINES.get(unit, ""))
    sources = ("ALARM", "DISPUTE", "PETITION", "CARE")
    assert {each for each in sources if sees(by, Facts(each, ("other",), PLACE))} == seen
    assert sees(by, Facts("ALARM", (unit,), "990102001")), "its own business is not its area's"
