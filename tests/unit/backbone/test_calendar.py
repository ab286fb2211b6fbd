"""Which days people work on: weekends, holidays, make-up workdays, and years not announced."""

from datetime import date, time

import msgspec
import pytest

from backbone.words.calendar import (
    UNANNOUNCED,
    Calendar,
    Hours,
    day_of,
    days_between,
    end_of,
    is_weekend,
    last_day_of,
)
from tests.calendars import CALENDAR, local


@pytest.mark.parametrize(
    ("day", "works", "holiday"),
    [
        (date(2025, 9, 26), True, False),  # a Friday
        (date(2025, 9, 27), False, False),  # a Saturday
        (date(2025, 9, 28), True, False),  # a Sunday that makes up for the National Day
        (date(2025, 10, 1), False, True),  # a Wednesday, the National Day
        (date(2025, 10, 8), False, True),  # a Wednesday, the last day of that holiday
        (date(2025, 10, 9), True, False),
        (date(2025, 10, 11), True, False),  # a Saturday that makes up for it
        (date(2026, 1, 2), False, True),  # a Friday between New Year's Day and the weekend
        (date(2026, 2, 14), True, False),  # a Saturday before the Spring Festival
        (date(2026, 2, 23), False, True),  # its last day, a Monday
    ],
)
def test_a_day_is_what_the_notice_makes_of_it(day: date, works: bool, holiday: bool) -> None:
    assert (CALENDAR.is_workday(day), day in CALENDAR.holidays) == (works, holiday)


def test_the_next_workday_is_found_over_a_holiday_and_on_a_weekend() -> None:
    assert CALENDAR.next_workday(date(2025, 9, 30)) == date(2025, 10, 9)
    assert CALENDAR.next_workday(date(2025, 9, 26)) == date(2025, 9, 28)
    assert CALENDAR.first_workday(date(2025, 9, 28)) == date(2025, 9, 28)
    assert CALENDAR.first_workday(date(2025, 10, 4)) == date(2025, 10, 9)


def test_a_year_without_a_notice_counts_by_weekends_and_says_so() -> None:
    day = date(2027, 10, 1)
    assert CALENDAR.is_provisional(day)
    assert not CALENDAR.is_provisional(date(2026, 10, 1))
    assert CALENDAR.is_workday(day) is not is_weekend(day)
    assert CALENDAR.knows(date(2024, 1, 1), date(2026, 12, 31))
    assert not CALENDAR.knows(date(2026, 12, 31), date(2027, 1, 1))
    assert UNANNOUNCED.is_provisional(date(2025, 1, 1))
    assert UNANNOUNCED.is_workday(date(2025, 1, 1))


def test_working_hours_are_those_of_workdays() -> None:
    assert list(CALENDAR.working_hours(date(2025, 9, 28))) == [
        (local("2025-09-28 09:00"), local("2025-09-28 12:00")),
        (local("2025-09-28 14:00"), local("2025-09-28 18:00")),
    ]
    assert not list(CALENDAR.working_hours(date(2025, 10, 1)))


def test_a_day_begins_and_ends_at_local_midnight() -> None:
    assert day_of(local("2026-03-02 00:00")) == date(2026, 3, 2)
    assert day_of(local("2026-03-02 23:59")) == date(2026, 3, 2)
    assert end_of(date(2026, 3, 2)) == local("2026-03-03 00:00")
    assert last_day_of(end_of(date(2026, 3, 2))) == date(2026, 3, 2)
    assert list(days_between(date(2026, 2, 28), date(2026, 3, 1))) == [
        date(2026, 2, 28),
        date(2026, 3, 1),
    ]
    assert not list(days_between(date(2026, 3, 2), date(2026, 3, 1)))


def test_a_calendar_can_be_kept_as_a_document() -> None:
    kept = msgspec.json.encode(CALENDAR)
    assert msgspec.json.decode(kept, type=Calendar) == CALENDAR
    assert Calendar(hours=(Hours(time(8), time(12)),)) != UNANNOUNCED
