"""Budgets of time and their units; arithmetic of minutes, hours and working hours. Pure.

Minutes and hours begin at once and run through nights and holidays (Civil Code 民法典 art. 201).
Working hours run inside the working hours of workdays only. Days are counted in `day_count`.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from backbone.words.calendar import Calendar, day_of, days_between

ZERO = timedelta(0)
WHOLE = 100
"""The percentage at which a budget is used up."""


class Unit(StrEnum):
    """The unit of a budget."""

    MINUTES = "MINUTES"  # 分钟
    HOURS = "HOURS"  # 小时
    WORKING_HOURS = "WORKING_HOURS"  # 工作小时
    WORKING_DAYS = "WORKING_DAYS"  # 工作日
    CALENDAR_DAYS = "CALENDAR_DAYS"  # 日(自然日)


CONTINUOUS = frozenset({Unit.MINUTES, Unit.HOURS})
DAYS = frozenset({Unit.WORKING_DAYS, Unit.CALENDAR_DAYS})
ONE = {
    Unit.MINUTES: timedelta(minutes=1),
    Unit.HOURS: timedelta(hours=1),
    Unit.WORKING_HOURS: timedelta(hours=1),
    Unit.WORKING_DAYS: timedelta(days=1),
    Unit.CALENDAR_DAYS: timedelta(days=1),
}


class Budget(Struct, frozen=True):
    """An allowance of time, such as 5 working days. Raises ValueError if `amount` is below 1."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError(f"a budget must be at least 1, not {self.amount} {self.unit}")

    def share(self, percent: int) -> timedelta:
        """Return a share; of days at least 1, rounded down, so that no warning comes late."""
        share = ONE[self.unit] * self.amount * percent / WHOLE
        return max(ONE[self.unit], timedelta(days=share.days)) if self.unit in DAYS else share


def budget_of(text: str) -> Budget:
    """Read a budget such as `3 WORKING_DAYS`. Raises ValueError for any other text."""
    amount, _, unit = text.partition(" ")
    return Budget(int(amount), Unit(unit))


def advance(unit: Unit, start: datetime, left: timedelta, calendar: Calendar) -> datetime:
    """Return the moment at which a clock that runs from `start` on has used up `left`.

    Raises ValueError for a calendar without working hours.
    """
    if unit in CONTINUOUS or not left:
        return start + left
    if not calendar.hours:
        raise ValueError("the calendar has no working hours")
    day = calendar.first_workday(day_of(start))
    while True:
        for opening, closing in calendar.working_hours(day):
            worked = overlap((opening, closing), (start, closing))
            if worked >= left:
                return closing - worked + left
            left -= worked
        day = calendar.next_workday(day)


def spent(unit: Unit, start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """Return the time that a clock uses which runs from start to end."""
    if unit in CONTINUOUS:
        return end - start
    days = days_between(day_of(start), day_of(end))
    stretches = (each for day in days for each in calendar.working_hours(day))
    return sum((overlap(each, (start, end)) for each in stretches), ZERO)


def overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> timedelta:
    """Return the length of the overlap of two periods, at least zero."""
    return max(ZERO, min(one[1], other[1]) - max(one[0], other[0]))
