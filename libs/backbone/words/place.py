"""Where something is: words, a point, an area code; and which area contains which. Pure."""

from msgspec import Struct

# A city's code is six digits of which four say something; a county's is six (GB/T 2260).
CITY_DIGITS = 4


class Point(Struct, frozen=True):
    """WGS-84 degrees."""

    longitude: float
    latitude: float


class Place(Struct, frozen=True):
    """`area` is the code of the smallest known area, empty where nothing is known."""

    text: str = ""
    point: Point | None = None
    area: str = ""


def significant(area: str) -> str:
    """The digits of an area code that every area inside it begins with."""
    is_city = len(area) == 6 and area.endswith("00")
    return area[:CITY_DIGITS] if is_city else area


def contains(area: str, other: str) -> bool:
    """Say whether the other area lies inside the area, or is it. Nothing lies inside nowhere."""
    return bool(area) and other.startswith(significant(area))
