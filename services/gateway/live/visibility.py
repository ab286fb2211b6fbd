"""Visibility of changes: for the units concerned, and for roles that watch over the area."""

from dataclasses import dataclass

from backbone.words.actor import Actor
from backbone.words.roles import CARE_WATCHERS, PETITION_WATCHERS, roles
from backbone.words.sight import WATCHERS, sees

# Petitions are hidden from the 110 desk; care from all roles but auditor, leader and supervisor.
WATCHERS_OF = {
    "alarm": WATCHERS | roles("call_taker"),
    "incident": WATCHERS,
    "supervision": WATCHERS,
    "emergency": WATCHERS | roles("call_taker"),
    "petition": PETITION_WATCHERS,
    "dispute": WATCHERS,
    "population": CARE_WATCHERS,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The audience of a change: its service, the units concerned, and the area."""

    source: str
    units: frozenset[str]
    area: str


def may_see(actor: Actor, scope: Scope) -> bool:
    return sees(actor, scope.units, scope.area, WATCHERS_OF[scope.source])
