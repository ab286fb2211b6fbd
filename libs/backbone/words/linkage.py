"""Linkage 应急联动: whether the routing table asks for teams, and for which skills. Pure."""

from backbone.words.city import City
from backbone.words.competence import skills_for
from backbone.words.heard import HeardDanger, each_of
from backbone.words.policy import Route


def classes_of(category: str, priority: str, heard: HeardDanger | None) -> tuple[str, ...]:
    """The class of the matter, and those of its dangers that no person has set lower."""
    dangers = each_of(heard) if heard else ()
    unsettled = (each.category for each in dangers if priority <= each.priority)
    return tuple(dict.fromkeys((category, *unsettled)))


def rows_of(city: City, classes: tuple[str, ...], priority: str, source: str) -> tuple[Route, ...]:
    """The rows of the routing table that ask for teams, wherever they stand."""
    routes = city.policy.routes if city.policy else ()
    return tuple(
        row
        for row in routes
        if row.linkage and any(row.holds(each, priority, source) for each in classes)
    )


def needs_of(city: City, classes: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The skills that each class asks for, the first one before all: the dangers come before the
    class of the matter, which was given when they were not known."""
    own, *dangers = (skills_for(city, each) for each in classes)
    return tuple(dict.fromkeys(filter(None, (*dangers, own))))


def asks_for_a_team(
    city: City, category: str, priority: str, heard: HeardDanger | None, source: str
) -> bool:
    """Whether teams are asked for, also where no class says which: then a person has to choose."""
    return bool(rows_of(city, classes_of(category, priority, heard), priority, source))
