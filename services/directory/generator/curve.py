"""A walk through all cells of a rectangle from neighbour to neighbour: its runs are compact.

The generalized Hilbert curve of Jakub Červený; with even sides no step is diagonal.
"""

from collections.abc import Iterator
from typing import TypeAlias

Cell: TypeAlias = tuple[int, int]


def walk(width: int, height: int) -> Iterator[Cell]:
    """Yield the cells of a rectangle in the order of the walk."""
    if width >= height:
        return _walk(0, 0, width, 0, 0, height)
    return _walk(0, 0, 0, height, width, 0)


def _walk(x: int, y: int, ax: int, ay: int, bx: int, by: int) -> Iterator[Cell]:
    width, height = abs(ax + ay), abs(bx + by)
    dax, day, dbx, dby = _sign(ax), _sign(ay), _sign(bx), _sign(by)
    if height == 1:
        yield from ((x + dax * step, y + day * step) for step in range(width))
        return
    if width == 1:
        yield from ((x + dbx * step, y + dby * step) for step in range(height))
        return
    ax2, ay2, bx2, by2 = _half(ax), _half(ay), _half(bx), _half(by)
    if 2 * width > 3 * height:
        if abs(ax2 + ay2) % 2 and width > 2:
            ax2, ay2 = ax2 + dax, ay2 + day
        yield from _walk(x, y, ax2, ay2, bx, by)
        yield from _walk(x + ax2, y + ay2, ax - ax2, ay - ay2, bx, by)
        return
    if abs(bx2 + by2) % 2 and height > 2:
        bx2, by2 = bx2 + dbx, by2 + dby
    yield from _walk(x, y, bx2, by2, ax2, ay2)
    yield from _walk(x + bx2, y + by2, ax, ay, bx - bx2, by - by2)
    far_x, far_y = x + (ax - dax) + (bx2 - dbx), y + (ay - day) + (by2 - dby)
    yield from _walk(far_x, far_y, -bx2, -by2, -(ax - ax2), -(ay - ay2))


def _half(length: int) -> int:
    return length // 2


def _sign(length: int) -> int:
    return (length > 0) - (length < 0)
