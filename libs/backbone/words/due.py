"""When a clock is due and how much of it is left: derived from its ledger and a calendar. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.calendar import UNANNOUNCED, Calendar, day_of, last_day_of
from backbone.words.clock import Clock, Span
from backbone.words.working_time import (
    CONTINUOUS,
    WHOLE,
    WORKING,
    ZERO,
    advance,
    rolled,
    spent,
)


class Due(Struct, frozen=True):
    """The times that follow for a clock; None is not reached, and open while it is suspended.

    An event carries it, so that the fold of a journal needs no calendar. `grades` has one time for
    each grade of the clock, in their order.
    """

    time: datetime | None = None
    provisional: bool = False
    grades: tuple[datetime | None, ...] = ()


def due_of(clock: Clock, calendar: Calendar = UNANNOUNCED) -> Due:
    """Derive the times from the ledger. Clocks in minutes and hours need no calendar."""
    reached = reach(clock, WHOLE, calendar)
    grades = (reach(clock, grade.percent, calendar) for grade in clock.grades)
    times = tuple(each[1] if each else None for each in grades)
    if reached is None:
        return Due(grades=times)
    counted, end = reached
    return Due(end, not _is_announced(clock, counted, end, calendar), times)


def timed(clock: Clock, due: Due) -> Clock:
    """Return the clock with these times; what has fired keeps the time that it fired under."""
    grades = tuple(
        grade if grade.fire_time else replace(grade, due_time=time)
        for grade, time in zip(clock.grades, due.grades, strict=True)
    )
    return replace(clock, due_time=due.time, provisional=due.provisional, grades=grades)


def recomputed(clock: Clock, due: Due) -> Clock:
    """Return the clock with times of another calendar; the old due time stands beside the new."""
    if due.time == clock.due_time:
        return timed(clock, due)
    return replace(timed(clock, due), old_due_time=clock.due_time)


def recompute(clock: Clock, calendar: Calendar) -> Clock:
    """Derive the times again, as when the notice of a year has come. A stopped clock is history."""
    return clock if clock.stop_time else recomputed(clock, due_of(clock, calendar))


def remaining(clock: Clock, now: datetime, calendar: Calendar = UNANNOUNCED) -> timedelta:
    """Return what is left of the budget, never less than nothing.

    Of working hours it is the time to work; of days, how many whole days follow this one.
    """
    unit, left = clock.total.unit, clock.total.share(WHOLE)
    for span in _running(clock):
        end = min(span.end or now, now)
        left -= spent(unit, span.start, max(end, span.start), calendar)
    return max(ZERO, left)


def _running(clock: Clock) -> Iterator[Span]:
    return (span for span in clock.ledger if span.running)


def reach(clock: Clock, percent: int, calendar: Calendar) -> tuple[date, datetime] | None:
    """Return the day on which the count of a share ends, and the moment at which it is reached.

    None if a suspension comes before it. The two differ where the last day of a period is a day of
    rest (art. 203). A warning is never moved: it would come when less than its share is left.
    """
    unit, left = clock.total.unit, clock.total.share(percent)
    for span in _running(clock):
        counted = advance(unit, span.start, left, calendar)
        end = rolled(unit, counted, calendar) if percent >= WHOLE else counted
        # One that has stopped would have been due at the time at which it would lapse running on.
        if span.end is None or span is clock.ledger[-1] or end <= span.end:
            return last_day_of(counted), end
        left = max(ZERO, left - spent(unit, span.start, span.end, calendar))
    return None


def _is_announced(clock: Clock, counted: date, end: datetime, calendar: Calendar) -> bool:
    """Whether every year is known of which a day was asked whether people work on it."""
    unit = clock.budget.unit
    if unit in CONTINUOUS:
        return True
    first = day_of(clock.start_time) if unit in WORKING else counted
    return calendar.knows(first, last_day_of(end))
