"""Look-ups in the city: is there such a place, and which unit of a kind is the nearest."""

from backbone.words.areas import ancestors
from backbone.words.city import City, Team
from backbone.words.errors import InvalidArgument
from backbone.words.neighbours import HOTLINE_KIND, Neighbour, neighbour_at, neighbour_named
from backbone.words.place import Place
from backbone.words.policy import PARTNER_ANSWER_MINUTES

HOTLINE = "12345"


def require_team(city: City, team: str) -> Team:
    known = city.teams.get(team)
    if known is None:
        raise InvalidArgument("UNKNOWN_TEAM", team=team)
    return known


def neighbour_of(city: City, place: Place) -> Neighbour | None:
    """The neighbour in which the point lies or, without a point, that the text names; None for a
    place in the city."""
    if place.area:
        return None
    known = city.neighbours.values()
    return neighbour_at(known, place.point) if place.point else neighbour_named(known, place.text)


def nearest(city: City, kind: str, area: str) -> str | None:
    """The unit of the kind whose area contains the given one, at the lowest level; else None."""
    for place in ancestors(area):
        units = city.units_at(kind, place)
        if units:
            return units[0].code
    return None


def hotline(city: City, area: str) -> str:
    unit = nearest(city, HOTLINE_KIND, area)
    if unit is None:
        raise InvalidArgument("UNKNOWN_UNIT", unit=HOTLINE)
    return unit


def mediation(city: City, area: str) -> str:
    unit = nearest(city, "mediation", area)
    if unit is None:
        raise InvalidArgument("UNKNOWN_UNIT", unit="mediation")
    return unit


def answer_minutes(city: City) -> int:
    """The minutes in which a partner must answer a ticket."""
    return city.policy.partner_answer_minutes if city.policy else PARTNER_ANSWER_MINUTES


def title(city: City, category: str, place: Place) -> str:
    """The title of the matter in lists: class and place, without personal data."""
    known = city.categories.get(category)
    parts = (known.name if known else "未定类警情", place.text.strip())
    return " · ".join(filter(None, parts))
