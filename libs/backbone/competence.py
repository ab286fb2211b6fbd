"""Who is responsible: the units competent for a category at a place, the best first, with why."""

from collections.abc import Iterator
from dataclasses import dataclass

from backbone.areas import Level, ancestors, level_of
from backbone.city import City, Competence, Unit
from backbone.place import contains


@dataclass(frozen=True, slots=True)
class Candidate:
    """A competent unit, and the row that makes it one."""

    unit: Unit
    row: Competence


def prefixes(category: str) -> tuple[str, ...]:
    """Return a category code and the codes above it, the most exact first; at last, any."""
    parts = category.split(".")
    exact_first = (".".join(parts[:size]) for size in range(len(parts), 0, -1))
    return (*exact_first, "") if category else ("",)


def competent_unit(city: City, category: str, area: str) -> list[Candidate]:
    """Rank the competent units: exact category, exact area, a named unit, the lowest level."""
    found = [
        candidate
        for prefix in prefixes(category)
        for place in (*ancestors(area), "")
        for candidate in _rank(city, prefix, place, area)
    ]
    unique = {candidate.unit.code: candidate for candidate in reversed(found)}
    return list(reversed(unique.values()))


def _rank(city: City, prefix: str, place: str, area: str) -> list[Candidate]:
    rows = city.competences_of(prefix, place)
    found = [Candidate(unit, row) for row in rows for unit in _holders(city, row, area)]
    return sorted(found, key=lambda each: (not each.row.unit, -each.unit.level))


def _holders(city: City, row: Competence, area: str) -> Iterator[Unit]:
    if row.unit:
        unit = city.units.get(row.unit)
        # A unit named without an area answers for its own area, not for the whole city.
        if unit is not None and (row.area or contains(unit.area, area)):
            yield unit
        return
    for place in ancestors(area):
        if row.level is Level.UNSPECIFIED or level_of(place) is row.level:
            units = city.units_at(row.unit_kind, place)
            yield from units
            if units:
                return
