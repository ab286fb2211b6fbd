"""Places: a text, a point, an area code; and containment of areas. Pure."""

from msgspec import Struct

# Both city and county codes have six digits; of a city's only four are significant (GB/T 2260).
CITY_DIGITS = 4


class Point(Struct, frozen=True):
    """WGS-84 degrees."""

    longitude: float
    latitude: float


class Place(Struct, frozen=True):
    """`area` is the code of the smallest known area; empty if unknown."""

    text: str = ""
    point: Point | None = None
    area: str = ""


def significant(area: str) -> str:
    """The prefix that the codes of all areas inside this one share."""
    is_city = len(area) == 6 and area.endswith("00")
    return area[:CITY_DIGITS] if is_city else area


def contains(area: str, other: str) -> bool:
    """Say whether `other` is `area` or lies inside it; False if `area` is empty."""
    return bool(area) and other.startswith(significant(area))


def place_with(known: Place, said: Place) -> Place:
    """The known place with the parts that were said.

    A point is kept where only words are new: they describe it better. It is given up where they
    name an area that it does not lie in.
    """
    text = said.text or known.text
    if said.point is not None:
        return Place(text, said.point, said.area)
    stays = not said.area or contains(said.area, known.area)
    if known.point is not None and stays:
        return Place(text, known.point, known.area)
    return Place(text, None, said.area or known.area)
