"""Who may see a record: the units it concerns, and those who watch over its area. Pure."""

from collections.abc import Collection

from backbone.words.actor import Actor
from backbone.words.place import contains, significant

# They watch over an area, not only over their own unit; they change nothing by that alone.
WATCHERS = frozenset({"dispatcher", "supervisor", "leader", "auditor", "centre_director"})


def watched(actor: Actor, watchers: Collection[str] = WATCHERS) -> str:
    """The digits that every area in the actor's sight begins with; empty for who watches none."""
    return significant(actor.area) if actor.role in watchers else ""


def sees(
    actor: Actor, units: Collection[str], area: str, watchers: Collection[str] = WATCHERS
) -> bool:
    """Say whether the actor may know of a record of these units, in this area."""
    if actor.unit and actor.unit in units:
        return True
    return actor.role in watchers and contains(actor.area, area)
