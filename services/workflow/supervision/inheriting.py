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
    """The incident was told, after the opening, where it comes from (OriginTold), or accuses a unit
    since a correction."""

    incident: UUID
    by: Actor = CLOCK


class OriginLearnt(Struct, frozen=True):
    """`origins` are all sources of its incidents that it knows since; `accused` is the unit that
    the incident accuses, empty if it accuses none, `barred` are the units that may not know it."""

    time: datetime
    incidents: tuple[str, ...]
    origins: tuple[str, ...]
    level: Level
    supervisor: str
    accused: str = ""
    barred: tuple[str, ...] = ()


def hear_origin(
    supervision: Supervision, command: HearOrigin, now: datetime, world: World
) -> list[OriginLearnt]:
    """Also of a supervision that is lifted: its register stays readable. Whether something owed
    has ended for the accusation before this is heard makes no difference."""
    incident = world.also.one(command.incident)
    assert isinstance(incident, Incident), "the list names an incident that was told"
    source, about = incident.facts.source, str(incident.id)
    since_opening = bool(supervision.accused) and not supervision.began
    known = about in supervision.accusations or since_opening
    accused = "" if known else incident.matter.against
    if source in supervision.origins and not accused:
        return []
    origins = tuple(sorted({*supervision.origins, source}))
    level, supervisor = supervision.level, supervision.unit
    barred = tuple(sorted(incident.hidden_from)) if accused else ()
    return [OriginLearnt(now, (about,), origins, level, supervisor, accused, barred)]


def incident_of(command: HearOrigin) -> Iterable[UUID]:
    return (command.incident,)


def learnt(supervision: Supervision, event: OriginLearnt) -> Supervision:
    heard = replace(supervision, origins=event.origins)
    if not event.accused:
        return heard
    known = supervision.accusations
    accused = supervision.accused if known else event.accused
    also = {*supervision.also_accused, event.accused} - {accused}
    return replace(
        heard,
        accused=accused,
        also_accused=tuple(sorted(also)),
        accusations=(*known, *event.incidents),
        barred=tuple(dict.fromkeys((*supervision.barred, *event.barred))),
    )


VERBS = (verb(State, hear_origin, also=incident_of),)
CHANGES = (change(learnt),)
