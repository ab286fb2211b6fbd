"""The generator makes the demo city as it is committed, and one of any size."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.directory.grids import GridIndex
from services.directory.checks import examine
from services.directory.generator import DEMO, Size, generate, make_files
from services.directory.generator.curve import walk
from services.directory.pack import read_pack

RULES = Path("deploy/city/demo")


def test_the_committed_demo_city_is_what_the_generator_makes(tmp_path: Path) -> None:
    generate(tmp_path, RULES, DEMO)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in RULES.iterdir()}


def test_the_demo_city_is_small_and_has_what_was_promised() -> None:
    city = read_pack(RULES).city
    assert sum(path.stat().st_size for path in RULES.iterdir()) < 3_000_000
    lengths = [len(code) for code in city.areas]
    assert (lengths.count(6), lengths.count(9), lengths.count(12)) == (1 + 4, 24, 240)
    assert len(city.grids) == 1_200
    assert len(city.teams) == 40
    at_township = {unit.code for unit in city.units.values() if len(unit.area) == 9}
    assert at_township <= {each.unit for each in city.people.values() if "clerk" in each.roles}


def test_the_documents_example_lies_in_its_township() -> None:
    city = read_pack(RULES).city
    grid = GridIndex(city.grids.values()).locate(108.912, 34.231)
    assert grid is not None
    assert city.areas[grid.code[:9]].name == "青山镇"


def test_another_seed_makes_other_people() -> None:
    rules = (RULES / "city.yaml").read_text("utf-8")
    one, other = (make_files(rules, DEMO, seed) for seed in (1, 2))
    assert one["staff.csv"] != other["staff.csv"]
    assert one == make_files(rules, DEMO, 1)


@settings(max_examples=8, deadline=None)
@given(
    counties=st.integers(1, 5),
    townships=st.integers(0, 6),
    villages=st.integers(0, 20),
    grids=st.integers(0, 90),
)
def test_a_city_of_any_size_has_no_flaw(
    tmp_path_factory: pytest.TempPathFactory,
    counties: int,
    townships: int,
    villages: int,
    grids: int,
) -> None:
    size = Size(
        counties,
        counties + townships,
        counties + townships + villages,
        counties + townships + villages + grids,
        grid_members=50,
    )
    folder = tmp_path_factory.mktemp("city")
    generate(folder, RULES, size)
    pack, findings = examine(folder)
    assert pack is not None
    assert len(pack.city.grids) == size.grids
    assert [finding for finding in findings if finding.is_error] == []


def test_an_impossible_size_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        Size(counties=4, townships=3, villages=10, grids=20, grid_members=0)


@given(width=st.integers(1, 20).map(lambda half: 2 * half), height=st.integers(1, 20))
def test_a_walk_visits_each_cell_once_and_steps_to_neighbours(width: int, height: int) -> None:
    cells = list(walk(width, 2 * height))
    assert len(set(cells)) == len(cells) == width * 2 * height
    assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1 for a, b in pairwise(cells))
