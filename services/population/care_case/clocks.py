"""Clocks 时限: of the hand-over, of each planned visit, and of the term of care."""

from datetime import datetime

from msgspec import Struct

from backbone.life_cycle import verb
from backbone.words.city import City
from backbone.words.errors import InvalidTransition
from services.population.care_case import visits
from services.population.care_case.ending import TERM_OVER, CareCaseEnded
from services.population.care_case.handover import HandOverLapsed
from services.population.care_case.record import ANY, CareCase, State
from services.population.care_case.visits import VisitMissed


class Lapse(Struct, frozen=True):
    """A clock of the case ran out."""


def next_due(case: CareCase) -> datetime | None:
    """The time of the next clock; each fires once."""
    admission = case.admission
    times = {
        State.SENT: [None if case.hand_over.hand_over_overdue else admission.hand_over_due_time],
        State.ACTIVE: [
            admission.term_end_time,
            *(visit.due_time for visit in visits.planned(case)),
        ],
    }.get(case.state, [])
    return min((time for time in times if time is not None), default=None)


def lapse(
    case: CareCase, command: Lapse, now: datetime, city: City
) -> list[HandOverLapsed | VisitMissed | CareCaseEnded]:
    due = next_due(case)
    if due is None or now < due:
        raise InvalidTransition("NOT_DUE", due=due)
    if case.state is State.SENT:
        return [HandOverLapsed(now)]
    term = case.admission.term_end_time
    ended = [CareCaseEnded(now, TERM_OVER)] if term is not None and term <= now else []
    return [*visits.missed(case, now), *ended]


VERBS = (verb(ANY, lapse, "NOT_DUE"),)
