"""Rungs that count in working time: on the days and in the hours of the city's calendar alone."""

from dataclasses import replace as changed
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.wire import to_message, to_record
from backbone.words.calendar import Calendar, Hours, at
from backbone.words.ladder import USUAL
from backbone.words.working_time import Unit, spent
from liandong.emergency.v1.emergency_events_pb2 import MissionDispatched
from services.emergency.mission.rungs import Ladder, after_rung, begun, begun_anew, scheduled
from services.emergency.mission.working import kept
from services.emergency.staffing import frozen
from tests.unit.alarm.receipts import CITY

CALENDAR = Calendar(
    notices={2026: "一"},
    holidays={date(2026, 10, day): "国庆节" for day in range(1, 8)},
    workdays=frozenset({date(2026, 10, 10)}),
    hours=(Hours(time(9), time(12)), Hours(time(14), time(18))),
)
OURS = changed(CITY, ladder=USUAL, calendar=CALENDAR)


def the(priority: str, start: datetime) -> Ladder:
    ladder = frozen(OURS, priority, start)
    assert ladder is not None
    return begun(ladder, start)


def dues(ladder: Ladder, start: datetime, number: int) -> list[datetime]:
    found = []
    for _ in range(number):
        assert ladder.due_time is not None
        found.append(ladder.due_time)
        fired = replace(ladder, rung=ladder.rung + 1)
        due, _ = after_rung(fired, start, False, ladder.due_time)
        ladder = replace(fired, due_time=due)
    return found


def test_in_the_night_the_team_and_the_desk_hear_at_once_and_officers_in_the_morning() -> None:
    night = at(date(2026, 9, 28), time(23))  # a Monday
    assert dues(the("P3", night), night, 6) == [
        night + timedelta(minutes=1),
        night + timedelta(minutes=5),
        night + timedelta(minutes=15),
        *(at(date(2026, 9, 29), time(9, 30)), at(date(2026, 9, 29), time(10))),
        at(date(2026, 9, 29), time(10, 30)),
    ]


def test_holidays_are_passed_over_and_a_weekend_day_on_which_people_work_is_not() -> None:
    eve = at(date(2026, 9, 30), time(17))
    # 60 minutes end with the last day before the holidays; of 240 the rest, three hours, with the
    # first morning after them; each repeat comes four hours of work later.
    assert dues(the("P4", eve), eve, 5)[1:] == [
        at(date(2026, 9, 30), time(18)),
        at(date(2026, 10, 8), time(12)),
        at(date(2026, 10, 8), time(18)),
        at(date(2026, 10, 9), time(15)),
    ]
    saturday = at(date(2026, 10, 10), time(9))
    assert dues(the("P4", saturday), saturday, 2)[1] == at(date(2026, 10, 10), time(10))


def test_an_emergency_never_waits() -> None:
    night = at(date(2026, 10, 1), time(3))
    for priority in ("P1", "P2"):
        ladder = the(priority, night)
        assert ladder.working_time is None
        seconds = [rung.seconds for rung in USUAL.rungs[priority]]
        told = dues(ladder, night, len(seconds))
        assert [(each - night).total_seconds() for each in told] == seconds


MOMENTS = st.timedeltas(timedelta(0), timedelta(days=30)).map(
    lambda later: datetime(2026, 9, 20, tzinfo=UTC) + later
)


@given(MOMENTS, st.sampled_from(["P3", "P4"]), st.integers(1, 12))
def test_each_rung_falls_due_after_just_its_working_time(
    start: datetime, priority: str, number: int
) -> None:
    ladder = the(priority, start)
    told = dues(ladder, start, number)
    assert told == sorted(told)
    for due, rung in zip(told, ladder.rungs, strict=False):
        unit = Unit.WORKING_HOURS if rung.working else Unit.MINUTES
        assert spent(unit, start, due, CALENDAR) == timedelta(seconds=rung.seconds)
    for one, other in zip(told[len(ladder.rungs) - 1 :], told[len(ladder.rungs) :], strict=False):
        pause = timedelta(seconds=ladder.every_seconds)
        assert spent(Unit.WORKING_HOURS, one, other, CALENDAR) == pause


@given(MOMENTS)
def test_begun_anew_it_counts_from_then(start: datetime) -> None:
    later = start + timedelta(days=3, hours=7)
    fresh = begun_anew(the("P4", start), the("P4", start), later, delivered=True)
    assert fresh.due_time == scheduled(the("P4", later), later, delivered=True)


def test_what_it_keeps_is_small_and_crosses_the_wire() -> None:
    start = at(date(2026, 9, 1), time(9))
    ladder = the("P3", start)
    assert ladder.working_time == kept(CALENDAR, start)
    assert ladder.working_time is not None
    assert ladder.working_time.hours == ("09:00-12:00", "14:00-18:00")
    assert len(ladder.working_time.holidays) == 7
    assert kept(CALENDAR, start - timedelta(days=90)).holidays == ()
    message = MissionDispatched(ladder=to_message(ladder, MissionDispatched().ladder.__class__))
    back = to_record(message.ladder, Ladder)
    assert (back.rungs, back.every_working, back.working_time) == (
        ladder.rungs,
        True,
        ladder.working_time,
    )
