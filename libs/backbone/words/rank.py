"""The rank of a record: its place in every list that shows it, as one number.

Open records have a rank below zero and come first; records that are over have one from zero on and
follow, the latest first. Migrations make the same numbers from a row.
"""

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]  # ranks from the first up to, and without, the second

FIRST, OVER, LAST = -(1 << 63), 1 << 62, (1 << 63) - 1
OPEN_SPAN: Span = (FIRST, 0)
OVER_SPAN: Span = (0, LAST)
EVERY_SPAN: Span = (FIRST, LAST)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Each priority has a band of its own, wide enough for 2,000 years of microseconds.
BAND = 1 << 56
BANDS = {"P1": 0, "P2": 1, "P3": 2, "P4": 3}
URGENT = -(1 << 62)


def by_time(time: datetime, over: bool) -> int:
    """The rank in lists that show the latest first."""
    since = (time - EPOCH) // MICROSECOND
    return OVER - since if over else -since


def by_urgency(priority: str, time: datetime, over: bool) -> int:
    """The rank in lists that show the most urgent first, and of these the oldest."""
    if over:
        return by_time(time, over)
    return URGENT + BANDS.get(priority, len(BANDS)) * BAND + (time - EPOCH) // MICROSECOND


def urgency_span(priority: str) -> Span:
    """The ranks of open records of this priority."""
    start = URGENT + BANDS.get(priority, len(BANDS)) * BAND
    return start, start + BAND


def urgency_spans(span: Span, start: datetime | None, end: datetime | None) -> tuple[Span, ...]:
    """The ranks in a span of records from `start` on and before `end`, in lists by urgency: a part
    of each priority's band for open ones. No part is empty where there is no bound."""
    if start is None and end is None:
        return (span,)
    if span[0] >= 0:
        return (time_span(span, start, end),)
    lowest = 0 if start is None else _in_band(start)
    beyond = BAND if end is None else _in_band(end)
    bands = (URGENT + number * BAND for number in range(len(BANDS) + 1))
    parts = ((max(span[0], at + lowest), min(span[1], at + beyond)) for at in bands)
    return tuple(each for each in parts if each[0] < each[1]) or ((0, 0),)


def _in_band(time: datetime) -> int:
    return min(max((time - EPOCH) // MICROSECOND, 0), BAND)


def time_span(span: Span, start: datetime | None, end: datetime | None) -> Span:
    """The ranks in a span of records from `start` on and before `end`, in lists by time.

    The span holds open records or those that are over, and not both.
    """
    over = span[0] >= 0
    first, last = span
    if end is not None:
        first = max(first, by_time(end, over) + 1)
    if start is not None:
        last = min(last, by_time(start, over) + 1)
    return first, last
