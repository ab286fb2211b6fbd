"""Where a place lies: the grid of its point, or the area that its text names."""

import re
from collections.abc import Collection, Iterable, Mapping

from backbone.directory.grids import GridIndex
from backbone.words.areas import Level, ancestors, level_of
from backbone.words.city import Area, City
from backbone.words.errors import Unavailable
from backbone.words.neighbours import Neighbour, neighbour_named
from backbone.words.phrases import plain
from backbone.words.place import Place

# A name of one sign occurs in too many words.
SHORTEST = 2
# A neighbour has villages and townships of the same names, but no city or county.
OURS_ALONE = (Level.CITY, Level.COUNTY)


class Places:
    """The grids and names of the present city, indexed once for each version."""

    def __init__(self) -> None:
        self._known = False
        self._grids = GridIndex(())
        self._names = AreaNames(())
        self._neighbours: tuple[Neighbour, ...] = ()

    def learn(self, city: City) -> None:
        self._grids = GridIndex(city.grids.values())
        self._names = AreaNames(city.areas.values())
        self._neighbours = tuple(city.neighbours.values())
        self._known = True

    def locate(self, place: Place) -> Place:
        """The place with its area: by its point; without one, as given, or as its text names it.

        A point without a grid lies outside the city and has no area; nor has a text that begins
        with a neighbour. Raises Unavailable while no city is known: no point can then be called
        outside.
        """
        point = place.point
        if not self._known:
            if point is None:
                return place
            raise Unavailable("DIRECTORY_NOT_LOADED")
        if point is None:
            return Place(place.text, None, place.area or self._area_in(place.text))
        grid = self._grids.locate(point.longitude, point.latitude)
        return Place(place.text, point, grid.code if grid else "")

    def _area_in(self, text: str) -> str:
        """北原市青山镇 is not the 青山镇 of this city; 北原市与青岚区交界 tells of our county."""
        area = self._names.area_in(text)
        if not area or neighbour_named(self._neighbours, text) is None:
            return area
        return area if self._names.names(text, OURS_ALONE) else ""


class AreaNames:
    """Areas by their names and aliases, as people write them in an address."""

    def __init__(self, areas: Iterable[Area]) -> None:
        named: dict[str, set[str]] = {}
        for area in areas:
            for name in map(plain, (area.name, *area.aliases)):
                if len(name) >= SHORTEST:
                    named.setdefault(name, set()).add(area.code)
        self._named: Mapping[str, frozenset[str]] = {
            name: frozenset(codes) for name, codes in named.items()
        }
        # The longest first: 大青山镇 is not 青山镇.
        names = sorted(named, key=lambda each: (-len(each), each))
        self._regex = re.compile("|".join(map(re.escape, names))) if names else None

    def area_in(self, text: str) -> str:
        """The smallest area that the text names beyond doubt; empty if it names none.

        Of several areas with one name the one inside the other named areas is meant; where that
        does not decide, the smallest area around all of them.
        """
        hits = self._hits(text)
        if not hits:
            return ""
        weights = {code: sum(each in hits for each in ancestors(code)) for code in hits}
        most = max(weights.values())
        return _around([code for code, weight in weights.items() if weight == most])

    def names(self, text: str, levels: Collection[Level]) -> bool:
        """Whether the text names an area of one of the levels."""
        return any(level_of(code) in levels for code in self._hits(text))

    def _hits(self, text: str) -> frozenset[str]:
        """All areas that have one of the names in the text."""
        if self._regex is None:
            return frozenset()
        found = {match.group() for match in self._regex.finditer(plain(text))}
        return frozenset(code for name in found for code in self._named[name])


def _around(codes: list[str]) -> str:
    """The smallest area that contains all of these."""
    shared = set(ancestors(codes[0])).intersection(*(ancestors(code) for code in codes[1:]))
    return max(shared, key=level_of, default="")
