"""Ranks: open records before those that are over, and each in the order of its list."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backbone.words.rank import (
    EVERY_SPAN,
    LAST,
    OPEN_SPAN,
    OVER_SPAN,
    by_time,
    by_urgency,
    time_span,
    urgency_span,
    urgency_spans,
)

# A band of urgency has room for 2,000 years.
times = st.datetimes(datetime(1970, 1, 2), datetime(4000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
priorities = st.sampled_from(("P1", "P2", "P3", "P4", "P9"))
MICROSECOND = timedelta(microseconds=1)


@given(times, times, st.booleans())
def test_the_latest_comes_first(one: datetime, other: datetime, over: bool) -> None:
    assert (one > other) == (by_time(one, over) < by_time(other, over))


@given(priorities, times, priorities, times)
def test_the_most_urgent_comes_first_and_of_these_the_oldest(
    urgency: str, one: datetime, other_urgency: str, other: datetime
) -> None:
    first = by_urgency(urgency, one, over=False) < by_urgency(other_urgency, other, over=False)
    assert first == ((urgency, one) < (other_urgency, other))


@given(priorities, times)
def test_spans_hold_what_they_say(priority: str, time: datetime) -> None:
    opened, over = by_urgency(priority, time, False), by_urgency(priority, time, True)
    assert OPEN_SPAN[0] <= opened < OPEN_SPAN[1] <= OVER_SPAN[0] <= over < OVER_SPAN[1] == LAST
    assert (OPEN_SPAN[0], OVER_SPAN[1]) == EVERY_SPAN
    start, end = urgency_span(priority)
    assert start <= opened < end
    assert OPEN_SPAN[0] <= by_time(time, False) < 0 <= by_time(time, True) < LAST


@given(times, st.none() | times, st.none() | times, st.booleans())
def test_a_span_of_time_begins_with_its_start_and_ends_before_its_end(
    time: datetime, start: datetime | None, end: datetime | None, over: bool
) -> None:
    first, last = time_span(OVER_SPAN if over else OPEN_SPAN, start, end)
    within = (start is None or start <= time) and (end is None or time < end)
    assert (first <= by_time(time, over) < last) == within


@given(priorities, times, st.none() | times, st.none() | times, st.booleans())
def test_parts_of_the_bands_hold_the_open_ones_of_a_time(
    priority: str, time: datetime, start: datetime | None, end: datetime | None, over: bool
) -> None:
    rank = by_urgency(priority, time, over)
    for whole in (OVER_SPAN,) if over else (OPEN_SPAN, urgency_span(priority)):
        parts = urgency_spans(whole, start, end)
        within = (start is None or start <= time) and (end is None or time < end)
        assert any(first <= rank < last for first, last in parts) == within


def test_the_bounds_of_a_span_of_time_are_exact() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    first, last = time_span(OPEN_SPAN, noon, noon + MICROSECOND)
    assert [
        by_time(noon + step * MICROSECOND, False) in range(first, last) for step in (-1, 0, 1)
    ] == [False, True, False]
