"""Due times, remaining time and their explanation, from a clock's ledger and a calendar. Pure."""

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
    """The derived times of a clock; a time is None while a suspension is open before it.

    Events carry it, so that folding a journal needs no calendar. `grades` has one time for each
    grade of the clock, in the same order.
    """

    time: datetime | None = None
    provisional: bool = False
    grades: tuple[datetime | None, ...] = ()


class Explanation(Struct, frozen=True):
    """The explanation of a due time. `budget` includes extensions; days are in order."""

    rule: str
    about: str
    budget: Budget
    start_time: datetime
    due: Due
    left_out: tuple[Day, ...]


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


def remaining(clock: Clock, now: datetime, calendar: Calendar = UNANNOUNCED) -> timedelta:
    """Return the remaining budget, at least zero.

    For working hours it is working time; for days, the number of days that have not ended.
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
    """Explain the due time: the budget, the start, and the days that do not count.

    A clock in minutes or hours has no such days. In a period in calendar days, days of rest count,
    except those that move its end. While a suspension is open, the days before it are listed.
    """
    due = due_of(clock, calendar)
    left_out = tuple(day for day in _days(clock, due, calendar) if not day.counts)
    return Explanation(clock.rule, clock.about, clock.total, clock.start_time, due, left_out)


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


def _days(clock: Clock, due: Due, calendar: Calendar) -> Iterator[Day]:
    if clock.budget.unit in DAYS:
        yield from days_of(clock, WHOLE, calendar)
    elif clock.budget.unit not in CONTINUOUS:
        last = last_day_of(due.time or clock.ledger[-1].start)
        for day in days_between(day_of(clock.start_time), last):
            yield _day_of_hours(clock, day, calendar)


def _day_of_hours(clock: Clock, day: date, calendar: Calendar) -> Day:
    """For working hours, a day does not count if it is one of rest or the clock did not run."""
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
