"""The working calendar on the wire: days and local times as ISO 8601 texts."""

from datetime import date, time

from backbone.words.calendar import Calendar, Hours
from liandong.directory.v1 import directory_pb2 as wire

MINUTES = "minutes"


def to_message(calendar: Calendar) -> wire.Calendar:
    """Return the wire message of the calendar; equal calendars give equal bytes."""
    return wire.Calendar(
        notices=calendar.notices,
        holidays={day.isoformat(): name for day, name in calendar.holidays.items()},
        workdays=sorted(day.isoformat() for day in calendar.workdays),
        hours=[
            wire.WorkingHours(start=each.start.isoformat(MINUTES), end=each.end.isoformat(MINUTES))
            for each in calendar.hours
        ],
    )


def to_calendar(message: wire.Calendar) -> Calendar:
    """Return the calendar of a wire message. Raises ValueError for a malformed day or time."""
    return Calendar(
        notices=dict(message.notices),
        holidays={date.fromisoformat(day): name for day, name in message.holidays.items()},
        workdays=frozenset(map(date.fromisoformat, message.workdays)),
        hours=tuple(
            Hours(time.fromisoformat(each.start), time.fromisoformat(each.end))
            for each in message.hours
        ),
    )
