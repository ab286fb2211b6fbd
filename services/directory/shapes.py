"""Reads the pack's map: GeoJSON polygons with code and name, each one checked."""

import json
import math
from collections.abc import Sequence
from typing import Any

from backbone.words.areas import Level, level_of
from backbone.words.city import Grid, Ring
from services.directory.flaws import Flaws, Spot

PAIR = 2


class ShapeError(Exception):
    """Names the flaw of one feature."""


def read_grids(file: str, text: str, flaws: Flaws) -> tuple[dict[str, Grid], dict[str, Spot]]:
    """Return the grids and their spots, by code."""
    try:
        features = json.loads(text)["features"]
        if not isinstance(features, list):
            raise TypeError("features is not a list")
    except json.JSONDecodeError as error:
        flaws.add(Spot(file, error.lineno, str(error.colno)), "JSON_BROKEN", file, error.msg)
        return {}, {}
    except (TypeError, KeyError) as error:
        flaws.add(Spot(file, 1), "NOT_GEOJSON", file, f"it is no FeatureCollection: {error}")
        return {}, {}
    spots = _spots(file, text)
    grids: dict[str, Grid] = {}
    for number, feature in enumerate(features, start=1):
        try:
            grid = _grid(feature)
        except ShapeError as error:
            code = _code(feature)
            flaws.add(
                spots.get(code, Spot(file)), "GRID_WRONG", code or f"no. {number}", str(error)
            )
            continue
        if grid.code in grids:
            flaws.add(spots[grid.code], "DUPLICATE", grid.code, "it stands in the file twice")
        grids[grid.code] = grid
    return grids, spots


def _spots(file: str, text: str) -> dict[str, Spot]:
    """The line of each grid: the one that contains its code, for any layout of the file."""
    spots: dict[str, Spot] = {}
    for line, words in enumerate(text.splitlines(), start=1):
        for part in words.split('"code"')[1:]:
            code = part.partition('"')[2].partition('"')[0]
            spots[code] = Spot(file, line)
    return spots


def _code(feature: Any) -> str:
    try:
        return str(feature["properties"]["code"])
    except (TypeError, KeyError):
        return ""


def _grid(feature: Any) -> Grid:
    code = _code(feature)
    if level_of(code) is not Level.GRID:
        raise ShapeError(f"properties.code must have 15 digits, not {code!r}")
    name = feature["properties"].get("name")
    if not isinstance(name, str) or not name:
        raise ShapeError("properties.name is missing")
    geometry = feature.get("geometry") or {}
    if geometry.get("type") != "Polygon":
        raise ShapeError(f"its geometry must be a Polygon, not {geometry.get('type')}")
    rings = geometry.get("coordinates")
    if not isinstance(rings, list) or not rings:
        raise ShapeError("the polygon has no ring")
    return Grid(code, name, tuple(_ring(ring) for ring in rings))


def _ring(points: Any) -> Ring:
    try:
        ring = tuple((float(x), float(y)) for x, y, *_ in points)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"a ring must be a list of [longitude, latitude]: {error}") from error
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise ShapeError("a ring must have four points or more and end where it begins")
    if not all(map(is_on_earth, ring)):
        raise ShapeError("a point lies outside the earth; the order is longitude, latitude")
    return ring[:-1]


def is_on_earth(point: Sequence[float]) -> bool:
    """Whether these are a longitude and a latitude in degrees."""
    if len(point) != PAIR:
        return False
    longitude, latitude = point
    finite = math.isfinite(longitude) and math.isfinite(latitude)
    return finite and abs(longitude) <= 180 and abs(latitude) <= 90
