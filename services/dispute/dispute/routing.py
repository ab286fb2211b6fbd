"""Routing 分流: opens the incident of the dispute, which follows it from then on."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.followed import Followed, IncidentFollowed, require_unopened
from backbone.words.guards import require_unit, require_unit_of
from backbone.words.matter import Matter
from backbone.words.place import Place
from services.dispute.dispute.record import Dispute, Routing, State, origin_of


class RouteDispute(Struct, frozen=True):
    """Route 分流: open the incident; without a unit the routing policy decides."""

    by: Actor
    to_unit: str = ""


class DisputeRouted(Struct, frozen=True):
    time: datetime
    matter: Matter


def route(
    dispute: Dispute, command: RouteDispute, now: datetime, city: City
) -> list[DisputeRouted]:
    require_unit_of(command.by, {dispute.desk})
    require_unopened(dispute.routing.incident, dispute.code)
    if command.to_unit:
        require_unit(city, command.to_unit)
    routing = replace(dispute.routing, to_unit=command.to_unit)
    return [DisputeRouted(now, matter_of(replace(dispute, routing=routing)))]


def matter_of(dispute: Dispute) -> Matter:
    """The matter of its incident, equal for the call and the event; it names no party."""
    filing = dispute.filing
    place = filing.place or Place()
    return Matter(
        id=dispute.id,
        code=dispute.code,
        source="DISPUTE",
        title=filing.subject,
        narrative=filing.text,
        category=filing.category,
        priority=filing.priority,
        place=place if place.area else replace(place, area=dispute.area),
        desk=dispute.desk,
        persons=filing.persons,
        to_unit=dispute.routing.to_unit,
        origin=origin_of(filing),
    )


def routed(dispute: Dispute, event: DisputeRouted) -> Dispute:
    routing = Routing(event.matter.to_unit, Followed())
    return replace(dispute, state=State.ROUTED, routing=routing)


def followed(dispute: Dispute, event: IncidentFollowed) -> Dispute:
    known = (*dispute.units, event.incident.unit)
    units = tuple(unit for unit in dict.fromkeys(known) if unit)
    routing = replace(dispute.routing, incident=event.incident)
    return replace(dispute, routing=routing, units=units)


VERBS = (verb({State.ACCEPTED}, route, "NOT_YOUR_UNIT", "ALREADY_OPEN", "UNKNOWN_UNIT"),)
CHANGES = (change(routed), change(followed))
