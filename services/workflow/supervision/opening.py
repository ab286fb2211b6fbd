"""Opening 立项督办: a supervisor demands answers of the units accountable for incidents."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from backbone.life_cycle import begins, creates
from backbone.words.actor import Actor
from backbone.words.areas import ancestors
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.guards import require_not_accused, require_text
from backbone.words.place import contains
from backbone.words.roles import SUPERVISORS
from backbone.words.sight import sees
from services.workflow.incident.record import Incident, over
from services.workflow.incident.world import World
from services.workflow.supervision import demanding
from services.workflow.supervision.record import (
    Addressed,
    Answering,
    Deadline,
    Demand,
    Level,
    State,
    Supervision,
)


class OpenSupervision(Struct, frozen=True):
    """Open 立项: `id` derives from the request, so that a repeat opens no second one."""

    by: Actor
    id: UUID
    incident_ids: tuple[str, ...]
    level: Level
    reason: str
    due_time: datetime | None = None


class SupervisionOpened(Struct, frozen=True):
    time: datetime
    id: UUID
    level: Level
    reason: str
    opener: str
    unit: str
    area: str
    addressed: tuple[Addressed, ...]
    deadline: Deadline
    origins: tuple[str, ...] = ()
    accused: str = ""


def open_supervision(
    supervision: Supervision | None, command: OpenSupervision, now: datetime, world: World
) -> list[SupervisionOpened]:
    if supervision is not None:
        about = ", ".join(filter(None, supervision.codes.values()))
        raise InvalidTransition("ALREADY_SUPERVISED", supervision=supervision.id, incident=about)
    by = command.by
    if by.role not in SUPERVISORS or not by.unit:
        raise Denied("NOT_A_SUPERVISOR", role=by.role, area=by.area)
    given = {demanding.id_of(each) or each: each for each in command.incident_ids}
    incidents = [require_supervisable(each, by, world) for each in given.values()]
    if len(incidents) > 1 and any(each.matter.against for each in incidents):
        raise InvalidArgument("ACCUSATION_ALONE")
    reason = require_text(command.reason, "REASON_MISSING")
    deadline = demanding.due(command.level, command.due_time, now, world)
    addressed = tuple(
        Addressed(str(each.id), each.answering_unit, each.matter.code) for each in incidents
    )
    area = around([each.watched_area for each in incidents])
    return [
        SupervisionOpened(
            time=now,
            id=command.id,
            level=command.level,
            reason=reason,
            opener=by.user,
            unit=by.unit,
            area=area,
            addressed=addressed,
            deadline=deadline,
            origins=tuple(sorted({each.facts.source for each in incidents})),
            accused=incidents[0].matter.against if incidents else "",
        )
    ]


def require_supervisable(given: str, actor: Actor, world: World) -> Incident:
    """The open incident that the actor may see and whose area is the actor's.

    Of an accusation neither the supervisor nor the answering unit may be the accused or below.
    """
    incident_id = demanding.id_of(given)
    incident: Incident | None = world.also.one(incident_id) if incident_id else None
    if not isinstance(incident, Incident) or not sees(actor, incident.facts):
        raise InvalidArgument("UNKNOWN_INCIDENT", incident=given)
    if incident.area and not contains(actor.area, incident.area):
        raise Denied("NOT_A_SUPERVISOR", role=actor.role, area=actor.area)
    require_not_accused(world.city, incident.matter.against, actor.unit)
    if incident.over:
        raise over(incident)
    for each in incident.supervisions:
        if each.unit == actor.unit and (each.owed_by or each.answered_by):
            raise InvalidTransition(
                "ALREADY_SUPERVISED", supervision=each.id, incident=incident.matter.code
            )
    require_not_accused(world.city, incident.matter.against, incident.answering_unit)
    return incident


def around(areas: Sequence[str]) -> str:
    """The smallest area that contains all of these, or nothing."""
    first, *others = areas
    return next(
        (area for area in ancestors(first) if all(contains(area, each) for each in others)), ""
    )


def incidents_of(command: OpenSupervision) -> Iterable[UUID]:
    """The incidents are locked with the opening, so that their units are those of this moment."""
    return [found for each in command.incident_ids if (found := demanding.id_of(each)) is not None]


def opened(event: SupervisionOpened) -> Supervision:
    demands = tuple(
        Demand(
            incident=each.incident,
            incident_code=each.incident_code,
            unit=each.unit,
            state=Answering.OWED,
            question=event.reason,
            ask_time=event.time,
            deadline=event.deadline,
        )
        for each in event.addressed
    )
    return Supervision(
        id=event.id,
        version=0,
        time=event.time,
        state=State.OPEN,
        level=event.level,
        reason=event.reason,
        unit=event.unit,
        opener=event.opener,
        open_time=event.time,
        area=event.area,
        demands=demands,
        origins=event.origins,
        accused=event.accused,
    )


VERBS = (
    creates(
        open_supervision,
        "ALREADY_SUPERVISED",
        "NOT_A_SUPERVISOR",
        "UNKNOWN_INCIDENT",
        "INCIDENT_MERGED",
        "INCIDENT_OVER",
        "ACCUSED_UNIT",
        "ACCUSATION_ALONE",
        "REASON_MISSING",
        "DUE_OUT_OF_BOUNDS",
        also=incidents_of,
    ),
)
CHANGES = (begins(opened),)
