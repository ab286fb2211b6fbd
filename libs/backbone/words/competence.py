"""Finds the units competent for a category at a place, the best first, and the skills it wants."""

from dataclasses import dataclass

from backbone.words.areas import Level, ancestors, level_of
from backbone.words.city import City, Competence, Unit
from backbone.words.place import contains


@dataclass(frozen=True, slots=True)
class Candidate:
    """A competent unit, and the row of the directory that makes it competent."""

    unit: Unit
    row: Competence


def prefixes(category: str) -> tuple[str, ...]:
    """Return a category code and its ancestors, the most specific first, then "" for any."""
    parts = category.split(".")
    exact_first = (".".join(parts[:size]) for size in range(len(parts), 0, -1))
    return (*exact_first, "") if category else ("",)


def skills_for(city: City, category: str) -> tuple[str, ...]:
    """The skills that the class wants, or else the nearest class above it that wants some."""
    for code in prefixes(category):
        known = city.categories.get(code)
        if known is not None and known.skills:
            return known.skills
    return ()


def competent_unit(city: City, category: str, area: str) -> list[Candidate]:
    """Rank the competent units: by specific category, specific area, named unit, lowest level."""
    places = ancestors(area)
    found: dict[str, Candidate] = {}
    for prefix in prefixes(category):
        rows = city.competences_of(prefix)
        for restriction in (*places, "") if rows else ():
            if restriction in rows:
                for candidate in _rank(city, rows[restriction], places):
                    found.setdefault(candidate.unit.code, candidate)
    return list(found.values())


def _rank(city: City, rows: tuple[Competence, ...], places: tuple[str, ...]) -> list[Candidate]:
    found = [Candidate(unit, row) for row in rows for unit in _holders(city, row, places)]
    return sorted(found, key=lambda each: (not each.row.unit, -each.unit.level))


def _holders(city: City, row: Competence, places: tuple[str, ...]) -> tuple[Unit, ...]:
    if row.unit:
        unit = city.units.get(row.unit)
        # A row with a unit but no area holds for the unit's own area, not for the whole city.
        answers = unit is not None and bool(places) and (row.area or contains(unit.area, places[0]))
        return (unit,) if unit is not None and answers else ()
    for place in places:
        if row.level is Level.UNSPECIFIED or level_of(place) is row.level:
            units = city.units_at(row.unit_kind, place)
            if units:
                return units
    return ()
