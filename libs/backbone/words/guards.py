"""Checks that several domains share: of texts, priorities, codes and units. Pure."""

from collections.abc import Collection

from backbone.words.actor import Actor
from backbone.words.city import City, Unit
from backbone.words.errors import Denied, InvalidArgument
from backbone.words.neighbours import neighbour_at
from backbone.words.place import Place
from backbone.words.texts import shows_nothing, trimmed

PRIORITIES = ("P1", "P2", "P3", "P4")


def require_text(text: str, reason: str) -> str:
    """Return the text, trimmed. Raises InvalidArgument if it has no visible characters.

    The contract limits its length, and the edge has checked it.
    """
    if shows_nothing(text):
        raise InvalidArgument(reason)
    return trimmed(text)


def require_priority(priority: str) -> str:
    """Return the priority, P3 if it is empty. Raises InvalidArgument if it is unknown."""
    if priority and priority not in PRIORITIES:
        raise InvalidArgument("UNKNOWN_PRIORITY", priority=priority)
    return priority or "P3"


def require_category(city: City, category: str) -> str:
    """Return the category, which may be empty. Raises InvalidArgument if it is unknown."""
    if category and category not in city.categories:
        raise InvalidArgument("UNKNOWN_CATEGORY", category=category)
    return category


def require_place(city: City, place: Place | None) -> None:
    """Raises InvalidArgument if the point lies neither in a grid nor in a neighbour that the pack
    names, or if the area does not exist. A copy of the city without areas cannot tell."""
    if place is None:
        return
    point = place.point
    if point and not place.area and neighbour_at(city.neighbours.values(), point) is None:
        raise InvalidArgument(
            "OUTSIDE_CITY", longitude=point.longitude, latitude=point.latitude, city=city.head.name
        )
    known = place.area in city.grids or place.area in city.areas or place.area == city.head.code
    if place.area and city.areas and not known:
        raise InvalidArgument("UNKNOWN_AREA", area=place.area)


def require_unit(city: City, unit: str) -> Unit:
    known = city.units.get(unit)
    if known is None:
        raise InvalidArgument("UNKNOWN_UNIT", unit=unit)
    return known


def require_not_accused(city: City, accused: str, unit: str) -> None:
    """Raises Denied if the unit is the accused unit or below it; `accused` may be empty."""
    if city.is_accused(unit, accused):
        raise Denied("ACCUSED_UNIT", unit=unit)


def require_unit_of(actor: Actor, units: Collection[str]) -> None:
    """Raises Denied unless the actor acts for one of these units."""
    if not actor.unit or actor.unit not in units:
        raise Denied("NOT_YOUR_UNIT", unit=", ".join(sorted(filter(None, units))))
