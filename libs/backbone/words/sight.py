"""Visibility of records: for the units concerned, and for roles that watch over an area. Pure."""

from collections.abc import Collection

from backbone.words.actor import Actor
from backbone.words.place import contains, significant

# Roles that see an area, not only their own unit; this alone lets them change nothing.
WATCHERS = frozenset({"dispatcher", "supervisor", "leader", "auditor", "centre_director"})


def watched(actor: Actor, watchers: Collection[str] = WATCHERS) -> str:
    """The prefix of the area codes that the actor watches over; empty if the role is none."""
    return significant(actor.area) if actor.role in watchers else ""


def sees(
    actor: Actor, units: Collection[str], area: str, watchers: Collection[str] = WATCHERS
) -> bool:
    """Say whether the actor may see a record that concerns these units, in this area."""
    if actor.unit and actor.unit in units:
        return True
    return actor.role in watchers and contains(actor.area, area)
