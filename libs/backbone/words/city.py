"""The records of the directory, and the city: an indexed, immutable collection of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from backbone.words.areas import Level
from backbone.words.calendar import UNANNOUNCED, Calendar
from backbone.words.danger import NO_DANGERS, DangerList, Listener
from backbone.words.ladder import USUAL, Ladder
from backbone.words.neighbours import Neighbour
from backbone.words.policy import Policy

Ring: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A node of the administrative tree; `aliases` are further names that people use."""

    code: str
    name: str
    level: Level
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """The smallest area. `rings` are of (longitude, latitude); empty if polygons are not loaded."""

    code: str
    name: str
    rings: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisation that can be responsible for matters in its area."""

    code: str
    name: str
    kind: str
    area: str
    parent: str
    level: Level


@dataclass(frozen=True, slots=True)
class Category:
    """A class of matters. `code` is dotted; `path` holds the names from the top class down.

    `skills` are those that a team for it should have; empty: those of the class above.
    """

    code: str
    name: str
    path: tuple[str, ...]
    keywords: tuple[str, ...]
    default_priority: str
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Competence:
    """The unit competent for a category: a named unit, or one by kind and level (or the lowest)."""

    code: str
    category: str
    unit_kind: str
    unit: str
    level: Level
    area: str
    basis: str


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff, with the roles that they may act in."""

    user: str
    name: str
    unit: str
    roles: tuple[str, ...]
    team: str
    demo: bool
    absence: str = ""  # why the person is away; empty for one who is there


@dataclass(frozen=True, slots=True)
class Team:
    """A team that missions are pushed to; the leader is one of the members."""

    code: str
    name: str
    unit: str
    area: str
    skills: tuple[str, ...]
    leader: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """The city itself, and the version of the pack in force.

    `dialling_code` is that of its landlines, such as 0571; empty in packs that do not say it.
    `south_west` and `north_east` are (longitude, latitude); `entries` is the number of entries.
    `unit_kinds` and `skills` are the Chinese terms of such codes; the code is the English one.
    """

    code: str
    name: str
    south_west: tuple[float, float]
    north_east: tuple[float, float]
    version: int
    effective_time: datetime
    checksum: str
    entries: int
    dialling_code: str = ""
    unit_kinds: Mapping[str, str] = field(default_factory=dict)
    skills: Mapping[str, str] = field(default_factory=dict)


Record: TypeAlias = (
    Head
    | Policy
    | Calendar
    | DangerList
    | Ladder
    | Area
    | Grid
    | Unit
    | Category
    | Competence
    | Person
    | Team
    | Neighbour
)


@dataclass(frozen=True)
class City:
    """One consistent state of the directory, with the kinds of entries that a service requested.

    Without a calendar every year is provisional; without a ladder the usual one serves; without a
    danger list nothing is heard.
    """

    head: Head
    policy: Policy | None = None
    areas: Mapping[str, Area] = field(default_factory=dict)
    grids: Mapping[str, Grid] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    categories: Mapping[str, Category] = field(default_factory=dict)
    competences: Mapping[str, Competence] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    neighbours: Mapping[str, Neighbour] = field(default_factory=dict)
    calendar: Calendar = UNANNOUNCED
    ladder: Ladder = USUAL
    danger: DangerList = NO_DANGERS

    @cached_property
    def listener(self) -> Listener:
        """The danger list, read once for each version of the city."""
        return Listener(self.danger)

    @cached_property
    def _units_at(self) -> Mapping[tuple[str, str], tuple[Unit, ...]]:
        found: dict[tuple[str, str], list[Unit]] = {}
        for unit in sorted(self.units.values(), key=lambda each: each.code):
            found.setdefault((unit.kind, unit.area), []).append(unit)
        return {place: tuple(units) for place, units in found.items()}

    @cached_property
    def _competences_of(self) -> Mapping[str, Mapping[str, tuple[Competence, ...]]]:
        found: dict[str, dict[str, tuple[Competence, ...]]] = {}
        for row in sorted(self.competences.values(), key=lambda each: each.code):
            rows = found.setdefault(row.category, {})
            rows[row.area] = (*rows.get(row.area, ()), row)
        return found

    @cached_property
    def _staff_of(self) -> Mapping[str, tuple[Person, ...]]:
        found: dict[str, list[Person]] = {}
        for person in self.people.values():
            found.setdefault(person.unit, []).append(person)
        return {unit: tuple(people) for unit, people in found.items()}

    def staff_of(self, unit: str) -> tuple[Person, ...]:
        """Return the people of exactly this unit."""
        return self._staff_of.get(unit, ())

    def units_at(self, kind: str, area: str) -> tuple[Unit, ...]:
        """Return the units of a kind whose area is exactly this one."""
        return self._units_at.get((kind, area), ())

    def competences_of(self, category: str) -> Mapping[str, tuple[Competence, ...]]:
        """Return the rows of exactly this category, by the area that they are restricted to."""
        return self._competences_of.get(category, {})

    def superiors(self, unit: str) -> tuple[str, ...]:
        """Return the codes of the units above a unit, the nearest first."""
        above: list[str] = []
        here = self.units.get(unit)
        while here is not None and here.parent and here.parent not in above:
            above.append(here.parent)
            here = self.units.get(here.parent)
        return tuple(above)

    @cached_property
    def _parents(self) -> frozenset[str]:
        return frozenset(unit.parent for unit in self.units.values())

    def is_above_any(self, unit: str) -> bool:
        return bool(unit) and unit in self._parents

    def belongs_to(self, unit: str, other: str) -> bool:
        """Say whether `unit` is `other`, or below it."""
        return other in (unit, *self.superiors(unit))

    def is_accused(self, unit: str, *against: str) -> bool:
        """Say whether one of `against`, which may be empty, is the unit or one above it."""
        return any(each and self.belongs_to(unit, each) for each in against)

    def common_superiors(self, one: str, other: str) -> tuple[str, ...]:
        """Return the units above both, the lowest first; none if the joint meeting must decide."""
        above = set(self.superiors(other))
        return tuple(unit for unit in self.superiors(one) if unit in above)

    @cached_property
    def _roles_of(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for person in self.people.values():
            found.setdefault(person.unit, set()).update(person.roles)
        return {unit: frozenset(roles) for unit, roles in found.items()}

    def has_role(self, unit: str, roles: frozenset[str]) -> bool:
        """Say whether a person of the unit has one of these roles; yes where no staff is known."""
        return not self.people or bool(self._roles_of.get(unit, frozenset()) & roles)
