"""Recounting 期限重算, by hand for the notice of 2026: what waits moves, and says from where.

国办发明电〔2025〕7号: 1 to 3 January are off, Sunday 4 January is a workday; 15 to 23 February are
off, Saturday 14 and Saturday 28 February are workdays.
"""

import dataclasses
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.words.calendar import OFFICE_HOURS, Calendar
from backbone.words.clock import Clock, KindOfClock, Term
from backbone.words.timekeeping import fire, recount, start, stop, suspend
from backbone.words.working_time import Budget, Unit
from services.workflow.supervision import SUPERVISIONS
from services.workflow.supervision.answering import AnswerSupervision
from services.workflow.supervision.judging import FollowUpSupervision
from services.workflow.supervision.lapsing import LapseAnswers
from services.workflow.supervision.record import Level, Supervision
from services.workflow.supervision.recounting import (
    DueTimeRecounted,
    RecountDueTimes,
    is_outdated,
)
from services.workflow.supervision.table import project
from tests.calendars import CALENDAR, local
from tests.incidents import CITY
from tests.supervisions import FENG, NORTH_HEAD, OPENING, decide, lived

BEFORE = Calendar(
    {year: each for year, each in CALENDAR.notices.items() if year < 2026},
    {day: name for day, name in CALENDAR.holidays.items() if day.year < 2026},
    frozenset(day for day in CALENDAR.workdays if day.year < 2026),
    OFFICE_HOURS,
)
ANNOUNCED = dataclasses.replace(CITY, calendar=CALENDAR)
KIND = KindOfClock("ANSWER")

EXAMPLES = [
    # Off until the 3rd: Sunday the 4th, Monday the 5th and Tuesday the 6th count.
    ("2025-12-31 10:00", 3, Unit.WORKING_DAYS, "2026-01-05 24:00", "2026-01-06 24:00"),
    # The make-up Saturday counts: a day earlier.
    ("2026-02-27 10:00", 1, Unit.WORKING_DAYS, "2026-03-02 24:00", "2026-02-28 24:00"),
    # Saturday the 14th counts, the next workday is Tuesday the 24th.
    ("2026-02-13 09:00", 2, Unit.WORKING_DAYS, "2026-02-17 24:00", "2026-02-24 24:00"),
    # Three hours on the 31st, then those of Sunday the 4th instead of Thursday the 1st.
    ("2025-12-31 15:00", 5, Unit.WORKING_HOURS, "2026-01-01 11:00", "2026-01-04 11:00"),
    # Ten calendar days would end on Saturday the 10th: the next workday is Monday in both.
    ("2025-12-31 10:00", 10, Unit.CALENDAR_DAYS, "2026-01-12 24:00", "2026-01-12 24:00"),
    # Ends on Friday the 2nd, a holiday: the next workday is Sunday the 4th.
    ("2025-12-31 10:00", 2, Unit.CALENDAR_DAYS, "2026-01-02 24:00", "2026-01-04 24:00"),
]


def a_clock(begun: str, amount: int, unit: Unit) -> Clock:
    """A clock that was started before the notice of 2026."""
    return start("c", KIND, Term("rule", Budget(amount, unit)), "", local(begun), BEFORE)


@pytest.mark.parametrize(("begun", "amount", "unit", "told", "due"), EXAMPLES)
def test_by_hand(begun: str, amount: int, unit: Unit, told: str, due: str) -> None:
    clock = a_clock(begun, amount, unit)
    assert (clock.due_time, clock.provisional) == (local(told), True)
    counted = recount(clock, local(begun), CALENDAR)
    assert (counted.due_time, counted.provisional) == (local(due), False)
    assert counted.old_due_time == (None if told == due else local(told))


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-02-28 23:00", "2026-02-28 24:00"),
        ("2026-03-01 10:00", "2026-03-01 24:00"),  # over by the notice: until the end of this day
        ("2026-03-02 23:59", "2026-03-02 24:00"),  # never later than it was told
        ("2026-03-09 10:00", "2026-03-02 24:00"),
    ],
)
def test_a_time_of_which_nobody_was_told_is_not_over_at_once(at: str, due: str) -> None:
    counted = recount(a_clock("2026-02-27 10:00", 1, Unit.WORKING_DAYS), local(at), CALENDAR)
    assert (counted.due_time, counted.provisional) == (local(due), False)


NOON = local("2025-12-31 12:00")
RUNNING = a_clock("2025-12-31 10:00", 3, Unit.WORKING_DAYS)


