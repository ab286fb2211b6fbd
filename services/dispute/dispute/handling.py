"""Handling 办理: who the parties are, into the flow, and to the file."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.followed import Followed, IncidentFollowed
from backbone.words.guards import require_text, require_unit, require_unit_of
from backbone.words.matter import Matter
from backbone.words.place import Place
from services.dispute.dispute.record import Dispute, Party, State, involved, require_parties


class NameParties(Struct, frozen=True):
    """Name 核实当事人: all of them, where nobody knew at first or somebody erred."""

    by: Actor
    parties: tuple[Party, ...]


class RouteDispute(Struct, frozen=True):
    """Route 分流: its incident is opened; who names no unit leaves it to the routing policy."""

    by: Actor
    to_unit: str = ""


class CloseDispute(Struct, frozen=True):
    """Close 归档."""

    by: Actor


class RevealParties(Struct, frozen=True):
    """Disclosure 调阅: in plain words for a stated purpose only, and that is journaled."""

    by: Actor
    purpose: str


class PartiesNamed(Struct, frozen=True):
    time: datetime
    parties: tuple[Party, ...]


class DisputeRouted(Struct, frozen=True):
    time: datetime
    matter: Matter


class DisputeClosed(Struct, frozen=True):
    time: datetime


class PartiesRevealed(Struct, frozen=True):
    time: datetime
    purpose: str


Event = PartiesNamed | DisputeRouted | DisputeClosed | PartiesRevealed | IncidentFollowed


def name_parties(found: Dispute, command: NameParties, now: datetime) -> PartiesNamed:
    require_unit_of(command.by, involved(found))
    return PartiesNamed(now, require_parties(command.parties))


def route(found: Dispute, command: RouteDispute, now: datetime, city: City) -> DisputeRouted:
    require_unit_of(command.by, {found.desk})
    if command.to_unit:
        require_unit(city, command.to_unit)
    return DisputeRouted(now, matter_of(replace(found, to_unit=command.to_unit)))


def matter_of(found: Dispute) -> Matter:
    """What its incident is opened with, over the call and by the event alike; it names nobody."""
    filing = found.filing
    place = filing.place or Place()
    return Matter(
        id=found.id,
        code=found.code,
        source="DISPUTE",
        title=filing.subject,
        narrative=filing.text,
        category=filing.category,
        priority=filing.priority,
        place=place if place.area else replace(place, area=found.area),
        desk=found.desk,
        to_unit=found.to_unit,
    )


def close(found: Dispute, command: CloseDispute, now: datetime) -> DisputeClosed:
    require_unit_of(command.by, {found.desk})
    return DisputeClosed(now)


def reveal(found: Dispute, command: RevealParties, now: datetime) -> PartiesRevealed:
    require_unit_of(command.by, involved(found))
    return PartiesRevealed(now, require_text(command.purpose, "PURPOSE_MISSING", 200))


def evolve(found: Dispute, event: Event) -> Dispute:
    match event:
        case PartiesNamed():
            return replace(found, filing=replace(found.filing, parties=event.parties))
        case DisputeRouted():
            matter = event.matter
            return replace(found, state=State.ROUTED, to_unit=matter.to_unit, incident=Followed())
        case IncidentFollowed():
            known = (*found.units, event.incident.unit)
            units = tuple(unit for unit in dict.fromkeys(known) if unit)
            return replace(found, incident=event.incident, units=units)
        case DisputeClosed():
            return replace(found, state=State.CLOSED, close_time=event.time)
        case PartiesRevealed():
            return found
        case _:
            assert_never(event)
