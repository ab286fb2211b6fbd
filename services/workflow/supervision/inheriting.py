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
    """A lifted supervision hears it too, as its register stays readable. It makes no difference
    whether the accusation has ended what was owed before this is heard."""
    incident = world.also.one(command.incident)
    assert isinstance(incident, Incident), "the list names an incident that was told"
    return told_of(supervision, incident, now)


def told_of(supervision: Supervision, incident: Incident, now: datetime) -> list[OriginLearnt]:
    """What the incident is by now, if that is news. The supervising unit is barred, too, unless it
    may read the incident: the accusation, and the answer of who works on it, are not for it."""
    source, about, unit = incident.facts.source, str(incident.id), supervision.unit
    barred = {*incident.hidden_from, *([unit] if incident.is_kept_from(unit) else ())}
    accused = incident.matter.against if _is_news(supervision, incident, barred) else ""
    if source in supervision.origins and not accused:
        return []
    origins, level = tuple(sorted({*supervision.origins, source})), supervision.level
    told = tuple(sorted(barred)) if accused else ()
    return [OriginLearnt(now, (about,), origins, level, unit, accused, told)]


def _is_news(supervision: Supervision, incident: Incident, barred: set[str]) -> bool:
    """Whether it accuses a unit that the supervision does not know as the accused, or bars one."""
    accused = {supervision.accused, *supervision.also_accused}
    known = str(incident.id) in supervision.accusations or _accused_at_opening(supervision)
    return not (known and incident.matter.against in accused and barred <= _told(supervision))


def _told(supervision: Supervision) -> set[str]:
    return {*supervision.barred, supervision.accused, *supervision.also_accused}


def _accused_at_opening(supervision: Supervision) -> bool:
    return bool(supervision.accused) and not supervision.began


def incident_of(command: HearOrigin) -> Iterable[UUID]:
    return (command.incident,)


def learnt(supervision: Supervision, event: OriginLearnt) -> Supervision:
    heard = replace(supervision, origins=event.origins)
    if not event.accused:
        return heard
    known = supervision.accusations
    named = known or _accused_at_opening(supervision)
    accused = supervision.accused if named else event.accused
    also = {*supervision.also_accused, event.accused} - {accused}
    return replace(
        heard,
        accused=accused,
        also_accused=tuple(sorted(also)),
        accusations=tuple(dict.fromkeys((*known, *event.incidents))),
        barred=tuple(dict.fromkeys((*supervision.barred, *event.barred))),
    )


VERBS = (verb(State, hear_origin, also=incident_of),)
CHANGES = (change(learnt),)
