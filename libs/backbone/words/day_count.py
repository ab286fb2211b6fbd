"""Counts the days of a legal period one by one: which of them count. Pure.

- The day on which a period begins does not count (Civil Code 民法典 art. 201).
- A day counts if the clock runs at its end, 24:00. So the day of a suspension does not count and
  the day of the resumption does (自恢复之日起继续计算): the remaining budget is in whole days.
- A period in working days counts workdays only, make-up workdays included.
- A period in calendar days that would end on a day of rest ends on the next workday. A period in
  days ends at 24:00 of its last day (art. 203). 法定休假日 in that article includes weekends.
"""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from backbone.words.calendar import ONE_DAY, Calendar, day_of, end_of
from backbone.words.clock import Clock, Span
from backbone.words.working_time import WHOLE, Unit


class Day(Struct, frozen=True):
    """One day of a period, and whether it counts.

    `by_calendar` means that the calendar decided, so a later notice may change the result.
    """

    day: date
    counts: bool
    by_calendar: bool = False


def days_of(clock: Clock, percent: int, calendar: Calendar) -> Iterator[Day]:
    """Yield the days from the first until `percent` of the budget is used, or a suspension is open.

    A stopped clock is counted as if it were still running.
    """
    day, left = day_of(clock.start_time), share_of(clock, percent)
    yield Day(day, counts=False)
    while left:
        day += ONE_DAY
        span = _span_at(clock, day)
        if span is clock.ledger[-1] and not span.running:
            return
        asks = clock.budget.unit is Unit.WORKING_DAYS or (left == 1 and percent >= WHOLE)
        found = _day(day, span, calendar, by_calendar=asks)
        left -= found.counts
        yield found


def share_of(clock: Clock, percent: int) -> int:
    """Return the number of days that `percent` of the budget amounts to."""
    return clock.total.share(percent).days


def _day(day: date, span: Span, calendar: Calendar, *, by_calendar: bool) -> Day:
    if not span.running:
        return Day(day, counts=False)
    return Day(day, not by_calendar or calendar.is_workday(day), by_calendar)


def _span_at(clock: Clock, day: date) -> Span:
    """The span of the ledger that contains the end of the day."""
    end = end_of(day)
    return next(span for span in reversed(clock.ledger) if span.start < end)
