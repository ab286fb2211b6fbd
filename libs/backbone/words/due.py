"""When a clock is due, how much of it is left, and why: from its ledger and a calendar. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.calendar import (
    ONE_DAY,
    UNANNOUNCED,
    Calendar,
    day_of,
    days_between,
    end_of,
    last_day_of,
)
from backbone.words.clock import Clock, Span
from backbone.words.day_count import Day, Why, days_of, rest, share_of
from backbone.words.working_time import CONTINUOUS, DAYS, WHOLE, ZERO, Budget, advance, spent


class Due(Struct, frozen=True):
    """The times that follow for a clock; None is not reached, and open while it is suspended.

    An event carries it, so that the fold of a journal needs no calendar. `grades` has one time for
    each grade of the clock, in their order.
    """

    time: datetime | None = None
    provisional: bool = False
    grades: tuple[datetime | None, ...] = ()


class Explanation(Struct, frozen=True):
    """Everything from which a due time follows; `budget` with extensions, days in order (I5)."""

    rule: str
    about: str
    budget: Budget
    start_time: datetime
    due: Due
    left_out: tuple[Day, ...]


def due_of(clock: Clock, calendar: Calendar = UNANNOUNCED) -> Due:
    """Derive the times from the ledger. Clocks in minutes and hours need no calendar."""
    time = _reach(clock, WHOLE, calendar)
    grades = tuple(_reach(clock, grade.percent, calendar) for grade in clock.grades)
    return Due(time, time is not None and _is_provisional(clock, time, calendar), grades)


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

    Of working hours it is the time to work; of days, how many have not ended, the last included.
    """
    left, until = clock.total.share(WHOLE), min(filter(None, (now, clock.stop_time)))
    if clock.budget.unit in DAYS:
        days = (day for day in days_of(clock, WHOLE, calendar) if end_of(day.day) <= until)
        return left - ONE_DAY * sum(day.counts for day in days)
    for span in _running(clock):
        end = min(span.end or until, until)
        left -= spent(clock.budget.unit, span.start, max(end, span.start), calendar)
    return max(ZERO, left)


def explain(clock: Clock, calendar: Calendar = UNANNOUNCED) -> Explanation:
    """Say from what the due time follows. Nothing is left out of minutes and hours that ran.

    Of a period in calendar days the days of rest count; those at its end move it, and are named.
    While a suspension is open, the days before it are named.
    """
    due = due_of(clock, calendar)
    left_out = tuple(day for day in _days(clock, due, calendar) if not day.counts)
    return Explanation(clock.rule, clock.about, clock.total, clock.start_time, due, left_out)


def _running(clock: Clock) -> Iterator[Span]:
    return (span for span in clock.ledger if span.running)


def _reach(clock: Clock, percent: int, calendar: Calendar) -> datetime | None:
    """The moment at which so many per cent are used; None if a suspension keeps it open."""
    if clock.budget.unit in DAYS:
        days = list(days_of(clock, percent, calendar))
        reached = sum(day.counts for day in days) == share_of(clock, percent)
        return end_of(days[-1].day) if reached else None
    left = clock.total.share(percent)
    for span in _running(clock):
        end = advance(clock.budget.unit, span.start, left, calendar)
        # One that has stopped would have been due at the time at which it lapses running on.
        if span.end is None or span is clock.ledger[-1] or end <= span.end:
            return end
        left -= spent(clock.budget.unit, span.start, span.end, calendar)
    return None


def _is_provisional(clock: Clock, due_time: datetime, calendar: Calendar) -> bool:
    """Whether a day of a year that is not announced was asked whether people work on it."""
    if clock.budget.unit in CONTINUOUS:
        return False
    if clock.budget.unit in DAYS:
        asked = (day for day in days_of(clock, WHOLE, calendar) if day.by_calendar)
        return any(calendar.is_provisional(day.day) for day in asked)
    return not calendar.knows(day_of(clock.start_time), last_day_of(due_time))


def _days(clock: Clock, due: Due, calendar: Calendar) -> Iterator[Day]:
    if clock.budget.unit in DAYS:
        yield from days_of(clock, WHOLE, calendar)
    elif clock.budget.unit not in CONTINUOUS:
        last = last_day_of(due.time or clock.ledger[-1].start)
        for day in days_between(day_of(clock.start_time), last):
            yield _day_of_hours(clock, day, calendar)


def _day_of_hours(clock: Clock, day: date, calendar: Calendar) -> Day:
    """Of working hours a day is left out if the clock did not run on it, or it was one of rest."""
    begin, end = end_of(day - ONE_DAY), end_of(day)
    last = clock.ledger[-1]
    spans = [
        span
        for span in clock.ledger
        if span.start < end and (span is last or span.end is None or span.end > begin)
    ]
    if any(span.running for span in spans):
        return rest(day, calendar)
    return Day(day, Why.SUSPENDED, spans[0].cause, spans[0].document)
