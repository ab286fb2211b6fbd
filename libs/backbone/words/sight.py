"""One rule of who may see a record, for lists, reads, timelines, suggestions, live changes and
refusals alike. Pure.

What a role sees follows from its relation to the record (its unit has to do with it, it wrote it,
it watches over the area, it audits), from the source of the matter, and from whether a unit or
person is accused. A matter that is born from another one (`born`) is seen by those alone who would
see both. `grants` says it as data; `backbone.postgres.sights` makes the same grants SQL.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.place import contains

ALARM = "ALARM"  # a call, or what else a front desk takes down
MISSION = "MISSION"  # what a team has found
DISPUTE = "DISPUTE"
PETITION = "PETITION"
CARE = "CARE"  # what a person in care needs
CASE = "CASE"  # the care case itself
ORDER = "ORDER"  # an order to a team
SUPERVISION = "SUPERVISION"
SOURCES = frozenset({ALARM, MISSION, DISPUTE, PETITION, CARE, CASE, ORDER, SUPERVISION})
# Between the source of a matter and those that it was born from: `DISPUTE/PETITION`.
BORN = "/"

AUDITOR, OPERATOR = "auditor", "operator"
# Roles that see an area, not only their own unit; this alone lets them change nothing.
WATCHERS = frozenset({"dispatcher", "supervisor", "leader", AUDITOR, "centre_director"})

CALLS_DESK = frozenset({"call_taker", "dispatcher"})
FIELD = frozenset({"grid_member", "grid_leader", "team_member", "team_leader", "partner"})
# Roles that do not see matters of the own unit, by source. Petitions are unknown to the 110 desk
# and to the staff of care, needs of care to the 110 desk and to the staff of petitions.
BLIND: Mapping[str, frozenset[str]] = {
    PETITION: CALLS_DESK | FIELD | {"care_worker"},
    CARE: CALLS_DESK
    | {"team_member", "team_leader", "partner"}
    | {"receptionist", "signer", "statistician", "mediator", "centre_director"},
    # A person in care is entrusted to people by name, never to a unit.
    CASE: frozenset(),
}
# An accusation is worked on in offices: none of these has to.
BLIND_TO_ACCUSATIONS = FIELD | {"care_worker", "mediator", "statistician"}

# The roles that watch over an area, by the source.
WATCHES: Mapping[str, frozenset[str]] = {
    ALARM: frozenset({"dispatcher", "supervisor", "leader"}),
    MISSION: frozenset({"dispatcher", "supervisor", "leader"}),
    ORDER: frozenset({"dispatcher", "supervisor", "leader", "call_taker", "duty_officer"}),
    DISPUTE: frozenset({"dispatcher", "supervisor", "leader", "centre_director"}),
    PETITION: frozenset({"supervisor", "leader"}),
    CARE: frozenset({"supervisor", "leader"}),
    SUPERVISION: frozenset({"supervisor", "leader"}),
    CASE: frozenset(),
}
# Matters that are unknown to the 110 desk, and so is all that is born from them.
KEPT = (CARE, PETITION)
# The business of functional units 条线, by their kind: their supervisors and leaders watch over
# nothing else. Those of another kind see what their own unit has to do with.
LINES: Mapping[str, frozenset[str]] = {
    "command": frozenset({ALARM, MISSION, ORDER}),
    "police": frozenset({ALARM, MISSION, ORDER}),
    "hotline": frozenset({ALARM}),
    "emergency": frozenset({MISSION, ORDER}),
    "petition_office": frozenset({PETITION}),
    "mediation": frozenset({DISPUTE}),
    "justice": frozenset({DISPUTE}),
    "civil_affairs": frozenset({CARE}),
}
# The same for those who dispatch or are on duty: the 110 desk serves its whole area; units that
# have teams see what teams are sent to there.
LINES_ON_DUTY: Mapping[str, frozenset[str]] = {
    **LINES,
    "command": LINES["command"] | {DISPUTE},
    **dict.fromkeys(("fire", "medical"), frozenset({MISSION, ORDER})),
}
ON_DUTY = frozenset({"dispatcher", "call_taker", "duty_officer", "centre_director"})
# Roles of which the same one serves a whole area or a functional unit.
OF_A_LINE = frozenset({"supervisor", "leader"}) | ON_DUTY


class Relation(StrEnum):
    """A relation of an actor to a record, by which the actor sees it."""

    UNIT = "UNIT"  # the actor's unit has to do with it
    AUTHOR = "AUTHOR"  # the actor took it down
    WATCHER = "WATCHER"  # the actor watches over its area
    AUDITOR = "AUDITOR"  # the same, and over what has no area


@dataclass(frozen=True, slots=True)
class Grant:
    """Records of these sources are seen by this relation; `accused`: accusations, too."""

    relation: Relation
    sources: frozenset[str]
    accused: bool = False


class Facts(Struct, frozen=True):
    """The facts for the rule: `units` have to do with it, and never include the accused
    one, unless that took it down itself; `accused` is its code, or another word where a person or
    an unnamed unit is accused, of several all, with commas between; empty of all that is no
    accusation."""

    source: str
    units: Collection[str] = ()
    area: str = ""
    accused: str = ""
    author: str = ""
    author_unit: str = ""


def born(source: str, *origins: str) -> str:
    """The source of a matter that comes from matters of these: who sees it must see what each of
    them is, too. Origins that are open to all who see the matter itself add nothing."""
    own, *known = source.split(BORN)
    told = {part for each in origins for part in each.split(BORN)}
    kept = {*known, *(told & {*KEPT})} - {own}
    return BORN.join((own, *sorted(kept)))


def own_of(source: str) -> str:
    """The source of the matter itself, without those that it was born from."""
    return source.partition(BORN)[0]


@lru_cache
def born_of(source: str) -> tuple[str, ...]:
    """The source, and the same with each of the origins that it may have."""
    found = (*(born(source, each) for each in KEPT), born(source, *KEPT))
    return tuple(dict.fromkeys((source, *found)))


EVERY = frozenset(each for source in SOURCES for each in born_of(source))


@lru_cache(maxsize=4_096)
def _grants(role: str, line: str) -> tuple[Grant, ...]:
    if role == OPERATOR:
        return ()
    if role == AUDITOR:
        return (Grant(Relation.AUDITOR, EVERY, accused=True),)
    own = _with_all(each for each in SOURCES - {CASE} if role not in BLIND.get(each, ()))
    watched = {each for each, watchers in WATCHES.items() if role in watchers}
    if line and role in OF_A_LINE:
        lines = LINES_ON_DUTY if role in ON_DUTY else LINES
        watched &= lines.get(line, frozenset())
    over = _with_all(watched)
    found = [Grant(Relation.UNIT, own, accused=role not in BLIND_TO_ACCUSATIONS)]
    if role in BLIND_TO_ACCUSATIONS:
        found.append(Grant(Relation.AUTHOR, frozenset({ALARM}), accused=True))
    if over:
        found.append(Grant(Relation.WATCHER, over))
    return tuple(found)


def _with_all(seen: Iterable[str]) -> frozenset[str]:
    """The sources of which each part is seen."""
    parts = frozenset(seen)
    return frozenset(each for each in EVERY if parts.issuperset(each.split(BORN)))


def grants(actor: Actor) -> tuple[Grant, ...]:
    """The grants of the actor's role: sources, each with the relation by which it is seen."""
    return _grants(actor.role, actor.line)


