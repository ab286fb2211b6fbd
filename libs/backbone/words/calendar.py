"""The working calendar 工作日历: holidays, make-up workdays and the hours of a working day. Pure.

The days come from the yearly notice of the State Council 国务院办公厅关于部分节假日安排的通知,
which turns weekdays into holidays and weekend days into workdays (调休). They come with the city.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone

from msgspec import Struct

# China has one time zone and no summer time, so no time zone database is needed.
ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
ONE_DAY = timedelta(days=1)
SATURDAY = 5


class Hours(Struct, frozen=True):
    """A period of a working day, in local time; the end is exclusive."""

    start: time
    end: time


OFFICE_HOURS = (Hours(time(9), time(12)), Hours(time(14), time(18)))
"""The default, for a city that declares no hours."""


class Calendar(Struct, frozen=True):
    """The working time of a city; an empty calendar knows weekends only.

    `notices` maps each announced year to the number of its notice, `holidays` each holiday to its
    name; `workdays` are the weekend days on which people work. `hours` are in order, do not
    overlap, and none is of zero length.
    """

    notices: Mapping[int, str] = {}
    holidays: Mapping[date, str] = {}
    workdays: frozenset[date] = frozenset()
    hours: tuple[Hours, ...] = OFFICE_HOURS

    def is_provisional(self, day: date) -> bool:
        """Say whether the notice of the day's year is still missing."""
        return day.year not in self.notices

    def knows(self, first: date, last: date) -> bool:
        """Say whether every year from the first day to the last is announced."""
        return all(year in self.notices for year in range(first.year, last.year + 1))

    def is_workday(self, day: date) -> bool:
        """Say whether people work on the day."""
        if day in self.workdays:
            return True
        return not is_weekend(day) and day not in self.holidays

    def first_workday(self, day: date) -> date:
        """Return the day itself if it is a workday, else the next workday."""
        while not self.is_workday(day):
            day += ONE_DAY
        return day

    def next_workday(self, day: date) -> date:
        """Return the first workday after the day."""
        return self.first_workday(day + ONE_DAY)

    def working_hours(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield start and end, in UTC, of each working period of the day; none on a day of rest."""
        if self.is_workday(day):
            for each in self.hours:
                yield at(day, each.start), at(day, each.end)


UNANNOUNCED = Calendar()
"""The empty calendar: every year is provisional."""


def is_weekend(day: date) -> bool:
    """Say whether the day is a Saturday or a Sunday, make-up workdays included."""
    return day.weekday() >= SATURDAY


def at(day: date, local: time) -> datetime:
    """Return the moment of a local time, in UTC."""
    return datetime.combine(day, local, ZONE).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """Return the local day of an aware datetime."""
    return moment.astimezone(ZONE).date()


def end_of(day: date) -> datetime:
    """Return 24:00 of the day, in UTC: the first moment of the next day."""
    return at(day + ONE_DAY, time(0))


def last_day_of(end: datetime) -> date:
    """Return the last day of a period; a period that ends at 24:00 ends on the day before."""
    return day_of(end - timedelta.resolution)


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield the days from first to last, both inclusive; none if the last is earlier."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
