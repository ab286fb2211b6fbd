"""Clocks 时限: a hand-over nobody received, a visit nobody made, a term that is over."""

from datetime import datetime

from msgspec import Struct

from backbone.words.errors import InvalidTransition
from services.population.care_case import visits
from services.population.care_case.ending import TERM_OVER, CareCaseEnded
from services.population.care_case.handover import HandOverLapsed
from services.population.care_case.record import CareCase, State
from services.population.care_case.visits import VisitMissed


class Lapse(Struct, frozen=True):
    """A clock of the case ran out."""


Event = CareCaseEnded | HandOverLapsed | VisitMissed


def next_due(found: CareCase) -> datetime | None:
    """When the next clock fires; each fires once."""
    admission = found.admission
    times = {
        State.SENT: [None if found.hand_over_overdue else admission.hand_over_due_time],
        State.ACTIVE: [
            admission.term_end_time,
            *(visit.due_time for visit in visits.planned(found)),
        ],
    }.get(found.state, [])
    return min((time for time in times if time is not None), default=None)


def lapse(found: CareCase, now: datetime) -> list[Event]:
    if found.due_time is None or now < found.due_time:
        raise InvalidTransition("NOT_DUE", due=found.due_time)
    if found.state is State.SENT:
        return [HandOverLapsed(now)]
    over: list[Event] = [*visits.missed(found, now)]
    term = found.admission.term_end_time
    return [*over, CareCaseEnded(now, TERM_OVER)] if term is not None and term <= now else over
