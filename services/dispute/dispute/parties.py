"""Parties 当事人: naming them, and disclosing them unmasked; callers who were passed on."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import amends, change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.correction import PERSONS, Corrected, Correction
from backbone.words.followed import OVER, CallerFollowed, FollowCaller
from backbone.words.guards import require_text, require_unit_of
from backbone.words.sight import AUDITOR
from services.dispute.dispute.record import (
    ANY,
    OPEN,
    Dispute,
    Party,
    State,
    mediating_units,
    require_parties,
)
from services.dispute.dispute.routing import matter_of


class NameParties(Struct, frozen=True):
    """Name 核实当事人: replace all parties, where they were unknown or wrong."""

    by: Actor
    parties: tuple[Party, ...]
    persons: tuple[str, ...] = ()


class RevealParties(Struct, frozen=True):
    """Disclosure 调阅: unmasked, for a stated purpose, and recorded in the journal."""

    by: Actor
    purpose: str


class PartiesNamed(Struct, frozen=True):
    """`correction` tells the incident, where there is one, whom its texts may name."""

    time: datetime
    parties: tuple[Party, ...]
    persons: tuple[str, ...] = ()
    correction: Correction | None = None


class PartiesRevealed(Struct, frozen=True):
    time: datetime
    purpose: str


def name_parties(
    dispute: Dispute, command: NameParties, now: datetime, city: City
) -> list[PartiesNamed]:
    require_unit_of(command.by, mediating_units(dispute))
    # A caller who was passed on, and parties of before, may still be named in texts.
    persons = tuple(dict.fromkeys((*dispute.filing.persons, *command.persons)))
    event = PartiesNamed(now, require_parties(command.parties), persons)
    return [replace(event, correction=_told(named(dispute, event), command.by))]


def follow_caller(
    dispute: Dispute, command: FollowCaller, now: datetime, city: City
) -> list[CallerFollowed]:
    """Add the names of the caller that the desk has corrected to those that texts may hold. Names
    that the record has already cause no event."""
    known = dispute.filing.persons
    persons = tuple(dict.fromkeys((*known, *command.persons)))
    if persons == known:
        return []
    event, by = CallerFollowed(now, persons), Actor(command.user, command.unit)
    return [replace(event, correction=_told(caller_followed(dispute, event), by))]


def _told(dispute: Dispute, by: Actor) -> Correction | None:
    """The correction that gives the incident the names of the persons, for its texts; one that is
    over hears of none."""
    if dispute.routing.incident is None or dispute.routing.incident.state in OVER:
        return None
    version = dispute.version + 1
    return Correction(
        matter=matter_of(dispute),
        facts=(Corrected(PERSONS, version),),
        receipt=str(dispute.id),
        code=dispute.code,
        version=version,
        linked=False,
        user=by.user,
        unit=by.unit,
    )


def reveal(
    dispute: Dispute, command: RevealParties, now: datetime, city: City
) -> list[PartiesRevealed]:
    if command.by.role != AUDITOR:
        require_unit_of(command.by, mediating_units(dispute))
    return [PartiesRevealed(now, require_text(command.purpose, "PURPOSE_MISSING"))]


def named(dispute: Dispute, event: PartiesNamed) -> Dispute:
    filing = replace(dispute.filing, parties=event.parties, persons=event.persons)
    return replace(dispute, filing=filing)


def caller_followed(dispute: Dispute, event: CallerFollowed) -> Dispute:
    return replace(dispute, filing=replace(dispute.filing, persons=event.persons))


def revealed(dispute: Dispute, event: PartiesRevealed) -> Dispute:
    return dispute


VERBS = (
    amends(
        OPEN | {State.REGISTERED},
        name_parties,
        "NOT_YOUR_UNIT",
        "PARTIES_MISSING",
    ),
    verb(ANY, follow_caller),
    verb(ANY, reveal, "NOT_YOUR_UNIT", "PURPOSE_MISSING", discloses=True),
)
CHANGES = (change(named), change(caller_followed), change(revealed))
