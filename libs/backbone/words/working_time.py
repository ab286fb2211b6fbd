"""Arithmetic of legal time: how far a budget reaches, and how much of it a stretch of time uses.

Quantities are timedeltas: of working hours the time worked, of days as many whole days. The rules
are those of the Civil Code 民法典, which the procedure laws repeat:

- Art. 201: the day on which a period begins does not count. It holds for every stretch in which a
  clock runs, so that the day on which it runs again after a suspension does not count either; the
  day on which it is suspended does. No day counts twice, and none is lost but the suspended ones.
- Art. 203: a period whose last day is a day of rest ends on the next workday; it ends at 24:00.
- Art. 201 (2): a period in hours begins at once; it runs through nights and holidays.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from backbone.words.calendar import Calendar, day_of, days_between, end_of, last_day_of

ZERO = timedelta(0)
WHOLE = 100
"""Per cent of a budget: the moment at which it is used up."""


class Unit(StrEnum):
    """What a budget counts in."""

    MINUTES = "MINUTES"  # 分钟
    HOURS = "HOURS"  # 小时
    WORKING_HOURS = "WORKING_HOURS"  # 工作小时: inside the working hours of workdays alone
    WORKING_DAYS = "WORKING_DAYS"  # 工作日
    CALENDAR_DAYS = "CALENDAR_DAYS"  # 日(自然日)


DAYS = frozenset({Unit.WORKING_DAYS, Unit.CALENDAR_DAYS})
CONTINUOUS = frozenset({Unit.MINUTES, Unit.HOURS})
WORKING = frozenset({Unit.WORKING_HOURS, Unit.WORKING_DAYS})
ONE = {
    Unit.MINUTES: timedelta(minutes=1),
    Unit.HOURS: timedelta(hours=1),
    Unit.WORKING_HOURS: timedelta(hours=1),
    Unit.WORKING_DAYS: timedelta(days=1),
    Unit.CALENDAR_DAYS: timedelta(days=1),
}


class Budget(Struct, frozen=True):
    """An allowance of time, such as 5 working days."""

    amount: int
    unit: Unit

    def share(self, percent: int) -> timedelta:
        """Return a share of it; days stay whole, rounded down, so that no warning is late."""
        share = ONE[self.unit] * self.amount * percent / WHOLE
        return timedelta(days=share.days) if self.unit in DAYS else share


def advance(unit: Unit, start: datetime, left: timedelta, calendar: Calendar) -> datetime:
    """Return the moment at which a clock that runs from the start on has used up what is left."""
    match unit:
        case Unit.MINUTES | Unit.HOURS:
            return start + left
        case Unit.WORKING_HOURS:
            return _after_hours(start, left, calendar)
        case Unit.WORKING_DAYS:
            return end_of(_after_workdays(day_of(start), left.days, calendar))
        case Unit.CALENDAR_DAYS:
            return end_of(day_of(start) + left)


def rolled(unit: Unit, end: datetime, calendar: Calendar) -> datetime:
    """Move the end of a period in days from a day of rest to the next workday (art. 203)."""
    return end_of(calendar.first_workday(last_day_of(end))) if unit in DAYS else end


def spent(unit: Unit, start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """Return how much of a budget a clock uses that runs from start to end."""
    match unit:
        case Unit.MINUTES | Unit.HOURS:
            return end - start
        case Unit.WORKING_HOURS:
            days = days_between(day_of(start), day_of(end))
            worked = (each for day in days for each in calendar.working_hours(day))
            return sum((overlap(each, (start, end)) for each in worked), ZERO)
        case Unit.WORKING_DAYS:
            return timedelta(days=sum(map(calendar.is_workday, days_of(start, end))))
        case Unit.CALENDAR_DAYS:
            return timedelta(days=sum(1 for _ in days_of(start, end)))


def days_of(start: datetime, end: datetime) -> Iterator[date]:
    """Yield the days of a stretch of time, all but the first (art. 201)."""
    return days_between(day_of(start) + timedelta(days=1), last_day_of(end))


def overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> timedelta:
    """Return how long two stretches of time have in common."""
    return max(ZERO, min(one[1], other[1]) - max(one[0], other[0]))


def _after_workdays(day: date, count: int, calendar: Calendar) -> date:
    for _ in range(count):
        day = calendar.next_workday(day)
    return day


def _after_hours(start: datetime, left: timedelta, calendar: Calendar) -> datetime:
    if not left:
        return start
    if not calendar.hours:
        raise ValueError("a calendar without working hours has no end of a working time")
    day = calendar.first_workday(day_of(start))
    while True:
        for opening, closing in calendar.working_hours(day):
            worked = overlap((opening, closing), (start, closing))
            if worked >= left:
                return closing - worked + left
            left -= worked
        day = calendar.next_workday(day)
