"""Counties and cities beside this one: a call about a place there is taken, and passed on. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backbone.words.place import Point
from backbone.words.texts import squeezed

if TYPE_CHECKING:
    from backbone.words.city import City, Ring

# A receipt that is passed to a unit of this kind, or to a neighbour, becomes a ticket with a clock.
HOTLINE_KIND = "hotline"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An area outside the city, and the partner who answers for it."""

    code: str
    name: str
    telephone: str
    ring: "Ring"

    def contains(self, point: Point) -> bool:
        """Whether the point lies inside the ring: a ray from it crosses the ring an odd time."""
        x, y = point.longitude, point.latitude
        inside = False
        for (x1, y1), (x2, y2) in zip(self.ring, (*self.ring[1:], self.ring[0]), strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
                inside = not inside
        return inside


def gets_tickets(city: "City", unit: str) -> bool:
    known = city.units.get(unit)
    return unit in city.neighbours or (known is not None and known.kind == HOTLINE_KIND)


def neighbour_at(neighbours: Iterable[Neighbour], point: Point | None) -> Neighbour | None:
    """The neighbour in which the point lies; where two overlap, the one with the smaller code."""
    if point is None:
        return None
    found = (each for each in neighbours if each.contains(point))
    return min(found, key=lambda each: each.code, default=None)


def neighbour_named(neighbours: Iterable[Neighbour], text: str) -> Neighbour | None:
    """The neighbour with which an address begins, after the province. Streets and markets here may
    be called after one."""
    plain = squeezed(text)
    for each in neighbours:
        name = re.escape(squeezed(each.name))
        if name and re.match(rf"(?:\w{{2,3}}省)?{name}(?![场路街道巷])", plain):
            return each
    return None
