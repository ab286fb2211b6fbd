"""Area codes: the level and the ancestors of an area, derived from its code."""

from enum import IntEnum


class Level(IntEnum):
    """The level of an area in the administrative tree; the numbers are those of the contract."""

    UNSPECIFIED = 0
    CITY = 1
    COUNTY = 2
    TOWNSHIP = 3
    VILLAGE = 4
    GRID = 5


LENGTHS = {9: Level.TOWNSHIP, 12: Level.VILLAGE, 15: Level.GRID}
SIGNIFICANT = {Level.CITY: 4, Level.COUNTY: 6, Level.TOWNSHIP: 9, Level.VILLAGE: 12}


def level_of(area: str) -> Level:
    """Return the level of an area code, or UNSPECIFIED if the text is no area code."""
    if not (area.isascii() and area.isdigit()):
        return Level.UNSPECIFIED
    if len(area) == 6:
        return Level.CITY if area.endswith("00") else Level.COUNTY
    return LENGTHS.get(len(area), Level.UNSPECIFIED)


def ancestors(area: str) -> tuple[str, ...]:
    """Return the area and its ancestors, the lowest first; empty if it is no area code."""
    level = level_of(area)
    if level is Level.UNSPECIFIED:
        return ()
    above = [area[:length] for at, length in SIGNIFICANT.items() if Level.CITY < at < level]
    city = [] if level is Level.CITY else [f"{area[:4]}00"]
    return (area, *reversed(above), *city)


def parent_of(area: str) -> str:
    """Return the code of the parent area; empty for the city."""
    chain = ancestors(area)
    return chain[1] if len(chain) > 1 else ""
