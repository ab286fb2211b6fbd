"""Learning where an incident comes from: who may not know that knows of no supervision over it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import CLOCK, Actor
from services.workflow.incident.record import Incident
from services.workflow.incident.world import World
from services.workflow.supervision.record import Level, State, Supervision


class HearOrigin(Struct, frozen=True):
    """The incident was told, after the opening, where it comes from (OriginTold)."""

    incident: UUID
    by: Actor = CLOCK


class OriginLearnt(Struct, frozen=True):
    """`origins` are all sources of its incidents that it knows since."""

    time: datetime
    incidents: tuple[str, ...]
    origins: tuple[str, ...]
    level: Level
    supervisor: str


def hear_origin(
    supervision: Supervision, command: HearOrigin, now: datetime, world: World
) -> list[OriginLearnt]:
    """Also of a supervision that is lifted: its register stays readable."""
    incident = world.also.one(command.incident)
    assert isinstance(incident, Incident), "the list names an incident that was told"
    source = incident.facts.source
    if source in supervision.origins:
        return []
    origins = tuple(sorted({*supervision.origins, source}))
    about = (str(incident.id),)
    return [OriginLearnt(now, about, origins, supervision.level, supervision.unit)]


def incident_of(command: HearOrigin) -> Iterable[UUID]:
    return (command.incident,)


def learnt(supervision: Supervision, event: OriginLearnt) -> Supervision:
    return replace(supervision, origins=event.origins)


VERBS = (verb(State, hear_origin, also=incident_of),)
CHANGES = (change(learnt),)
