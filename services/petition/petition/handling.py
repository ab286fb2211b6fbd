"""Handling 办理: into the flow, step by step, to the written reply and the file."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.followed import SETTLED, Followed, IncidentFollowed
from backbone.words.guards import (
    require_category,
    require_not_accused,
    require_priority,
    require_text,
    require_unit,
    require_unit_of,
)
from backbone.words.matter import ACCUSATION, Matter
from backbone.words.place import Place
from services.petition.petition.record import Kind, Petition, Progress, State, accused

WORKED_ON = frozenset({"CLAIMED", "HANDLING", "RESOLVED", "CLOSED"})


class RoutePetition(Struct, frozen=True):
    """Route 交办: its incident is opened; who names no unit leaves it to the routing policy."""

    by: Actor
    to_unit: str = ""
    category: str = ""
    priority: str = ""


class RecordProgress(Struct, frozen=True):
    """Progress 进展: internal, or public for the petitioner."""

    by: Actor
    text: str
    public: bool = False


class ReplyPetition(Struct, frozen=True):
    """Reply 答复: in writing; empty takes the reply of the unit that resolved it."""

    by: Actor
    reply: str = ""


class ClosePetition(Struct, frozen=True):
    """Close 办结."""

    by: Actor


class PetitionRouted(Struct, frozen=True):
    time: datetime
    matter: Matter


class ProgressRecorded(Struct, frozen=True):
    time: datetime
    unit: str
    text: str
    public: bool


class PetitionReplied(Struct, frozen=True):
    time: datetime
    reply: str


class PetitionClosed(Struct, frozen=True):
    time: datetime


Event = PetitionRouted | ProgressRecorded | PetitionReplied | PetitionClosed | IncidentFollowed


def route(found: Petition, command: RoutePetition, now: datetime, city: City) -> PetitionRouted:
    require_unit_of(command.by, {found.desk})
    if command.to_unit:
        require_unit(city, command.to_unit)
    if found.kind is Kind.ACCUSATION:
        _require_far_from_accused(found, command.to_unit, city)
    category = require_category(city, command.category) or found.filing.category
    filing = replace(
        found.filing,
        category=ACCUSATION if found.kind is Kind.ACCUSATION else category,
        priority=require_priority(command.priority or found.filing.priority),
    )
    return PetitionRouted(now, matter_of(replace(found, filing=filing, to_unit=command.to_unit)))


def matter_of(found: Petition) -> Matter:
    """What its incident is opened with, over the call and by the event alike; it names nobody."""
    filing = found.filing
    place = filing.place or Place()
    return Matter(
        id=found.id,
        code=found.code,
        source="PETITION",
        title=filing.subject,
        narrative=filing.text,
        category=filing.category,
        priority=filing.priority,
        place=place if place.area else replace(place, area=found.area),
        desk=found.desk,
        to_unit=found.to_unit,
        against=accused(found),
    )


def _require_far_from_accused(found: Petition, to_unit: str, city: City) -> None:
    """Neither the matter nor the name reaches the accused, nor anything below the accused."""
    if not to_unit:
        raise InvalidArgument("RECEIVER_MISSING")
    require_not_accused(city, accused(found), to_unit)


def record_progress(found: Petition, command: RecordProgress, now: datetime) -> ProgressRecorded:
    require_unit_of(command.by, involved(found))
    text = require_text(command.text, "TEXT_MISSING")
    return ProgressRecorded(now, command.by.unit, text, command.public)


def reply(found: Petition, command: ReplyPetition, now: datetime) -> PetitionReplied:
    require_unit_of(command.by, involved(found))
    incident = found.incident
    if incident is not None and incident.state not in SETTLED:
        raise InvalidTransition("NOT_RESOLVED", state=incident.state, unit=incident.unit)
    resolved = incident.reply if incident else ""
    return PetitionReplied(now, require_text(command.reply or resolved, "REPLY_MISSING"))


def close(found: Petition, command: ClosePetition, now: datetime) -> PetitionClosed:
    require_unit_of(command.by, {found.desk})
    return PetitionClosed(now)


def involved(found: Petition) -> set[str]:
    """The units that may write: the desk, and whoever handles it now."""
    return {found.desk, found.incident.unit if found.incident else found.desk}


def evolve(found: Petition, event: Event) -> Petition:
    match event:
        case PetitionRouted():
            return _routed(found, event.matter)
        case IncidentFollowed():
            return _followed(found, event)
        case ProgressRecorded():
            step = Progress(event.time, event.unit, event.text, event.public)
            return replace(found, progress=(*found.progress, step))
        case PetitionReplied():
            return replace(found, state=State.REPLIED, reply=event.reply, reply_time=event.time)
        case PetitionClosed():
            return replace(found, state=State.CLOSED, close_time=event.time)
        case _:
            assert_never(event)


def _routed(found: Petition, matter: Matter) -> Petition:
    filing = replace(found.filing, category=matter.category, priority=matter.priority)
    return replace(
        found, state=State.ASSIGNED, filing=filing, to_unit=matter.to_unit, incident=Followed()
    )


def _followed(found: Petition, event: IncidentFollowed) -> Petition:
    incident = event.incident
    state, progress = found.state, found.progress
    if state in (State.ASSIGNED, State.HANDLING):
        state = State.HANDLING if incident.state in WORKED_ON else State.ASSIGNED
    if event.public_text:
        progress = (*progress, Progress(event.time, incident.unit, event.public_text, public=True))
    units = dict.fromkeys((*found.units, incident.unit) if incident.unit else found.units)
    return replace(found, state=state, incident=incident, progress=progress, units=tuple(units))
