"""Checks the grids: valid polygons in villages, without gap or overlap."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from backbone.words.city import Grid
from services.directory.flaws import Finding, Severity, Spot
from services.directory.pack import Pack

if TYPE_CHECKING:
    from shapely import Polygon

# Tolerated overlap or gap, as a share of a grid: separately drawn neighbours never meet exactly.
TOLERANCE = 0.001
FILE = "grids.geojson"


def check_ground(pack: Pack) -> Iterator[Finding]:
    """Check every polygon, then all of them together."""
    grids = pack.city.grids
    yield from _villages(pack, grids)
    shapes = _shapes(grids)
    broken = {code for code, shape in shapes.items() if not shape.is_valid}
    for code in sorted(broken):
        detail = "its outline crosses itself"
        yield Finding(Severity.ERROR, "GRID_INVALID", pack.spot(f"grid/{code}"), code, detail)
    sound = {code: shape for code, shape in shapes.items() if code not in broken}
    yield from _overlaps(pack, sound)
    yield from _gaps(sound)


def _shapes(grids: Mapping[str, Grid]) -> "dict[str, Polygon]":
    from shapely import Polygon

    return {code: Polygon(grid.rings[0], grid.rings[1:]) for code, grid in grids.items()}


def _villages(pack: Pack, grids: Mapping[str, Grid]) -> Iterator[Finding]:
    with_grids = {code[:12] for code in grids}
    for code in grids:
        if code[:12] not in pack.city.areas:
            spot, detail = pack.spot(f"grid/{code}"), f"there is no village {code[:12]}"
            yield Finding(Severity.ERROR, "GRID_VILLAGE_MISSING", spot, code, detail)
    for code in pack.city.areas:
        if len(code) == 12 and code not in with_grids:
            detail = "no grid lies in this village"
            spot = pack.spot(f"area/{code}")
            yield Finding(Severity.ERROR, "VILLAGE_WITHOUT_GRID", spot, code, detail)


def _overlaps(pack: Pack, shapes: "Mapping[str, Polygon]") -> Iterator[Finding]:
    from shapely import STRtree, area, intersection

    codes, polygons = list(shapes), list(shapes.values())
    ones, others = STRtree(polygons).query(polygons, predicate="intersects")
    pairs = [(one, other) for one, other in zip(ones, others, strict=True) if one < other]
    if not pairs:
        return
    left, right = ([polygons[index] for index in side] for side in zip(*pairs, strict=True))
    common = area(intersection(left, right))
    for (one, other), shared in zip(pairs, common, strict=True):
        if shared > TOLERANCE * min(polygons[one].area, polygons[other].area):
            detail = f"it lies over {codes[other]}"
            spot = pack.spot(f"grid/{codes[one]}")
            yield Finding(Severity.ERROR, "GRID_OVERLAP", spot, codes[one], detail)


def _gaps(shapes: "Mapping[str, Polygon]") -> Iterator[Finding]:
    from shapely import Polygon, get_parts, unary_union

    if not shapes:
        return
    typical = sum(shape.area for shape in shapes.values()) / len(shapes)
    # Widened a little, to close hairline cracks between neighbours.
    hair = TOLERANCE * typical**0.5
    land = get_parts(unary_union([shape.buffer(hair) for shape in shapes.values()]))
    if len(land) > 1:
        detail = f"the grids fall into {len(land)} parts that do not touch"
        yield Finding(Severity.WARNING, "LAND_IN_PARTS", Spot(FILE), str(len(land)), detail)
    for part in land:
        for hole in part.interiors:
            if Polygon(hole).area > TOLERANCE * typical:
                x, y = Polygon(hole).representative_point().coords[0]
                detail = "no grid covers it"
                where = f"{x:.4f},{y:.4f}"
                yield Finding(Severity.ERROR, "GRID_GAP", Spot(FILE), where, detail)
