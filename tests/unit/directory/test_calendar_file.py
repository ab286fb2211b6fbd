"""The calendar of the demo city is the State Council's; a broken one is refused by its place."""

from datetime import date

import chinese_calendar
import pytest

from backbone.words.calendar import UNANNOUNCED, Calendar, days_between
from services.directory.calendar_file import read_calendar
from services.directory.checks import check
from services.directory.files import read_folder
from services.directory.flaws import Flaws
from services.directory.pack import parse, records
from tests.calendars import CALENDAR, FILE

TEXT = FILE.read_text("utf-8")
YEARS = sorted(CALENDAR.notices)


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def flaws_of(text: str) -> list[tuple[str, str]]:
    """Return the line of the file and the reason of each flaw."""
    flaws = Flaws()
    read_calendar("calendar.yaml", text, flaws)
    lines = text.splitlines()
    return [(lines[flaw.spot.line - 1], flaw.reason) for flaw in flaws.found]


@pytest.mark.parametrize("year", YEARS)
def test_every_day_is_what_an_independent_record_says(year: int) -> None:
    for day in days_between(date(year, 1, 1), date(year, 12, 31)):
        on_holiday, holiday = chinese_calendar.get_holiday_detail(day)
        assert CALENDAR.is_workday(day) is not on_holiday, day
        assert (day in CALENDAR.holidays) is (on_holiday and holiday is not None), day


def test_the_announced_years_are_those_promised() -> None:
    assert YEARS == [2024, 2025, 2026]
    assert CALENDAR.notices[2026] == "国办发明电〔2025〕7号"
    assert CALENDAR.holidays[date(2025, 10, 6)] == "国庆节、中秋节"


MAY_2025 = "first: 2025-05-01, last: 2025-05-05, workdays: [2025-04-27]"
AUTUMN_2026 = "first: 2026-09-25, last: 2026-09-27"
NOTICE_2025 = "notice: 国办发明电〔2024〕12号"


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        # A gap: a year, a festival, a fixed day.
        ("- year: 2025", "- year: 2027", "- year: 2027", "CALENDAR_GAP"),
        ("- year: 2025", "- year: 2024", "- year: 2024", "CALENDAR_GAP"),
        ("清明节, first: 2025", "踏青节, first: 2025", "- year: 2025", "CALENDAR_GAP"),
        ("first: 2025-10-01", "first: 2025-10-02", "- year: 2025", "CALENDAR_GAP"),
        # Make-up workdays: not on a weekend, a holiday, another year, twice.
        ("[2025-04-27]", "[2025-04-28]", "[2025-04-28]", "MAKE_UP_NOT_WEEKEND"),
        ("[2025-04-27]", "[2025-05-03]", "[2025-05-03]", "MAKE_UP_IS_HOLIDAY"),
        ("[2025-04-27]", "[2024-04-27]", "[2024-04-27]", "DAY_ELSEWHERE"),
        ("[2025-04-27]", "[2025-01-26]", "劳动节, first: 2025", "DUPLICATE"),
        # Holidays: backwards, another year, named twice.
        (MAY_2025, "first: 2025-05-05, last: 2025-05-01", "2025-05-05", "BREAK_BACKWARDS"),
        (MAY_2025, "first: 2025-05-01, last: 2052-05-05", "2052-05-05", "DAY_ELSEWHERE"),
        (AUTUMN_2026, "first: 2026-09-25, last: 2026-10-01", "国庆节, first: 2026", "DUPLICATE"),
        # Hours: overlapping, backwards, malformed, none.
        ('"14:00-18:00"', '"11:30-18:00"', "11:30", "HOURS_OVERLAP"),
        ('"14:00-18:00"', '"18:00-14:00"', "18:00-14:00", "HOURS_WRONG"),
        ('"14:00-18:00"', '"14:00-24:00"', "14:00-24:00", "HOURS_WRONG"),
        ('["09:00-12:00", "14:00-18:00"]', "[]", "hours: []", "HOURS_MISSING"),
        # The shape.
        (NOTICE_2025, "number: 12", "number: 12", "KEY_UNKNOWN"),
        (NOTICE_2025, "# none", "- year: 2025", "KEY_MISSING"),
        ("hours: [", "times: [", "times: [", "KEY_UNKNOWN"),
        ("2025-01-28", "2025-02-30", "2025-02-30", "WRONG_TYPE"),
        ("2025-01-28", "28 January", "28 January", "WRONG_TYPE"),
        ("year: 2025", "year: 0", "year: 0", "YEAR_WRONG"),
        ("years:", "years: none\nnothing:", "years: none", "WRONG_TYPE"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, line: str, reason: str) -> None:
    found = flaws_of(changed(old, new))
    assert any(line in where for where, named in found if named == reason), found


def test_a_document_that_is_no_mapping_is_refused() -> None:
    flaws = Flaws()
    assert read_calendar("calendar.yaml", "[1, 2]", flaws) == UNANNOUNCED
    assert {flaw.reason for flaw in flaws.found} == {"WRONG_TYPE", "KEY_MISSING"}


def test_a_holiday_may_begin_in_the_december_before() -> None:
    assert not flaws_of(changed("first: 2025-01-01", "first: 2024-12-31"))


def test_a_pack_of_before_there_were_calendars_is_loaded_with_a_warning() -> None:
    files = read_folder(FILE.parent)
    del files["calendar.yaml"]
    pack = parse(files)
    assert pack.city.calendar == UNANNOUNCED
    assert "calendar" not in records(pack.city)
    [finding] = check(pack)
    assert str(finding) == (
        "calendar.yaml: WARNING CALENDAR_MISSING calendar: "
        "no year is announced: weekends alone are left out"
    )


def test_the_calendar_is_an_entry_of_its_own() -> None:
    entries = records(parse(read_folder(FILE.parent)).city)
    assert isinstance(entries["calendar"], Calendar)
    assert entries["calendar"] == CALENDAR
