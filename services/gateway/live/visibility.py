"""Visibility of changes: the rule of `backbone.words.sight`, asked of what an event says."""

from typing import Any

from backbone.words.actor import Actor
from backbone.words.sight import ALARM, CASE, DISPUTE, ORDER, PETITION, SUPERVISION, Facts, sees

# The source of events of earlier releases, which do not tell it. The event of an incident may
# have been a petition's or of care: no person sees it. One without an area may accuse a unit.
EARLIER = {
    "alarm": ALARM,
    "supervision": SUPERVISION,
    "emergency": ORDER,
    "petition": PETITION,
    "dispute": DISPUTE,
    "population": CASE,
}

Scope = Facts


def scope_of(service: str, meta: Any) -> Scope:
    """The facts of an event of this service for the rule of sight."""
    source = meta.source or EARLIER.get(service, "")
    area = meta.area or meta.audited_area
    accused = meta.accused or ("" if meta.source or area else "*")
    return Facts(source, frozenset(meta.audience), area, accused=accused)


def may_see(actor: Actor, scope: Scope) -> bool:
    return sees(actor, scope)
