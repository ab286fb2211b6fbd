"""Look-ups of the desk in the city: indexes that are built once for each city version."""

from collections.abc import Mapping

from backbone.directory.places import Places
from backbone.words.addresses import Gazetteer
from backbone.words.areas import ancestors
from backbone.words.city import Category, City
from backbone.words.competence import prefixes
from backbone.words.errors import Unavailable
from backbone.words.heard import signs_in, together
from backbone.words.place import Place, Point
from services.alarm.receipt.suggested import DangerSuggestion
from services.alarm.receipt.suggestions import Keywords


class Atlas:
    """The present city, its grids by point and its categories by keyword."""

    def __init__(self) -> None:
        self._city: City | None = None
        self._places = Places()
        self.centres: Mapping[str, Point] = {}
        self._gazetteer = Gazetteer(())
        self.keywords: tuple[Keywords, ...] = ()

    def learn(self, city: City) -> None:
        self._places.learn(city)
        categories = city.categories.values()
        self.keywords = tuple(_words(city, each) for each in categories if each.keywords)
        self.centres = centres_of(city)
        self._gazetteer = Gazetteer(city.areas.values())
        self._city = city

    @property
    def city(self) -> City:
        """The present city. Raises Unavailable before the first one has arrived (transient)."""
        if self._city is None:
            raise Unavailable("DIRECTORY_NOT_LOADED")
        return self._city

    @property
    def dialling_code(self) -> str:
        return self._city.head.dialling_code if self._city else ""

    def address_of(self, text: str) -> str:
        """The text of a place in the form in which addresses are compared."""
        return self._gazetteer.address_of(text)

    def danger_in(self, *texts: str) -> DangerSuggestion | None:
        """The most urgent danger that one of the texts speaks of, with the others."""
        return together(self.dangers_in(*texts))

    def dangers_in(self, *texts: str) -> tuple[DangerSuggestion, ...]:
        """Every danger that one of the texts speaks of, the most urgent first; none without a
        city."""
        city = self._city
        if city is None:
            return ()
        return tuple(
            DangerSuggestion(
                each.category,
                city.categories[each.category].name,
                each.priority,
                each.words,
                score=each.score,
            )
            for each in signs_in(city, *texts)
        )

    def locate(self, place: Place) -> Place:
        """The place with its area; see `Places`."""
        return self._places.locate(place)


def centres_of(city: City) -> Mapping[str, Point]:
    """The middle of each area: the mean of the middles of its grids."""
    sums: dict[str, tuple[float, float, int]] = {}
    for grid in city.grids.values():
        if not grid.rings:
            continue
        longitudes, latitudes = zip(*grid.rings[0], strict=True)
        east = (min(longitudes) + max(longitudes)) / 2
        north = (min(latitudes) + max(latitudes)) / 2
        for area in ancestors(grid.code):
            x, y, count = sums.get(area, (0.0, 0.0, 0))
            sums[area] = (x + east, y + north, count + 1)
    return {area: Point(x / count, y / count) for area, (x, y, count) in sums.items()}


def _words(city: City, category: Category) -> Keywords:
    above = (city.categories.get(code) for code in prefixes(category.code)[1:])
    words = tuple(word for each in above if each is not None for word in each.keywords)
    return Keywords(category.code, category.name, category.keywords, words)