def answering_to(actor: Actor) -> tuple[str, ...]:
    """The actor's unit and those above it: an auditor reads no accusation of any of them."""
    return tuple(filter(None, (actor.unit, *actor.above.split(","))))


def is_blind(role: str, source: str) -> bool:
    """Whether matters of this source are unknown to the role, though its unit has to do with them
    or it makes their call-backs."""
    return any(role in BLIND.get(part, ()) for part in source.split(BORN))


def is_kept(source: str, accused: str) -> bool:
    """Whether the matter is unknown to the 110 desk: its own desk decides what that one decides of
    all others."""
    return bool(accused) or not {*KEPT}.isdisjoint(source.split(BORN))


def watches(actor: Actor, source: str) -> bool:
    """Whether the actor watches over matters of this source in the own area."""
    return any(
        each.relation in (Relation.WATCHER, Relation.AUDITOR) and source in each.sources
        for each in grants(actor)
    )


def watches_over(actor: Actor, source: str, area: str) -> bool:
    """The same of a matter there: what a dispatcher of the area decides is not decided by one of a
    unit with other business."""
    return watches(actor, source) and contains(actor.area, area)


def sees(actor: Actor, facts: Facts) -> bool:
    """Whether the actor may know that the record exists."""
    return any(
        facts.source in each.sources
        and (each.accused or not facts.accused)
        and _is(each.relation, actor, facts)
        for each in grants(actor)
    )


def _is(relation: Relation, actor: Actor, facts: Facts) -> bool:
    match relation:
        case Relation.UNIT:
            return bool(actor.unit) and actor.unit in facts.units
        case Relation.AUTHOR:
            author = facts.author, facts.author_unit
            return bool(actor.user) and (actor.user, actor.unit) == author
        case Relation.AUDITOR:
            is_accused = not {*facts.accused.split(",")}.isdisjoint(answering_to(actor))
            within = not facts.area or contains(actor.area, facts.area)
            return bool(actor.area) and within and not is_accused
        case _:
            return contains(actor.area, facts.area)
