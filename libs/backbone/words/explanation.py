"""Why a clock is due when it is: which days did not count, and for what reason (I5). Pure."""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from backbone.words.calendar import (
    ONE_DAY,
    UNANNOUNCED,
    Calendar,
    day_of,
    days_between,
    last_day_of,
)
from backbone.words.clock import Clock, Span
from backbone.words.due import Due, due_of, reach
from backbone.words.working_time import CONTINUOUS, DAYS, WHOLE, WORKING, Budget, Unit, days_of


class Why(StrEnum):
    """Why a day does not count."""

    FIRST_DAY = "FIRST_DAY"  # 起始日不计
    WEEKEND = "WEEKEND"  # 周末
    HOLIDAY = "HOLIDAY"  # 法定节假日
    SUSPENDED = "SUSPENDED"  # 中止


class LeftOut(Struct, frozen=True):
    """A day that does not count; the holiday's name, or cause and document of the suspension."""

    day: date
    why: Why
    words: str = ""
    document: str = ""


class Explanation(Struct, frozen=True):
    """Everything from which a due time follows; `budget` with extensions, days in order (I5)."""

    rule: str
    about: str
    budget: Budget
    start_time: datetime
    due: Due
    left_out: tuple[LeftOut, ...]


def explain(clock: Clock, calendar: Calendar = UNANNOUNCED) -> Explanation:
    """Say from what the due time follows. Nothing is left out of minutes and hours that ran.

    Of a period in calendar days the days of rest count; those at its end move it, and are named.
    While a suspension is open, the days before it are named.
    """
    due = due_of(clock, calendar)
    days: dict[date, LeftOut] = {}
    for each in _left_out(clock, calendar, due.time):
        days.setdefault(each.day, each)
    in_order = tuple(days[day] for day in sorted(days))
    return Explanation(clock.rule, clock.about, clock.total, clock.start_time, due, in_order)


def _left_out(clock: Clock, calendar: Calendar, due_time: datetime | None) -> Iterator[LeftOut]:
    unit = clock.budget.unit
    if unit in CONTINUOUS:
        return
    if unit in DAYS:
        yield LeftOut(day_of(clock.start_time), Why.FIRST_DAY)
    for span in clock.ledger:
        end = _end(clock, span, due_time)
        if end is not None:
            yield from _of_span(unit, span, end, calendar)
    reached = reach(clock, WHOLE, calendar)
    if reached and unit is Unit.CALENDAR_DAYS:
        counted, end = reached
        yield from _rest(days_between(counted, last_day_of(end) - ONE_DAY), calendar)


def _of_span(unit: Unit, span: Span, end: datetime, calendar: Calendar) -> Iterator[LeftOut]:
    if not span.running:
        for day in _suspended(unit, span.start, end):
            yield LeftOut(day, Why.SUSPENDED, span.cause, span.document)
    elif unit in WORKING:
        yield from _rest(days_between(day_of(span.start), last_day_of(end)), calendar)


def _end(clock: Clock, span: Span, due_time: datetime | None) -> datetime | None:
    """Where a span ends as far as the due time depends on it."""
    if span is clock.ledger[-1]:
        return due_time
    return min(filter(None, (span.end, due_time)), default=None)


def _suspended(unit: Unit, start: datetime, end: datetime) -> Iterator[date]:
    """Of working hours only the days on which the clock did not run at all."""
    if unit in DAYS:
        return days_of(start, end)
    return days_between(day_of(start) + ONE_DAY, day_of(end) - ONE_DAY)


def _rest(days: Iterator[date], calendar: Calendar) -> Iterator[LeftOut]:
    for day in days:
        if calendar.is_holiday(day):
            yield LeftOut(day, Why.HOLIDAY, calendar.holidays[day])
        elif not calendar.is_workday(day):
            yield LeftOut(day, Why.WEEKEND)
