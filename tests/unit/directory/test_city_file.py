"""city.yaml names neighbours, areas.csv aliases, categories.csv skills: all may be missing."""

import pytest

from backbone.words.place import Point
from services.directory.checks import check
from services.directory.files import read_folder
from services.directory.flaws import Flaws
from services.directory.pack import parse, records
from services.directory.rules import read_city
from tests.narratives import PACK

FILES = read_folder(PACK)
CITY = """code: "990100"
name: 云川市
unit_kinds:
  police: 公安
neighbours:
  - code: "990200"
    name: 临川市
    telephone: 0992-110
    polygon: [[109.2, 33.9], [109.6, 33.9], [109.6, 34.5]]
"""


def flaws_of(text: str) -> list[tuple[int, str]]:
    flaws = Flaws()
    read_city("city.yaml", text, flaws)
    return [(flaw.spot.line, flaw.reason) for flaw in flaws.found]


def test_the_demo_city_names_its_neighbours() -> None:
    city = parse(FILES).city
    assert {each.name for each in city.neighbours.values()} == {"临川市", "北原市"}
    assert city.neighbours["990200"].contains(Point(109.3, 34.2))
    assert not city.neighbours["990200"].contains(Point(108.9, 34.2))
    assert "neighbour/990200" in records(city)


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        (", [109.6, 34.5]]", "]", (9, "POLYGON_WRONG")),
        ("[109.2, 33.9]", "[1092, 33.9]", (9, "POLYGON_WRONG")),
        ("[109.2, 33.9]", "[109.2]", (9, "POLYGON_WRONG")),
        ("109.2, 33.9", "east, 33.9", (9, "WRONG_TYPE")),
        ("telephone: 0992-110", "phone: 0992-110", (8, "KEY_UNKNOWN")),
    ],
)
def test_a_bad_neighbour_is_named_with_its_line(old: str, new: str, flaw: tuple[int, str]) -> None:
    assert old in CITY
    assert flaws_of(CITY) == []
    assert flaw in flaws_of(CITY.replace(old, new))


def test_a_neighbour_inside_the_city_stops_the_pack() -> None:
    files = FILES | {"city.yaml": FILES["city.yaml"].replace(b'"990200"', b'"990101"')}
    assert [each.reason for each in check(parse(files)) if each.is_error] == ["NEIGHBOUR_WRONG"]


def test_aliases_and_skills_are_optional_columns() -> None:
    areas = FILES["areas.csv"].decode()
    named = areas.replace("青岚区,青岚;青岚县", "青岚区,老城;旧城")
    nameless = "\n".join(line.rpartition(",")[0] for line in areas.splitlines())
    bare = "\n".join(
        line.rpartition(",")[0] for line in FILES["categories.csv"].decode().splitlines()
    )
    pack = parse(FILES | {"areas.csv": named.encode(), "categories.csv": bare.encode()})
    assert pack.city.areas["990101"].aliases == ("老城", "旧城")
    assert parse(FILES | {"areas.csv": nameless.encode()}).city.areas["990102"].aliases == ()
    assert pack.city.categories["fire"].skills == ()
    assert parse(FILES).city.categories["fire"].skills == ("fire",)
