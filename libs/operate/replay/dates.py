"""Dates as people write them, and as spreadsheets count them. Pure."""

import re
import unicodedata
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
EXPECTED = (
    "a time such as 2019-04-25 09:32:09, 2019/4/25 9:32 or 2019年4月25日 9时32分",
    "如 2019-04-25 09:32:09、2019/4/25 9:32 或 2019年4月25日 9时32分 的时间",
)
# Excel counts days from here; the range is 1954 to 2119, so that no year is taken for a day.
FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  # the zone is added to every time
SERIAL = re.compile(r"[2-7]\d{4}(?:\.\d+)?")
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?")
WRITTEN = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:(?:[ T]|(?<=日))(?:(?:星期|周)[一二三四五六日天] ?)?"
    r"(?P<half>上午|下午|凌晨|早上|中午|晚上|AM|PM)? ?"
    r"(\d{1,2})[:时点](?:(\d{1,2})(?:[:分](?:(\d{1,2})(?:\.\d+)?秒?)?)?)?"
    r"(?: ?(?P<after>AM|PM))?)?"
    r"(?P<zone> ?(?:Z|[+-]\d\d:?\d\d))?"
)
# The hours of the afternoon that each word stands before. 晚上12点 and 晚上1点 do not say of which
# night.
AFTERNOON = {"下午": range(13), "PM": range(13), "晚上": range(5, 12), "中午": range(1, 3)}
NOON = ("中午", range(11, 13))
MORNING = {"上午", "凌晨", "早上", "AM"}


def time_of(text: str) -> datetime:
    """The time that a text means, in the city's zone unless it names another. Raises ValueError."""
    try:
        return _read(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time") from error


def said(time: datetime) -> str:
    """The time as texts say it, the same for every form in which files have it."""
    return f"{time.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


def _read(text: str) -> datetime:
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().upper()
    if SERIAL.fullmatch(plain):
        seconds = round(float(plain) * 86_400)
        return (FIRST_DAY + timedelta(seconds=seconds)).replace(tzinfo=ZONE)
    if found := COMPACT.fullmatch(plain):
        return _time(*found.groups(), zone="")
    found = WRITTEN.fullmatch(plain)
    if found is None:
        raise ValueError("unknown form")
    year, month, day, half, hour, minute, second, after, zone = found.groups()
    hour = _of_day(hour, half or after or "")
    return _time(year, month, day, hour, minute, second, zone=(zone or "").strip())


def _time(*parts: str | None, zone: str) -> datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    time = datetime(year, month, day, hour, minute, second, tzinfo=ZONE)
    if not zone:
        return time
    return datetime.fromisoformat(f"{time:%Y-%m-%dT%H:%M:%S}{zone}").astimezone(ZONE)


def _of_day(hour: str | None, half: str) -> str | None:
    """The hour of the day of an hour before or after noon. Raises ValueError for one that may be
    either."""
    if hour is None or not half or int(hour) > 12:
        return hour
    number = int(hour)
    if half in MORNING:
        return str(number % 12)
    if half == NOON[0] and number in NOON[1]:
        return hour
    if number not in AFTERNOON[half]:
        raise ValueError("before or after noon")
    return str(number % 12 + 12)
