"""The working time that a mission keeps, so that its ladder needs no calendar later. Pure."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from msgspec import Struct

from backbone.words.calendar import Calendar, Hours, day_of
from backbone.words.working_time import Unit, advance

# A silent mission is over long before; after this time only weekends count as days of rest.
KEPT = timedelta(days=60)


class WorkingTime(Struct, frozen=True):
    """`hours` are periods such as 09:00-12:00, the others days such as 2026-10-01."""

    hours: tuple[str, ...]
    holidays: tuple[str, ...] = ()
    workdays: tuple[str, ...] = ()


def kept(calendar: Calendar, now: datetime) -> WorkingTime:
    """The working time of the calendar from now on."""
    first, last = day_of(now), day_of(now + KEPT)
    hours = (f"{each.start:%H:%M}-{each.end:%H:%M}" for each in calendar.hours)
    holidays = sorted(day.isoformat() for day in calendar.holidays if first <= day <= last)
    workdays = sorted(day.isoformat() for day in calendar.workdays if first <= day <= last)
    return WorkingTime(tuple(hours), tuple(holidays), tuple(workdays))


def after(start: datetime, seconds: int, working_time: WorkingTime | None) -> datetime:
    """The time that is so many seconds later, of working time if there is one."""
    pause = timedelta(seconds=seconds)
    if working_time is None or not working_time.hours:
        return start + pause
    return advance(Unit.WORKING_HOURS, start, pause, _calendar(working_time))


@lru_cache(maxsize=256)
def _calendar(kept_time: WorkingTime) -> Calendar:
    return Calendar(
        holidays={date.fromisoformat(day): "" for day in kept_time.holidays},
        workdays=frozenset(map(date.fromisoformat, kept_time.workdays)),
        hours=tuple(_hours(each) for each in kept_time.hours),
    )


def _hours(period: str) -> Hours:
    start, end = period.split("-")
    return Hours(time.fromisoformat(start), time.fromisoformat(end))
