"""Writes the generated files with one row a line, so that changes can be reviewed."""

import csv
import io
import json
from collections.abc import Iterable

from backbone.words.city import Grid


def table(columns: str, rows: Iterable[Iterable[str]]) -> str:
    """Return a CSV text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns.split())
    writer.writerows(rows)
    return text.getvalue()


def geojson(grids: Iterable[Grid]) -> str:
    """Return a GeoJSON text with one grid a line."""
    lines = ",\n".join(_feature(grid) for grid in grids)
    return f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'


def _feature(grid: Grid) -> str:
    rings = [[list(point) for point in (*ring, ring[0])] for ring in grid.rings]
    feature = {
        "type": "Feature",
        "properties": {"code": grid.code, "name": grid.name},
        "geometry": {"type": "Polygon", "coordinates": rings},
    }
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))
