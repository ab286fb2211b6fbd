"""Reads calendar.yaml: holidays and make-up workdays by year, and the hours of a working day."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise

from backbone.words.calendar import UNANNOUNCED, Calendar, Hours, days_between, is_weekend
from services.directory.documents import Value, read_document
from services.directory.flaws import Flaws

# The State Council publishes such notices since 1999; Python dates end with the year 9999.
FIRST_YEAR, LAST_YEAR = 1999, 9998
STRETCH = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
FESTIVALS = ("元旦", "春节", "清明", "劳动节", "端午", "中秋", "国庆")
"""The holidays of every year: art. 2 of 全国年节及纪念日放假办法."""
FIXED = {(1, 1): "元旦", (5, 1): "劳动节", (10, 1): "国庆", (10, 2): "国庆", (10, 3): "国庆"}
"""Those whose day is the same each year, by month and day."""


@dataclass(frozen=True, slots=True)
class Break:
    """One paragraph of a notice: days off, and the weekend days that make up for them."""

    at: Value
    name: str
    first: date
    last: date
    workdays: tuple[tuple[date, Value], ...]

    @property
    def days(self) -> Iterable[date]:
        return days_between(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Year:
    """The notice for one year."""

    at: Value
    year: int
    notice: str
    breaks: tuple[Break, ...]


def read_calendar(file: str, text: str | None, flaws: Flaws) -> Calendar:
    """Return the calendar, without notices if the pack has none; flaws are collected."""
    known = len(flaws.found)
    root = None if text is None else read_document(file, text, flaws)
    if root is None:
        return UNANNOUNCED
    found = root.fields({"hours": _hours, "years": lambda value: value.each(_year)}, {})
    if len(flaws.found) > known:
        return UNANNOUNCED
    hours: tuple[Hours, ...] = found["hours"]
    years: tuple[Year, ...] = found["years"]
    _check_hours(root, hours)
    _check_years(years)
    breaks = [each for year in years for each in year.breaks]
    return Calendar(
        notices={year.year: year.notice for year in years},
        holidays={day: each.name for each in breaks for day in each.days},
        workdays=frozenset(day for each in breaks for day, _ in each.workdays),
        hours=hours,
    )


def _year(value: Value) -> Year:
    readers = {
        "year": _number,
        "notice": Value.text,
        "holidays": lambda each: each.each(_break),
    }
    found = value.fields(readers, {})
    return Year(value, found.get("year", 0), found.get("notice", ""), found.get("holidays", ()))


def _number(value: Value) -> int:
    year = value.number()
    if not FIRST_YEAR <= year <= LAST_YEAR:
        value.flaw("YEAR_WRONG", str(year), f"it must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return year


def _break(value: Value) -> Break:
    found = value.fields(
        {"name": Value.text, "first": Value.day, "last": Value.day},
        {"workdays": lambda each: each.each(lambda day: (day.day(), day))},
    )
    first, last = found.get("first", date.min), found.get("last", date.min)
    return Break(value, found.get("name", ""), first, last, found.get("workdays", ()))


def _hours(value: Value) -> tuple[Hours, ...]:
    return value.each(_stretch)


def _stretch(value: Value) -> Hours:
    text = value.text()
    match = STRETCH.fullmatch(text)
    hour, minute, last_hour, last_minute = map(int, match.groups() if match else "0000")
    stretch = Hours(time(hour, minute), time(last_hour, last_minute))
    if stretch.start >= stretch.end:
        value.flaw("HOURS_WRONG", text, "it must be two times of a day in order, as 09:00-12:00")
    return stretch


def _check_hours(root: Value, hours: tuple[Hours, ...]) -> None:
    at = dict(root.pairs())["hours"]
    if not hours:
        at.flaw("HOURS_MISSING", "hours", "a working day has at least one stretch of hours")
    for earlier, later in pairwise(hours):
        if later.start < earlier.end:
            detail = f"it begins before the stretch above it ends, at {earlier.end:%H:%M}"
            at.flaw("HOURS_OVERLAP", f"{later.start:%H:%M}-{later.end:%H:%M}", detail)


def _check_years(years: tuple[Year, ...]) -> None:
    for earlier, later in pairwise(years):
        if later.year != earlier.year + 1:
            detail = f"{earlier.year + 1} must follow {earlier.year}: no year is left out"
            later.at.flaw("CALENDAR_GAP", str(later.year), detail)
    sound = [(year, [each for each in year.breaks if _is_sound(year, each)]) for year in years]
    breaks = [each for _, found in sound for each in found]
    holidays = _check_holidays(breaks)
    for year, found in sound:
        _check_whole(year, found)
        _check_workdays(year, found, holidays)
    _check_once((day, at) for each in breaks for day, at in each.workdays)


def _is_sound(year: Year, each: Break) -> bool:
    if each.last < each.first:
        each.at.flaw("BREAK_BACKWARDS", each.name, f"it ends on {each.last}, before it begins")
        return False
    begins, ends = (_lies_in(year, day, each.at) for day in (each.first, each.last))
    return begins and ends


def _lies_in(year: Year, day: date, at: Value) -> bool:
    """Check that the day belongs to the year, or to the December before it (New Year's Day)."""
    if date(year.year - 1, 12, 1) <= day <= date(year.year, 12, 31):
        return True
    at.flaw("DAY_ELSEWHERE", str(day), f"it does not lie in {year.year}")
    return False


def _check_holidays(breaks: list[Break]) -> frozenset[date]:
    return _check_once((day, each.at) for each in breaks for day in each.days)


def _check_once(days: Iterable[tuple[date, Value]]) -> frozenset[date]:
    seen: set[date] = set()
    for day, at in days:
        if day in seen:
            at.flaw("DUPLICATE", str(day), "another line names this day, too")
        seen.add(day)
    return frozenset(seen)


def _check_whole(year: Year, breaks: list[Break]) -> None:
    """Check that all holidays are listed: a missing one would count as ordinary days."""
    names = "".join(each.name for each in breaks)
    days = {(day.month, day.day) for each in breaks for day in each.days if day.year == year.year}
    missing = [name for name in FESTIVALS if name not in names]
    missing += [
        f"{name} on {month:02}-{day:02}"
        for (month, day), name in FIXED.items()
        if (month, day) not in days and name not in missing
    ]
    if missing:
        year.at.flaw("CALENDAR_GAP", str(year.year), f"the year lacks {', '.join(missing)}")


def _check_workdays(year: Year, breaks: list[Break], holidays: frozenset[date]) -> None:
    for day, at in (pair for each in breaks for pair in each.workdays):
        if not _lies_in(year, day, at):
            continue
        if day in holidays:
            at.flaw("MAKE_UP_IS_HOLIDAY", str(day), "it is a holiday, too")
        if not is_weekend(day):
            at.flaw("MAKE_UP_NOT_WEEKEND", str(day), f"it is a {day:%A}, a workday anyway")
