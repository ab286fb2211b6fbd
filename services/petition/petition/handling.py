"""Handling 办理: progress, the written reply, and filing."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidTransition
from backbone.words.followed import SETTLED, holding_unit
from backbone.words.guards import require_text, require_unit_of
from services.petition.petition import accusing
from services.petition.petition.record import (
    OPEN,
    Ending,
    Petition,
    Progress,
    State,
    handling_units,
    incident_of,
)


class RecordProgress(Struct, frozen=True):
    """Progress 进展: internal, or public for the petitioner."""

    by: Actor
    text: str
    public: bool = False


class ReplyPetition(Struct, frozen=True):
    """Reply 答复: in writing; if empty, the reply of the unit that resolved the incident."""

    by: Actor
    reply: str = ""


class ClosePetition(Struct, frozen=True):
    """Close 办结."""

    by: Actor


class ProgressRecorded(Struct, frozen=True):
    time: datetime
    unit: str
    text: str
    public: bool
    incident_id: UUID | None = None


class PetitionReplied(Struct, frozen=True):
    time: datetime
    reply: str


class PetitionClosed(Struct, frozen=True):
    time: datetime
    incident_id: UUID | None = None


def record_progress(
    petition: Petition, command: RecordProgress, now: datetime, city: City
) -> list[ProgressRecorded]:
    require_unit_of(command.by, handling_units(petition))
    text = require_text(command.text, "TEXT_MISSING")
    by, incident = command.by, incident_of(petition)
    return [ProgressRecorded(now, by.unit, text, command.public, incident)]


def reply(
    petition: Petition, command: ReplyPetition, now: datetime, city: City
) -> list[PetitionReplied]:
    require_unit_of(command.by, handling_units(petition))
    incident = petition.handling.incident
    if incident is not None and incident.state not in SETTLED:
        raise InvalidTransition("NOT_RESOLVED", state=incident.state, unit=incident.unit)
    if command.reply.strip() or not holding_unit(incident):
        accusing.require_not_below_accused(petition, command.by)
    resolved = incident.reply if incident else ""
    return [PetitionReplied(now, require_text(command.reply or resolved, "REPLY_MISSING"))]


def close(
    petition: Petition, command: ClosePetition, now: datetime, city: City
) -> list[PetitionClosed]:
    require_unit_of(command.by, {petition.desk})
    return [PetitionClosed(now, incident_of(petition))]


def progress_recorded(petition: Petition, event: ProgressRecorded) -> Petition:
    handling = petition.handling
    step = Progress(event.time, event.unit, event.text, event.public)
    return replace(petition, handling=replace(handling, progress=(*handling.progress, step)))


def replied(petition: Petition, event: PetitionReplied) -> Petition:
    return replace(petition, state=State.REPLIED, ending=Ending(event.reply, event.time))


def closed(petition: Petition, event: PetitionClosed) -> Petition:
    assert petition.ending is not None, "only a petition that was replied to is closed"
    ending = replace(petition.ending, close_time=event.time)
    return replace(petition, state=State.CLOSED, ending=ending)


VERBS = (
    verb(OPEN, record_progress, "NOT_YOUR_UNIT", "TEXT_MISSING"),
    verb(OPEN, reply, "NOT_YOUR_UNIT", "NOT_RESOLVED", "OWN_UNIT_ACCUSED", "REPLY_MISSING"),
    verb({State.REPLIED}, close, "NOT_YOUR_UNIT"),
)
CHANGES = (change(progress_recorded), change(replied), change(closed))
