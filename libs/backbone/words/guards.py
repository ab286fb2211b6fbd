"""What several domains require alike: words that say something, codes that the city knows. Pure."""

from collections.abc import Collection

from backbone.words.actor import Actor
from backbone.words.city import City, Unit
from backbone.words.errors import Denied, InvalidArgument
from backbone.words.texts import shows_nothing, trimmed

PRIORITIES = ("P1", "P2", "P3", "P4")


def require_text(text: str, reason: str) -> str:
    """Return the text without its margins. Raises InvalidArgument where it shows nothing.

    How long it may be stands in the contract, and the edge has seen to it.
    """
    if shows_nothing(text):
        raise InvalidArgument(reason)
    return trimmed(text)


def require_priority(priority: str) -> str:
    """Return the priority; the usual one where none is given."""
    if priority and priority not in PRIORITIES:
        raise InvalidArgument("UNKNOWN_PRIORITY", priority=priority)
    return priority or "P3"


def require_category(city: City, category: str) -> str:
    """Return the category, which may be empty: then nobody has said what it is."""
    if category and category not in city.categories:
        raise InvalidArgument("UNKNOWN_CATEGORY", category=category)
    return category


def require_unit(city: City, unit: str) -> Unit:
    known = city.units.get(unit)
    if known is None:
        raise InvalidArgument("UNKNOWN_UNIT", unit=unit)
    return known


def require_not_accused(city: City, accused: str, unit: str) -> None:
    """Neither matter nor name goes to whom it accuses, nor below; an empty code accuses nobody."""
    if accused and city.belongs_to(unit, accused):
        raise Denied("ACCUSED_UNIT", unit=unit)


def require_unit_of(actor: Actor, units: Collection[str]) -> None:
    """Only these units may do it."""
    if not actor.unit or actor.unit not in units:
        raise Denied("NOT_YOUR_UNIT", unit=", ".join(sorted(filter(None, units))))
