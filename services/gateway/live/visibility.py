"""Who may see which change: a unit that it concerns, or a role that watches over its area."""

from dataclasses import dataclass

from backbone.words.actor import Actor
from backbone.words.roles import PETITION_WATCHERS, roles
from backbone.words.sight import WATCHERS, sees

# Petition history is invisible to the 110 desk, and care to everyone but those who answer for it.
WATCHERS_OF = {
    "alarm": WATCHERS | roles("call_taker"),
    "incident": WATCHERS,
    "emergency": WATCHERS | roles("call_taker"),
    "petition": PETITION_WATCHERS,
    "dispute": WATCHERS,
    "population": roles("auditor", "leader", "supervisor"),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which service says it, the units that it concerns, and the area where it happened."""

    source: str
    units: frozenset[str]
    area: str


def may_see(actor: Actor, scope: Scope) -> bool:
    return sees(actor, scope.units, scope.area, WATCHERS_OF[scope.source])
