"""Visits 走访: planned with a clock, made by who is entrusted, or missed, which is told."""

from datetime import datetime
from typing import assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument, InvalidTransition, NotFound
from backbone.words.guards import require_text
from services.population.care_case.record import (
    Activity,
    CareCase,
    Programme,
    Visit,
    VisitState,
    require_ahead,
    require_entrusted,
)

MOST_PLANNED = 60


class PlanVisit(Struct, frozen=True):
    """Plan 走访计划."""

    by: Actor
    visit_id: UUID
    activity: Activity | None
    due_time: datetime | None


class RecordVisit(Struct, frozen=True):
    """Record 走访记录: also of a visit that was missed and is made late."""

    by: Actor
    visit_id: str
    finding: str


class VisitPlanned(Struct, frozen=True):
    time: datetime
    visit_id: UUID
    activity: Activity
    due_time: datetime


class VisitMade(Struct, frozen=True):
    time: datetime
    visit_id: UUID
    worker: str
    finding: str


class VisitMissed(Struct, frozen=True):
    time: datetime
    visit_id: UUID


Event = VisitPlanned | VisitMade | VisitMissed


def plan(found: CareCase, command: PlanVisit, now: datetime) -> VisitPlanned:
    require_entrusted(found, command.by)
    if found.admission.programme is Programme.MIGRANT_SERVICE:
        raise InvalidArgument("PROGRAMME_HAS_NO_VISITS", programme=found.admission.programme)
    if command.activity is None:
        raise InvalidArgument("ACTIVITY_MISSING")
    if command.due_time is None:
        raise InvalidArgument("DUE_TIME_OVER", time="")
    require_ahead(command.due_time, now)
    if len(planned(found)) >= MOST_PLANNED:
        raise InvalidTransition("TOO_MANY_PLANNED", most=MOST_PLANNED)
    return VisitPlanned(now, command.visit_id, command.activity, command.due_time)


def record(found: CareCase, command: RecordVisit, now: datetime) -> VisitMade:
    require_entrusted(found, command.by)
    visit = next((each for each in found.visits if str(each.id) == command.visit_id), None)
    if visit is None:
        raise NotFound("NO_SUCH_VISIT")
    if visit.state is VisitState.MADE:
        raise InvalidTransition("VISIT_ALREADY_MADE")
    if not command.finding:
        raise InvalidArgument("FINDING_MISSING")
    # The finding is sealed already: its plain length was looked at before.
    return VisitMade(now, visit.id, command.by.user, command.finding)


def require_finding(plain: str) -> str:
    return require_text(plain, "FINDING_MISSING")


def planned(found: CareCase) -> tuple[Visit, ...]:
    return tuple(visit for visit in found.visits if visit.state is VisitState.PLANNED)


def missed(found: CareCase, now: datetime) -> list[VisitMissed]:
    """The planned visits whose time is over, the earliest first."""
    over = [visit for visit in planned(found) if visit.due_time <= now]
    return [VisitMissed(now, visit.id) for visit in sorted(over, key=lambda v: v.due_time)]


def evolve(found: CareCase, event: Event) -> CareCase:
    match event:
        case VisitPlanned():
            visit = Visit(event.visit_id, event.activity, event.due_time)
            return replace(found, visits=(*found.visits, visit))
        case VisitMade():
            made = {
                "state": VisitState.MADE,
                "visit_time": event.time,
                "worker": event.worker,
                "finding": event.finding,
            }
            return _changed(found, event.visit_id, made)
        case VisitMissed():
            return _changed(found, event.visit_id, {"state": VisitState.MISSED})
        case _:
            assert_never(event)


def _changed(found: CareCase, visit_id: UUID, change: dict[str, object]) -> CareCase:
    visits = tuple(
        replace(visit, **change) if visit.id == visit_id else visit for visit in found.visits
    )
    return replace(found, visits=visits)
