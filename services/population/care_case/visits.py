"""Visits 走访: planned with a due time, made by the entrusted, or missed and reported."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition, NotFound
from services.population.care_case.record import (
    CARED_FOR,
    WRITTEN_DOWN,
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
    """Record 走访记录: also a late visit that was already reported as missed, and after the end of
    the care one that was made before.

    `finding` is sealed; it may be empty.
    """

    by: Actor
    visit_id: str
    finding: str
    visit_time: datetime | None = None


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
    visit_time: datetime | None = None


class VisitMissed(Struct, frozen=True):
    time: datetime
    visit_id: UUID


def plan(case: CareCase, command: PlanVisit, now: datetime, city: City) -> list[VisitPlanned]:
    require_entrusted(case, command.by)
    if case.admission.programme is Programme.MIGRANT_SERVICE:
        raise InvalidArgument("PROGRAMME_HAS_NO_VISITS", programme=case.admission.programme)
    if command.activity is None:
        raise InvalidArgument("ACTIVITY_MISSING")
    if command.due_time is None:
        raise InvalidArgument("DUE_TIME_MISSING")
    require_ahead(command.due_time, now, "due_time")
    if len(planned(case)) >= MOST_PLANNED:
        raise InvalidTransition("TOO_MANY_PLANNED", most=MOST_PLANNED)
    return [VisitPlanned(now, command.visit_id, command.activity, command.due_time)]


def record(case: CareCase, command: RecordVisit, now: datetime, city: City) -> list[VisitMade]:
    require_entrusted(case, command.by)
    visit = next((each for each in case.visits if str(each.id) == command.visit_id), None)
    if visit is None:
        raise NotFound("NO_SUCH_VISIT")
    if visit.state is VisitState.MADE:
        raise InvalidTransition("VISIT_ALREADY_MADE")
    if not command.finding:
        raise InvalidArgument("FINDING_MISSING")
    _require_in_care(case, command.visit_time or now, now)
    return [VisitMade(now, visit.id, command.by.user, command.finding, command.visit_time)]


def _require_in_care(case: CareCase, made: datetime, now: datetime) -> None:
    """Refuse a visit that is yet to be made, or was made before the reception or after the end."""
    if made > now:
        raise InvalidArgument("TIME_IN_FUTURE", field="visit_time")
    begin, end = case.hand_over.receive_time, case.ending and case.ending.end_time
    if (begin and made < begin) or (end and made > end):
        raise InvalidArgument("VISIT_OUTSIDE_CARE", field="visit_time")


def planned(case: CareCase) -> tuple[Visit, ...]:
    return tuple(visit for visit in case.visits if visit.state is VisitState.PLANNED)


def missed(case: CareCase, now: datetime) -> list[VisitMissed]:
    """The planned visits past their due time, the earliest first."""
    over = [visit for visit in planned(case) if visit.due_time <= now]
    return [VisitMissed(now, visit.id) for visit in sorted(over, key=lambda v: v.due_time)]


def visit_planned(case: CareCase, event: VisitPlanned) -> CareCase:
    visit = Visit(event.visit_id, event.activity, event.due_time)
    return replace(case, visits=(*case.visits, visit))


def visit_made(case: CareCase, event: VisitMade) -> CareCase:
    made = {
        "state": VisitState.MADE,
        "visit_time": event.visit_time or event.time,
        "worker": event.worker,
        "finding": event.finding,
    }
    return _changed(case, event.visit_id, made)


def visit_missed(case: CareCase, event: VisitMissed) -> CareCase:
    return _changed(case, event.visit_id, {"state": VisitState.MISSED})


def _changed(case: CareCase, visit_id: UUID, change: dict[str, object]) -> CareCase:
    visits = tuple(
        replace(visit, **change) if visit.id == visit_id else visit for visit in case.visits
    )
    return replace(case, visits=visits)


VERBS = (
    verb(
        CARED_FOR,
        plan,
        "NOT_ENTRUSTED",
        "PROGRAMME_HAS_NO_VISITS",
        "ACTIVITY_MISSING",
        "DUE_TIME_MISSING",
        "DUE_TIME_OVER",
        "TOO_MANY_PLANNED",
    ),
    verb(
        WRITTEN_DOWN,
        record,
        "NOT_ENTRUSTED",
        "NO_SUCH_VISIT",
        "VISIT_ALREADY_MADE",
        "FINDING_MISSING",
        "TIME_IN_FUTURE",
        "VISIT_OUTSIDE_CARE",
    ),
)
CHANGES = (change(visit_planned), change(visit_made), change(visit_missed))
