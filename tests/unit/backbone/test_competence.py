"""Who is competent: the exact category before the wide one, the near unit before the far one."""

from backbone.words.areas import Level, level_of
from backbone.words.city import City, Competence, Unit
from backbone.words.competence import competent_unit, prefixes
from tests.cities import a_city

PLACE = "990101001002003"


def a_row(category: str, **more: str) -> Competence:
    given = {"unit_kind": "", "unit": "", "area": "", **more}
    level = Level[given.pop("level", "UNSPECIFIED")]
    code = f"{category} {given['unit_kind']}{given['unit']} {given['area']}"
    return Competence(code=code, category=category, level=level, basis="", **given)


def a_city_of(*rows: Competence, units: str) -> City:
    made = [
        Unit(code, code, code.partition("-")[2], area, "", level_of(area))
        for code in units.split()
        if (area := code.partition("-")[0])
    ]
    return City(
        head=a_city().head,
        units={unit.code: unit for unit in made},
        competences={row.code: row for row in rows},
    )


def ranked(city: City, category: str, area: str = PLACE) -> list[str]:
    return [candidate.unit.code for candidate in competent_unit(city, category, area)]


def test_the_lowest_unit_that_contains_the_place_is_first() -> None:
    units = "990100-police 990101-police 990101001-police 990102001-police"
    city = a_city_of(a_row("theft", unit_kind="police"), units=units)
    assert ranked(city, "theft") == ["990101001-police"]
    assert ranked(city, "theft", "990101002") == ["990101-police"]
    assert ranked(city, "theft", "990103") == ["990100-police"]


def test_an_exact_category_goes_before_a_wide_one() -> None:
    rows = (a_row("hazard", unit_kind="emergency"), a_row("hazard.gas", unit_kind="housing"))
    city = a_city_of(*rows, units="990101001-emergency 990101-housing")
    assert ranked(city, "hazard.gas.leak") == ["990101-housing", "990101001-emergency"]
    assert ranked(city, "hazard.flood") == ["990101001-emergency"]
    assert ranked(city, "hazardous") == []


def test_a_row_may_name_a_level() -> None:
    row = a_row("accusation", unit_kind="discipline", level="CITY")
    city = a_city_of(row, units="990100-discipline 990101-discipline")
    assert ranked(city, "accusation") == ["990100-discipline"]


def test_a_row_for_an_area_goes_before_one_for_everywhere() -> None:
    rows = (
        a_row("market", unit_kind="market"),
        a_row("market", unit="990101-park", area="990101001002"),
    )
    city = a_city_of(*rows, units="990101001-market 990101-park")
    assert ranked(city, "market") == ["990101-park", "990101001-market"]
    assert ranked(city, "market", "990101001003") == ["990101001-market"]


def test_a_named_unit_answers_for_its_own_area_only() -> None:
    city = a_city_of(a_row("fire", unit="990102-fire"), units="990102-fire")
    assert ranked(city, "fire") == []
    assert ranked(city, "fire", "990102003") == ["990102-fire"]


def test_a_row_for_every_category_is_the_last_resort() -> None:
    city = a_city_of(a_row("", unit_kind="township"), units="990101001-township")
    assert ranked(city, "unheard.of") == ["990101001-township"]
    assert ranked(city, "") == ["990101001-township"]


def test_without_a_place_nobody_is_competent() -> None:
    city = a_city_of(a_row("theft", unit_kind="police"), units="990100-police")
    assert ranked(city, "theft", "") == []


def test_prefixes_end_with_any() -> None:
    assert prefixes("a.b.c") == ("a.b.c", "a.b", "a", "")


def test_the_common_superior_is_the_lowest_above_both() -> None:
    city = a_city()
    assert city.common_superiors("north", "south") == ("county",)
    assert city.common_superiors("north", "command") == ()
    assert city.common_superiors("north", "nobody") == ()
