"""Routing 交办: opens the incident of the petition, which follows it from then on."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidArgument
from backbone.words.followed import Followed, IncidentFollowed, require_unopened
from backbone.words.guards import (
    require_category,
    require_not_accused,
    require_priority,
    require_unit,
    require_unit_of,
)
from backbone.words.matter import ACCUSATION, Matter
from backbone.words.place import Place
from services.petition.petition.record import Kind, Petition, Progress, State, accused

WORKED_ON = frozenset({"CLAIMED", "HANDLING", "RESOLVED", "CLOSED"})


class RoutePetition(Struct, frozen=True):
    """Route 交办: open the incident; without a unit the routing policy decides."""

    by: Actor
    to_unit: str = ""
    category: str = ""
    priority: str = ""


class PetitionRouted(Struct, frozen=True):
    time: datetime
    matter: Matter


def route(
    petition: Petition, command: RoutePetition, now: datetime, city: City
) -> list[PetitionRouted]:
    require_unit_of(command.by, {petition.desk})
    require_unopened(petition.handling.incident, petition.code)
    if command.to_unit:
        require_unit(city, command.to_unit)
    if petition.kind is Kind.ACCUSATION:
        _require_far_from_accused(petition, command.to_unit, city)
    category = require_category(city, command.category) or petition.filing.category
    filing = replace(
        petition.filing,
        category=ACCUSATION if petition.kind is Kind.ACCUSATION else category,
        priority=require_priority(command.priority or petition.filing.priority),
    )
    handling = replace(petition.handling, to_unit=command.to_unit)
    return [PetitionRouted(now, matter_of(replace(petition, filing=filing, handling=handling)))]


def _require_far_from_accused(petition: Petition, to_unit: str, city: City) -> None:
    """Refuse the accused unit, and units below it, as the receiver."""
    if not to_unit:
        raise InvalidArgument("RECEIVER_MISSING")
    if to_unit in petition.barred:
        raise Denied("ACCUSED_UNIT", unit=to_unit)
    require_not_accused(city, accused(petition), to_unit)


def matter_of(petition: Petition) -> Matter:
    """The matter of its incident, equal for the call and the event; it names no petitioner."""
    filing = petition.filing
    place = filing.place or Place()
    return Matter(
        id=petition.id,
        code=petition.code,
        source="PETITION",
        title=filing.subject,
        narrative=filing.text,
        category=filing.category,
        priority=filing.priority,
        place=place if place.area else replace(place, area=petition.area),
        desk=petition.desk,
        persons=filing.persons,
        to_unit=petition.handling.to_unit,
        against=accused(petition),
    )


def routed(petition: Petition, event: PetitionRouted) -> Petition:
    matter = event.matter
    return replace(
        petition,
        state=State.ASSIGNED,
        filing=replace(petition.filing, category=matter.category, priority=matter.priority),
        handling=replace(petition.handling, to_unit=matter.to_unit, incident=Followed()),
    )


def followed(petition: Petition, event: IncidentFollowed) -> Petition:
    incident, state = event.incident, petition.state
    progress = petition.handling.progress
    if state in (State.ASSIGNED, State.HANDLING):
        state = State.HANDLING if incident.state in WORKED_ON else State.ASSIGNED
    if event.public_text:
        progress = (*progress, Progress(event.time, incident.unit, event.public_text, public=True))
    units = dict.fromkeys((*petition.units, incident.unit) if incident.unit else petition.units)
    handling = replace(petition.handling, incident=incident, progress=progress)
    return replace(petition, state=state, handling=handling, units=tuple(units))


VERBS = (
    verb(
        {State.ACCEPTED},
        route,
        "NOT_YOUR_UNIT",
        "ALREADY_OPEN",
        "UNKNOWN_UNIT",
        "RECEIVER_MISSING",
        "ACCUSED_UNIT",
        "UNKNOWN_CATEGORY",
        "UNKNOWN_PRIORITY",
    ),
)
CHANGES = (change(routed), change(followed))
