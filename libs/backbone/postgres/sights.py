"""The rule of `backbone.words.sight` over the columns of a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backbone.postgres.conditions import AnyOf, Condition, Member, Sight, Under, Without, equal
from backbone.words.actor import Actor
from backbone.words.place import significant
from backbone.words.sight import Grant, Relation, answering_to, grants


@dataclass(frozen=True, slots=True)
class Seen:
    """The columns that hold the facts of a table's records.

    All of them are of `sources`; where there are several, the column `source` tells which, by the
    source itself or by other words for it (`told`). A unit
    has to do with a record that stands in one of the columns `units`, or in the array `readers`.
    `watched`, if there is one, holds the area of what is not an accusation, and nothing of others.
    """

    sources: frozenset[str]
    area: str
    units: tuple[str, ...] = ()
    readers: str = ""
    accused: str = ""
    watched: str = ""
    source: str = ""
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    author: Mapping[str, str] = field(default_factory=dict)  # `user` and `unit` by their columns


def sights_by(seen: Seen, actor: Actor) -> tuple[Sight, ...]:
    """Any of these shows a record to the actor."""
    found: list[Sight] = []
    for each in grants(actor):
        shown = each.sources & seen.sources
        if shown:
            limits = _limits(seen, each, shown, actor)
            found += [(*where, *limits) for where in _wheres(seen, each.relation, actor)]
    return tuple(found)


def limits_of(seen: Seen, actor: Actor, relation: Relation) -> Sight | None:
    """The further conditions under which the relation shows a record; None if it shows none."""
    for each in grants(actor):
        if each.relation is relation and each.sources & seen.sources:
            return _limits(seen, each, each.sources & seen.sources, actor)
    return None


def _limits(seen: Seen, grant: Grant, shown: frozenset[str], actor: Actor) -> tuple[Condition, ...]:
    limits: list[Condition] = []
    if shown != seen.sources:
        words = (word for each in shown for word in seen.told.get(each, (each,)))
        limits.append(AnyOf(seen.source, tuple(sorted(words))))
    is_said = grant.relation is Relation.WATCHER and seen.watched
    if seen.accused and not grant.accused and not is_said:
        limits.append(equal(seen.accused, ""))
    if seen.accused and grant.relation is Relation.AUDITOR:
        limits += [Without(seen.accused, unit) for unit in answering_to(actor)]
    return tuple(limits)


def _wheres(seen: Seen, relation: Relation, actor: Actor) -> list[Sight]:
    match relation:
        case Relation.UNIT if actor.unit:
            arrays: list[Sight] = [(Member(seen.readers, actor.unit),)] if seen.readers else []
            return [*arrays, *((equal(column, actor.unit),) for column in seen.units)]
        case Relation.AUTHOR if seen.author and actor.user:
            who = {"user": actor.user, "unit": actor.unit}
            return [tuple(equal(column, who[part]) for part, column in seen.author.items())]
        case Relation.WATCHER if actor.area:
            return [(Under(seen.watched or seen.area, significant(actor.area)),)]
        case Relation.AUDITOR if actor.area:
            return [(Under(seen.area, significant(actor.area)),), (equal(seen.area, ""),)]
        case _:
            return []
