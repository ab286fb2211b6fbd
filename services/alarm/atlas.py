"""Look-ups of the desk in the city: indexes that are built once for each city version."""

from backbone.directory.grids import GridIndex
from backbone.words.addresses import Gazetteer
from backbone.words.city import Category, City
from backbone.words.competence import prefixes
from backbone.words.errors import Unavailable
from backbone.words.place import Place
from services.alarm.receipt.suggestions import Keywords


class Atlas:
    """The present city, its grids by point and its categories by keyword."""

    def __init__(self) -> None:
        self._city: City | None = None
        self._grids = GridIndex(())
        self._gazetteer = Gazetteer(())
        self.keywords: tuple[Keywords, ...] = ()

    def learn(self, city: City) -> None:
        self._grids = GridIndex(city.grids.values())
        categories = city.categories.values()
        self.keywords = tuple(_words(city, each) for each in categories if each.keywords)
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

    def locate(self, place: Place) -> Place:
        """The place with the grid of its point; without a grid the point lies outside the city.

        Raises Unavailable while no city is known: no point can then be called outside.
        """
        if place.point is None:
            return place
        if self._city is None:
            raise Unavailable("DIRECTORY_NOT_LOADED")
        grid = self._grids.locate(place.point.longitude, place.point.latitude)
        return Place(place.text, place.point, grid.code if grid else "")


def _words(city: City, category: Category) -> Keywords:
    above = (city.categories.get(code) for code in prefixes(category.code)[1:])
    words = tuple(word for each in above if each is not None for word in each.keywords)
    return Keywords(category.code, category.name, category.keywords, words)
