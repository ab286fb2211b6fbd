"""Following a move: a unit that becomes accountable for a supervised incident must answer too.

What a unit before it owes goes to that unit; what it has answered stays.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import CLOCK, Actor
from backbone.words.guards import require_not_accused
from services.workflow.incident.record import Incident
from services.workflow.incident.supervised import is_at_accused_desk
from services.workflow.incident.world import World
from services.workflow.supervision import demanding
from services.workflow.supervision.inheriting import OriginLearnt, told_of
from services.workflow.supervision.outliving import DemandEnded, ended_with
from services.workflow.supervision.record import (
    RUNNING,
    Answering,
    Deadline,
    Demand,
    Level,
    State,
    Supervision,
)


class AddressUnit(Struct, frozen=True):
    """The incident has another accountable unit than those that the supervision knows."""

    incident: UUID
    by: Actor = CLOCK


class UnitAddressed(Struct, frozen=True):
    time: datetime
    unit: str
    incidents: tuple[str, ...]
    text: str
    deadline: Deadline
    level: Level
    supervisor: str


def address(
    supervision: Supervision, command: AddressUnit, now: datetime, world: World
) -> list[OriginLearnt | UnitAddressed | DemandEnded]:
    """Address the unit that answers for it at this moment; a known one is not asked again.

    Of an incident that is over, or that accuses a unit, what is owed ends. Whom it accuses is heard
    before that, so that who may not know it is not told of the end either.
    """
    incident = world.also.one(command.incident)
    assert isinstance(incident, Incident), "a row of the query MOVED names an incident"
    unit, about = incident.answering_unit, str(incident.id)
    ends: list[OriginLearnt | UnitAddressed | DemandEnded]
    ends = [*_accusation(supervision, incident, now), *ended_with(supervision, incident, now)]
    if incident.over or any(
        (each.incident, each.unit) == (about, unit) and each.state is not Answering.ENDED
        for each in supervision.demands
    ):
        return ends
    if is_at_accused_desk(incident) or incident.is_kept_from(supervision.unit):
        return ends
    require_not_accused(world.city, incident.matter.against, unit)
    level, deadline = supervision.level, demanding.due_of_next(supervision, about, now, world)
    text = supervision.reason
    asked = UnitAddressed(now, unit, (about,), text, deadline, level, supervision.unit)
    return [*ends, asked]


def _accusation(supervision: Supervision, incident: Incident, now: datetime) -> list[OriginLearnt]:
    return told_of(supervision, incident, now) if incident.matter.against else []


def incident_of(command: AddressUnit) -> Iterable[UUID]:
    return (command.incident,)


def addressed(supervision: Supervision, event: UnitAddressed) -> Supervision:
    """A unit that no longer has the incident can say nothing of it: what it owed moves on."""
    kept = (
        each
        for each in supervision.demands
        if each.incident not in event.incidents or not _moves_on(each, event.unit)
    )
    fresh = tuple(
        Demand(
            each,
            event.unit,
            Answering.OWED,
            event.text,
            event.time,
            event.deadline,
            incident_code=supervision.codes.get(each, ""),
        )
        for each in event.incidents
    )
    return replace(supervision, demands=(*kept, *fresh))


def _moves_on(demand: Demand, unit: str) -> bool:
    """An ended demand on the same unit makes room for the fresh one."""
    ended = demand.state is Answering.ENDED and demand.unit == unit
    return ended or demand.state is Answering.OWED


VERBS = (
    verb(RUNNING | {State.ENDED}, address, "ACCUSED_UNIT", "DUE_OUT_OF_BOUNDS", also=incident_of),
)
CHANGES = (change(addressed),)