@pytest.mark.parametrize(
    "clock",
    [
        stop(RUNNING, NOON),
        suspend(RUNNING, NOON, "HEARING", ""),
        fire(RUNNING, "LAPSE", local("2026-01-06 10:00")),
        start("c", KIND, Term("rule", Budget(3, Unit.WORKING_DAYS)), "", NOON, CALENDAR),
        a_clock("2025-12-31 10:00", 30, Unit.HOURS),
        a_clock("2025-12-29 10:00", 1, Unit.WORKING_DAYS),
    ],
    ids=["stopped", "suspended", "lapsed", "final", "in hours", "within the known year"],
)
def test_any_other_clock_stays(clock: Clock) -> None:
    assert recount(clock, local("2026-01-07 10:00"), CALENDAR) == clock


@given(
    st.integers(0, 400),
    st.integers(1, 40),
    st.sampled_from([Unit.WORKING_HOURS, Unit.WORKING_DAYS, Unit.CALENDAR_DAYS]),
    st.integers(0, 60),
)
def test_it_ends_as_if_the_notice_had_been_known_or_fairly_later(
    day: int, amount: int, unit: Unit, days_later: int
) -> None:
    """The new time is at most the later of the two; a second count changes nothing."""
    begun = local("2025-06-02 10:00") + timedelta(days=day)
    term = Term("rule", Budget(amount, unit))
    clock = start("c", KIND, term, "", begun, BEFORE)
    at = begun + timedelta(days=days_later)
    counted = recount(clock, at, CALENDAR)
    lawful = start("c", KIND, term, "", begun, CALENDAR).due_time
    assert clock.due_time and counted.due_time and lawful
    assert lawful <= counted.due_time <= max(lawful, clock.due_time) or not clock.provisional
    if clock.provisional and at < lawful:
        assert counted.due_time - lawful < timedelta(days=1)
    assert recount(counted, at, CALENDAR) == counted


ASKED = local("2025-12-31 10:00")
TOLD, DUE = local("2026-01-05 24:00"), local("2026-01-06 24:00")
OPEN = lived(OPENING, now=ASKED)


def counted(found: Supervision, now: datetime = ASKED) -> list[DueTimeRecounted]:
    events: list[DueTimeRecounted] = decide(found, RecountDueTimes(), now, city=ANNOUNCED)
    assert is_outdated(found, now, CALENDAR) is bool(events)
    return events


def after(found: Supervision, now: datetime = ASKED) -> Supervision:
    for event in counted(found, now):
        found = SUPERVISIONS.evolve(found, event)
    return found


def test_each_unit_is_told_its_new_due_time_and_that_the_old_one_was_provisional() -> None:
    events = counted(OPEN)
    assert [(each.unit, len(each.incidents)) for each in events] == [("north", 2), ("south", 1)]
    for each in events:
        deadline = each.deadline
        assert (deadline.due_time, deadline.old_due_time) == (DUE, TOLD)
        assert not deadline.provisional
        assert (each.level, each.supervisor) == (Level.KEY, "county")
    found = after(OPEN)
    assert project(found)["due_time"] == DUE
    assert counted(found) == [], "once"


def test_a_unit_is_marked_by_the_new_time_alone() -> None:
    found = after(OPEN)
    assert [*found.marks] == []
    late = lived(LapseAnswers(), found=found, now=DUE)
    assert {(each.unit, each.due_time) for each in late.marks} == {("north", DUE), ("south", DUE)}


def test_what_is_answered_named_or_marked_keeps_its_time() -> None:
    answered = lived(AnswerSupervision(NORTH_HEAD, "done"), found=OPEN, now=ASKED)
    assert [each.unit for each in counted(answered)] == ["south"]
    named = lived(replace(OPENING, due_time=ASKED + timedelta(days=3)), now=ASKED)
    assert counted(named) == []
    marked = lived(LapseAnswers(), found=OPEN, now=TOLD)
    assert counted(marked, TOLD) == []


def test_each_question_of_a_unit_is_counted_from_its_own_time() -> None:
    again = FollowUpSupervision(FENG, "north", "and the second?", OPENING.incident_ids[:1])
    asked = local("2026-01-01 09:00")
    found = lived(again, found=OPEN, now=asked)
    north = [each for each in counted(found, asked) if each.unit == "north"]
    assert [(each.incidents, each.deadline.due_time) for each in north] == [
        (OPENING.incident_ids[1:2], DUE),
        (OPENING.incident_ids[:1], DUE),
    ]


def test_a_city_that_still_does_not_know_the_year_counts_nothing() -> None:
    city = dataclasses.replace(CITY, calendar=BEFORE)
    assert decide(OPEN, RecountDueTimes(), ASKED, city=city) == []
    assert not is_outdated(OPEN, ASKED, BEFORE)
