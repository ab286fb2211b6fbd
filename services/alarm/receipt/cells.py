"""Cells of 0.01° by 0.01°: an index to find receipts near a point. Pure."""

from math import cos, floor, radians

from backbone.words.place import Point

METRES_OF_DEGREE = 111_320.0
CELLS_OF_DEGREE = 100
ROWS = 100_000  # more rows than a column has, so that one number encodes column and row


def cell_of(point: Point) -> int:
    """The number of the cell that the point lies in."""
    return _at(point.longitude) * ROWS + _at(point.latitude)


def cells_around(point: Point, metres: float) -> tuple[int, ...]:
    """The cells that a circle of this radius around the point can touch."""
    north = metres / METRES_OF_DEGREE
    east = north / max(cos(radians(point.latitude)), 0.01)
    columns = _span(point.longitude, east)
    rows = _span(point.latitude, north)
    return tuple(column * ROWS + row for column in columns for row in rows)


def _at(degrees: float) -> int:
    return floor(degrees * CELLS_OF_DEGREE)


def _span(middle: float, reach: float) -> range:
    return range(_at(middle - reach), _at(middle + reach) + 1)
