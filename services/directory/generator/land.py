"""Generates the land: a tree of areas over grids that tile it without gap or overlap."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, TypeVar

from backbone.words.city import Grid, Ring
from services.directory.generator.curve import Cell, walk
from services.directory.generator.names import Names

if TYPE_CHECKING:
    from services.directory.generator import Size

CITY = "990100"
SOUTH_WEST = (108.60, 34.00)
NORTH_EAST = (109.20, 34.40)
# The place of the documentation's example: the first township of the first county.
EXAMPLE = (108.912, 34.231)
WOBBLE = 0.2
BEND = 0.08
DECIMALS = 4  # 0.0001° is eleven metres

T = TypeVar("T")
Tree = Sequence[Sequence[Sequence[Sequence[Ring]]]]


@dataclass(frozen=True, slots=True)
class Land:
    """The names by area code, from the city down to the villages, and the grids."""

    areas: dict[str, str]
    grids: list[Grid]


def make_land(city_name: str, size: "Size", random: Random) -> Land:
    """Generate the areas and grids of a city."""
    names = Names(random)
    land = Land({CITY: city_name}, [])
    for county, townships in enumerate(_tree(size, random), start=1):
        county_code = f"{CITY[:4]}{county:02}"
        land.areas[county_code] = names.county(county)
        for township, villages in enumerate(townships, start=1):
            township_code = f"{county_code}{township:03}"
            land.areas[township_code] = names.township(township_code)
            _settle(land, township_code, villages, names)
    return land


def _settle(land: Land, township: str, villages: Sequence[Sequence[Ring]], names: Names) -> None:
    for village, rings in enumerate(villages, start=1):
        code = f"{township}{village:03}"
        land.areas[code] = names.village(code)
        land.grids.extend(
            Grid(f"{code}{number:03}", f"{land.areas[code]}第{number}网格", (ring,))
            for number, ring in enumerate(rings, start=1)
        )


def _tree(size: "Size", random: Random) -> Tree:
    """Nested counties, townships, villages and grids, each a run of the walk; the example first."""
    rings = _rings(size.grids, random)
    villages = _runs(rings, size.villages)
    townships = _runs(villages, size.townships)
    counties = _runs(townships, size.counties)
    ordered = [sorted(each, key=_lacks_example_in_villages) for each in counties]
    return sorted(ordered, key=lambda county: _lacks_example_in_villages(county[0]))


def _lacks_example_in_villages(villages: Sequence[Sequence[Ring]]) -> bool:
    return not any(_holds(ring, EXAMPLE) for village in villages for ring in village)


def _rings(count: int, random: Random) -> list[Ring]:
    width = _even(math.sqrt(count * 4 / 3))
    height = _even(count / width)
    cells = list(walk(width, height))
    lattice = _Lattice(width, height, random)
    return [lattice.ring(run) for run in _runs(cells, count)]


def _runs(items: Sequence[T], count: int) -> list[Sequence[T]]:
    """Split a sequence into `count` runs of nearly equal length."""
    edges = [index * len(items) // count for index in range(count + 1)]
    return [items[start:end] for start, end in pairwise(edges)]


def _even(length: float) -> int:
    return max(2, 2 * math.ceil(length / 2))


class _Lattice:
    """Randomly shifted corners and side midpoints of the cells; neighbours share them exactly."""

    def __init__(self, width: int, height: int, random: Random) -> None:
        self._width, self._height = width, height
        # Twice as fine as the cells: even positions are corners, odd ones side midpoints.
        self._moved = {
            (x, y): self._move(x, y, random)
            for x in range(2 * width + 1)
            for y in range(2 * height + 1)
        }

    def ring(self, cells: Sequence[Cell]) -> Ring:
        """The outline of one cell, or of two that touch."""
        outlines = [[self._moved[corner] for corner in _outline(cell)] for cell in cells]
        if len(outlines) == 1:
            return tuple(outlines[0])
        from shapely import Polygon, get_coordinates, get_exterior_ring, unary_union

        union = unary_union([Polygon(outline) for outline in outlines])
        points = get_coordinates(get_exterior_ring(union)).tolist()
        return tuple((x, y) for x, y in points[:-1])

    def _move(self, x: int, y: int, random: Random) -> tuple[float, float]:
        at_edge = x in (0, 2 * self._width) or y in (0, 2 * self._height)
        most = 0.0 if at_edge else BEND if (x % 2 or y % 2) else WOBBLE
        right = (x / 2 + random.uniform(-most, most)) / self._width
        up = (y / 2 + random.uniform(-most, most)) / self._height
        return (
            round(SOUTH_WEST[0] + right * (NORTH_EAST[0] - SOUTH_WEST[0]), DECIMALS),
            round(SOUTH_WEST[1] + up * (NORTH_EAST[1] - SOUTH_WEST[1]), DECIMALS),
        )


def _outline(cell: Cell) -> list[Cell]:
    x, y = 2 * cell[0], 2 * cell[1]
    steps = ((0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1))
    return [(x + dx, y + dy) for dx, dy in steps]


def _holds(ring: Ring, point: tuple[float, float]) -> bool:
    """Whether the ring contains the point, by counting the sides to the right of the point."""
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True):
        crosses = (y1 > point[1]) != (y2 > point[1])
        if crosses and point[0] < x1 + (point[1] - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside
