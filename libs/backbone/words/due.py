"""Due times, from a clock's ledger and a calendar. Pure."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.calendar import UNANNOUNCED, Calendar, day_of, end_of, last_day_of
from backbone.words.clock import Clock, Span
from backbone.words.day_count import days_of, share_of
from backbone.words.working_time import CONTINUOUS, DAYS, WHOLE, advance, spent


class Due(Struct, frozen=True):
    """The derived times of a clock; a time is None while a suspension is open before it.

    Events carry it, so that folding a journal needs no calendar. `grades` has one time for each
    grade of the clock, in the same order.
    """

    time: datetime | None = None
    provisional: bool = False
    grades: tuple[datetime | None, ...] = ()


def due_of(clock: Clock, calendar: Calendar = UNANNOUNCED) -> Due:
    """Derive the times from the ledger. Clocks in minutes or hours need no calendar."""
    time = _reach(clock, WHOLE, calendar)
    grades = tuple(_reach(clock, grade.percent, calendar) for grade in clock.grades)
    return Due(time, time is not None and _is_provisional(clock, time, calendar), grades)


def timed(clock: Clock, due: Due) -> Clock:
    """Return the clock with these times; a grade that has fired keeps its old due time."""
    grades = tuple(
        grade if grade.fire_time else replace(grade, due_time=time)
        for grade, time in zip(clock.grades, due.grades, strict=True)
    )
    return replace(clock, due_time=due.time, provisional=due.provisional, grades=grades)


def _running(clock: Clock) -> Iterator[Span]:
    return (span for span in clock.ledger if span.running)


def _reach(clock: Clock, percent: int, calendar: Calendar) -> datetime | None:
    """The moment at which `percent` of the budget is used; None if a suspension is open."""
    if clock.budget.unit in DAYS:
        days = list(days_of(clock, percent, calendar))
        reached = sum(day.counts for day in days) == share_of(clock, percent)
        return end_of(days[-1].day) if reached else None
    left = clock.total.share(percent)
    for span in _running(clock):
        end = advance(clock.budget.unit, span.start, left, calendar)
        # A stopped clock keeps the time at which it would have lapsed.
        if span.end is None or span is clock.ledger[-1] or end <= span.end:
            return end
        left -= spent(clock.budget.unit, span.start, span.end, calendar)
    return None


def _is_provisional(clock: Clock, due_time: datetime, calendar: Calendar) -> bool:
    """Whether the due time depends on days of a year that is not announced."""
    if clock.budget.unit in CONTINUOUS:
        return False
    if clock.budget.unit in DAYS:
        asked = (day for day in days_of(clock, WHOLE, calendar) if day.by_calendar)
        return any(calendar.is_provisional(day.day) for day in asked)
    return not calendar.knows(day_of(clock.start_time), last_day_of(due_time))
