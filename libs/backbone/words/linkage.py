"""Linkage 应急联动: whether the routing table asks for teams, and for which skills. Pure."""

from backbone.words.city import City
from backbone.words.competence import skills_for
from backbone.words.heard import HeardDanger, are_related, each_of
from backbone.words.policy import Route


def classes_of(category: str, priority: str, heard: HeardDanger | None) -> tuple[str, ...]:
    """The classes that ask for teams, the first one before all: the dangers that no person has set
    lower, and the class of the matter.

    A danger that the class of the matter names, too, comes before the others. Where none is such,
    the class was given when they were not known, and comes last.
    """
    dangers = each_of(heard) if heard else ()
    unsettled = [each.category for each in dangers if priority <= each.priority]
    unsettled.sort(key=lambda each: not are_related(category, each))
    return tuple(dict.fromkeys((*unsettled, category)))


def rows_of(city: City, classes: tuple[str, ...], priority: str, source: str) -> tuple[Route, ...]:
    """The rows of the routing table that ask for teams, wherever they stand."""
    routes = city.policy.routes if city.policy else ()
    return tuple(
        row
        for row in routes
        if row.linkage and any(row.holds(each, priority, source) for each in classes)
    )


def needs_of(city: City, classes: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The skills that each class asks for, in the order of the classes."""
    return tuple(dict.fromkeys(filter(None, (skills_for(city, each) for each in classes))))


def asks_for_a_team(
    city: City, category: str, priority: str, heard: HeardDanger | None, source: str
) -> bool:
    """Whether teams are asked for, also where no class says which: then a person has to choose."""
    return bool(rows_of(city, classes_of(category, priority, heard), priority, source))
