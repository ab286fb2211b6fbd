"""Where a place lies: by its point, by the names of its text, in a neighbour, or nowhere."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.directory.places import AreaNames, Places
from backbone.words.areas import level_of
from backbone.words.city import Area, City
from backbone.words.errors import InvalidArgument, Unavailable
from backbone.words.guards import require_place
from backbone.words.neighbours import Neighbour, neighbour_at
from backbone.words.place import Place, Point
from services.directory.pack import read_pack
from tests.desks import EAST_GRID, HERE, a_desk_city
from tests.narratives import PACK


def an_area(code: str, name: str, *aliases: str) -> Area:
    return Area(code, name, level_of(code), aliases)


NAMED = {
    each.code: each
    for each in (
        an_area("990100", "云川市"),
        an_area("990101", "青岚区", "老城区"),
        an_area("990101001", "青山镇", "青山乡", "３号镇"),
        an_area("990101002", "大青山镇"),
        an_area("990101001001", "和平村"),
        an_area("990101002001", "和平村"),
        an_area("990102", "望川县"),
        an_area("990102001", "红湾街道"),
    )
}
NAMES = AreaNames(NAMED.values())


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("青山镇长风路12号", "990101001"),
        ("青 山　镇长风路", "990101001"),
        ("在青山乡政府旁边", "990101001"),
        ("3号镇东头", "990101001"),
        ("３号镇东头", "990101001"),
        ("大青山镇", "990101002"),
        ("青岚区青山镇和平村", "990101001001"),
        ("大青山镇和平村", "990101002001"),
        ("和平村", "990101"),
        ("老城区", "990101"),
        ("云川市望川县", "990102"),
        ("望川县和青岚区交界", "990100"),
        ("不清楚在哪里", ""),
        ("", ""),
    ],
)
def test_a_text_names_its_area(text: str, area: str) -> None:
    assert NAMES.area_in(text) == area


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    assert isinstance(NAMES.area_in(text), str)
    assert AreaNames(()).area_in(text) == ""


EAST = Neighbour("990200", "临川市", "0992-110", ((0.3, 0.0), (0.5, 0.0), (0.5, 0.2), (0.3, 0.2)))
OTHER = replace(EAST, code="990300", name="另一市")
NEAR, ABSURD = Point(0.4, 0.1), Point(139.7, 35.6)


def a_city() -> City:
    return replace(a_desk_city(), neighbours={"990300": OTHER, "990200": EAST})


def test_a_place_in_a_neighbour_is_taken_and_an_absurd_one_is_not() -> None:
    require_place(a_city(), Place("桥头", NEAR))
    with pytest.raises(InvalidArgument, match="OUTSIDE_CITY"):
        require_place(a_city(), Place("东京", ABSURD))
    with pytest.raises(InvalidArgument, match="OUTSIDE_CITY"):
        require_place(a_desk_city(), Place("桥头", NEAR))
    with pytest.raises(InvalidArgument, match="UNKNOWN_AREA"):
        require_place(a_city(), Place("", None, "880101"))


def test_of_two_neighbours_the_one_with_the_smaller_code_is_told() -> None:
    assert neighbour_at([OTHER, EAST], NEAR) == EAST
    assert neighbour_at([OTHER, EAST], ABSURD) is None
    assert neighbour_at([OTHER, EAST], None) is None


def test_a_place_is_located_by_point_then_as_given_then_by_its_text() -> None:
    places = Places()
    with pytest.raises(Unavailable):
        places.locate(Place("x", HERE))
    assert places.locate(Place("青山镇")) == Place("青山镇")
    places.learn(replace(a_city(), areas={"990101001": an_area("990101001", "青山镇")}))
    assert places.locate(Place("青山镇", HERE)).area == EAST_GRID
    assert places.locate(Place("青山镇", NEAR)).area == ""
    assert places.locate(Place("青山镇", None, "990102")).area == "990102"
    assert places.locate(Place("青 山 镇")).area == "990101001"


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("青山镇长风路", "990101001"),
        ("青山乡长风路", "990101001"),
        ("青 山 乡 长风路", "990101001"),
        ("　青山公社旧址", "990101001"),
        ("柳桥街办门口", "990101006"),
        ("柳桥办事处对面", "990101006"),
        ("柳桥 街道办", "990101006"),
        ("和源大队晒场", "990101001001"),
        ("清林居委会楼下", "990101001005"),
        ("青岚县老车站", "990101"),
        ("望川那边", "990102"),
        ("望川县红湾街道１２号", "990102001"),
        ("不知道在哪儿", ""),
    ],
)
def test_the_demo_city_knows_the_names_that_people_use(text: str, area: str) -> None:
    """Old names, short names, spaces and full width."""
    assert AreaNames(read_pack(PACK).city.areas.values()).area_in(text) == area


BESIDE = (Neighbour("990200", "北原市", "0993-110", ()),)


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("北原市青山镇长风路3号", ""),
        ("某某省北 原 市和平村", ""),
        ("北原市与青岚区交界处", "990101"),
        ("云川市青山镇，靠近北原市", "990101001"),
        ("北原市场对面，青山镇", "990101001"),
        ("往北原市方向，青山镇长风路", "990101001"),
    ],
)
def test_a_text_that_begins_with_a_neighbour_names_no_township_of_ours(
    text: str, area: str
) -> None:
    city = replace(a_desk_city(), areas=NAMED, neighbours={each.code: each for each in BESIDE})
    places = Places()
    places.learn(city)
    assert places.locate(Place(text)).area == area
