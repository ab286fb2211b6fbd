"""Due times worked out by hand, and what holds for every clock."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.words.calendar import ONE_DAY, UNANNOUNCED, Calendar, day_of, end_of, last_day_of
from backbone.words.clock import LAPSE, Clock, Extension, Grade, KindOfClock, Term, table
from backbone.words.day_count import Why
from backbone.words.due import due_of, explain, recompute, recomputed, remaining, timed
from backbone.words.timekeeping import (
    Happening,
    after_event,
    extend,
    fire,
    first_firing,
    next_firing,
    resume,
    start,
    stop,
    suspend,
)
from backbone.words.working_time import CONTINUOUS, DAYS, Budget, Unit
from tests.calendars import CALENDAR, local

GRADED = KindOfClock(
    "REPLY",
    grades=(Grade("BREACH", 100), Grade("YELLOW", 80), Grade("SERIOUS", 150)),
)
PLAIN = KindOfClock("REPLY")
NOON = local("2026-03-02 12:00")  # a Monday


def a_clock(
    amount: int,
    unit: Unit,
    begin: str | datetime,
    calendar: Calendar = CALENDAR,
    kind: KindOfClock = PLAIN,
) -> Clock:
    at = local(begin) if isinstance(begin, str) else begin
    term = Term("petition.reply", Budget(amount, unit))
    return start("reply-1", kind, term, "accepted/3", at, calendar)


@pytest.mark.parametrize(
    ("amount", "unit", "begin", "due"),
    [
        # A night and a holiday do not stop minutes and hours.
        (15, Unit.MINUTES, "2025-09-30 23:50", "2025-10-01 00:05"),
        (24, Unit.HOURS, "2025-09-30 20:00", "2025-10-01 20:00"),
        # National Day 2025, 1 to 8 October, made up on Sunday 28 September and Saturday 11 October.
        # Fri 26 begins; Sat 27 rest; Sun 28 = 1, 29 = 2, 30 = 3; 1-8 off; Thu 9 = 4, Fri 10 = 5.
        (5, Unit.WORKING_DAYS, "2025-09-26 10:00", "2025-10-10 24:00"),
        # Mon 29 begins; Tue 30 = 1; 1-8 off; 9 = 2, 10 = 3, Sat 11 = 4, Sun 12 rest, Mon 13 = 5.
        (5, Unit.WORKING_DAYS, "2025-09-29 17:59", "2025-10-13 24:00"),
        # It begins on a Saturday of rest, which would not count anyway: Sun 28 = 1.
        (1, Unit.WORKING_DAYS, "2025-09-27 08:00", "2025-09-28 24:00"),
        # Spring Festival 2026, 15 to 23 February, made up on Saturdays 14 and 28 February.
        # Thu 12 begins; Fri 13 = 1, Sat 14 = 2; 15-23 off; Tue 24 = 3.
        (3, Unit.WORKING_DAYS, "2026-02-12 09:00", "2026-02-24 24:00"),
        # ... 25 = 4, 26 = 5, 27 = 6, Sat 28 = 7, Sun 1 March rest, 2 = 8, 3 = 9, 4 = 10.
        (10, Unit.WORKING_DAYS, "2026-02-12 09:00", "2026-03-04 24:00"),
        # 20 September + 15 = 5 October, a holiday until the 8th: Thu 9.
        (15, Unit.CALENDAR_DAYS, "2025-09-20 10:00", "2025-10-09 24:00"),
        # 13 September + 15 = Sunday 28, on which people work: it ends there.
        (15, Unit.CALENDAR_DAYS, "2025-09-13 10:00", "2025-09-28 24:00"),
        # 6 March + 15 = Saturday 21: Mon 23.
        (15, Unit.CALENDAR_DAYS, "2026-03-06 10:00", "2026-03-23 24:00"),
        # 17 December + 14 = 31 December, + 31 = 31 January, + 15 = 15 February; off to 23: Tue 24.
        (60, Unit.CALENDAR_DAYS, "2025-12-17 10:00", "2026-02-24 24:00"),
        # A day ends at midnight: one second more and all of it moves by a day.
        (2, Unit.CALENDAR_DAYS, "2026-03-02 23:59:59", "2026-03-04 24:00"),
        (2, Unit.CALENDAR_DAYS, "2026-03-03 00:00:00", "2026-03-05 24:00"),
        # Hours 9-12 and 14-18. Fri 26: 16:30-18:00 = 1.5; Sun 28: 3 + 3.5 = 6.5, until 17:30.
        (8, Unit.WORKING_HOURS, "2025-09-26 16:30", "2025-09-28 17:30"),
        # A morning is used up at its end, not when the afternoon begins.
        (3, Unit.WORKING_HOURS, "2026-03-02 09:00", "2026-03-02 12:00"),
        # Between the hours nothing runs: 12:30 waits for 14:00.
        (1, Unit.WORKING_HOURS, "2026-03-02 12:30", "2026-03-02 15:00"),
        # Wed 30 September 2026 at 20:00; 1-7 October off; Thu 8: 9:00 + 2.
        (2, Unit.WORKING_HOURS, "2026-09-30 20:00", "2026-10-08 11:00"),
    ],
)
def test_due_times_by_hand(amount: int, unit: Unit, begin: str, due: str) -> None:
    clock = a_clock(amount, unit, begin)
    assert clock.due_time == local(due)
    assert not clock.provisional


def test_an_extension_is_counted_as_one_period_with_the_budget() -> None:
    # 1 December + 30 = 31 December, + 30 = 30 January, a Friday.
    clock = a_clock(60, Unit.CALENDAR_DAYS, "2025-12-01 10:00")
    assert clock.due_time == local("2026-01-30 24:00")
    # + 1 = 31 January, + 28 = 28 February, + 1 = 1 March, a Sunday: Mon 2.
    more = Extension(NOON, Budget(30, Unit.CALENDAR_DAYS), "延期告知书〔2026〕1号")
    extended = extend(clock, more, CALENDAR)
    assert extended.due_time == local("2026-03-02 24:00")
    assert extended.extensions == (more,)
    with pytest.raises(ValueError, match="reply-1: extended in HOURS"):
        extend(clock, Extension(NOON, Budget(1, Unit.HOURS), ""), CALENDAR)


def test_a_suspension_gives_calendar_days_back() -> None:
    # 2 March + 30 = 1 April, a Wednesday.
    clock = a_clock(30, Unit.CALENDAR_DAYS, "2026-03-02 10:00")
    assert clock.due_time == local("2026-04-01 24:00")
    # 3 to 9 March are 7 days; a hearing takes from the 10th to the 19th; the 20th is the eighth.
    heard = suspend(clock, local("2026-03-10 15:00"), "听证", "听证通知书")
    assert heard.due_time is None
    assert remaining(heard, local("2026-03-15 10:00"), CALENDAR) == timedelta(days=23)
    # 31 March is the 19th, Saturday 11 April the 30th: Mon 13.
    again = resume(heard, local("2026-03-20 09:00"), CALENDAR)
    assert again.due_time == local("2026-04-13 24:00")
    assert [span.running for span in again.ledger] == [True, False, True]


def test_a_suspension_gives_working_days_back() -> None:
    # Mon 2 begins; Tue 3 = 1; suspended from Wed 4; Tue 10 = 2, 11 = 3, 12 = 4, Fri 13 = 5.
    clock = a_clock(5, Unit.WORKING_DAYS, "2026-03-02 10:00")
    waits = suspend(clock, local("2026-03-04 15:00"), "补正", "补正通知书")
    assert resume(waits, local("2026-03-10 10:00"), CALENDAR).due_time == local("2026-03-13 24:00")


def test_a_suspension_late_on_the_last_day_gives_the_day_back() -> None:
    # Mon 2 begins; 3 = 1, Wed 4 does not count. It runs again on Saturday 7: Mon 9 = 2.
    clock = a_clock(2, Unit.WORKING_DAYS, "2026-03-02 10:00")
    waits = suspend(clock, local("2026-03-04 23:00"), "补正", "")
    assert resume(waits, local("2026-03-07 10:00"), CALENDAR).due_time == local("2026-03-09 24:00")


def test_a_period_that_may_not_end_yet_is_not_due_when_it_is_suspended() -> None:
    # 6 March + 15 = Saturday 21, moved to Mon 23; suspended on Sunday 22, it goes on from Wed 25.
    clock = a_clock(15, Unit.CALENDAR_DAYS, "2026-03-06 10:00")
    waits = suspend(clock, local("2026-03-22 10:00"), "听证", "")
    assert waits.due_time is None
    assert resume(waits, local("2026-03-25 10:00"), CALENDAR).due_time == local("2026-03-25 24:00")


def test_a_suspension_from_midnight_takes_nothing_of_the_day_before() -> None:
    # Mon 2 begins; 3 = 1, 4 = 2 and over; it runs again on Tue 10, which is 3.
    clock = a_clock(3, Unit.WORKING_DAYS, "2026-03-02 10:00")
    waits = suspend(clock, local("2026-03-04 24:00"), "补正", "")
    assert remaining(waits, local("2026-03-06 10:00"), CALENDAR) == timedelta(days=1)
    assert resume(waits, local("2026-03-10 10:00"), CALENDAR).due_time == local("2026-03-10 24:00")


@pytest.mark.parametrize("unit", Unit)
def test_a_clock_that_is_due_when_it_is_suspended_stays_due(unit: Unit) -> None:
    clock = a_clock(3, unit, NOON)
    assert clock.due_time is not None
    waits = suspend(clock, clock.due_time, "听证", "")
    assert waits.due_time == due_of(waits, CALENDAR).time == clock.due_time
    firing = next_firing(waits)
    assert firing is not None and firing.name == LAPSE


def test_a_process_whose_time_is_a_moment_behind_breaks_no_ledger() -> None:
    clock = a_clock(10, Unit.MINUTES, NOON)
    assert stop(clock, NOON - timedelta(seconds=1)).stop_time == NOON


def test_a_suspension_gives_working_hours_back() -> None:
    # Mon 2: 9:00-11:30 = 2.5 of 8. From Tue 3 at 16:00: 2 hours; Wed 4: 3, then 14:00-14:30.
    clock = a_clock(8, Unit.WORKING_HOURS, "2026-03-02 09:00")
    waits = suspend(clock, local("2026-03-02 11:30"), "检测", "")
    assert remaining(waits, local("2026-03-03 16:00"), CALENDAR) == timedelta(hours=5.5)
    assert resume(waits, local("2026-03-03 16:00"), CALENDAR).due_time == local("2026-03-04 14:30")


def test_the_rest_of_a_budget() -> None:
    minutes = a_clock(15, Unit.MINUTES, NOON)
    assert remaining(minutes, NOON + timedelta(minutes=4)) == timedelta(minutes=11)
    assert remaining(minutes, NOON + timedelta(minutes=99)) == timedelta(0)
    days = a_clock(5, Unit.WORKING_DAYS, "2025-09-26 10:00")
    # Sun 28, Mon 29 and Tue 30 are over; two follow the holiday; Fri 10 is the last of them.
    assert remaining(days, local("2025-10-05 10:00"), CALENDAR) == timedelta(days=2)
    assert remaining(days, local("2025-10-10 10:00"), CALENDAR) == timedelta(days=1)
    assert remaining(days, local("2025-10-10 24:00"), CALENDAR) == timedelta(0)


def test_a_year_that_is_not_announced_is_provisional_until_its_notice_comes() -> None:
    # Mon 28 December begins; 29 = 1, 30 = 2, 31 = 3; 1 January 2027, a Friday, counts as 4 for
    # now; 4 = 5, 5 = 6, 6 = 7, 7 = 8, 8 = 9, Mon 11 = 10.
    clock = a_clock(10, Unit.WORKING_DAYS, "2026-12-28 10:00")
    assert (clock.due_time, clock.provisional) == (local("2027-01-11 24:00"), True)
    announced = replace(
        CALENDAR,
        notices={**CALENDAR.notices, 2027: "国办发明电〔2026〕1号"},
        holidays={**CALENDAR.holidays, date(2027, 1, 1): "元旦"},
    )
    # Without 1 January everything comes a workday later: Tue 12.
    again = recompute(clock, announced)
    assert (again.due_time, again.provisional) == (local("2027-01-12 24:00"), False)
    assert again.old_due_time == local("2027-01-11 24:00")
    assert recompute(again, announced) == again


@pytest.mark.parametrize(
    ("amount", "unit", "begin", "provisional"),
    [
        (15, Unit.CALENDAR_DAYS, "2026-12-16 10:00", False),  # ends on Thu 31 December
        (15, Unit.CALENDAR_DAYS, "2026-12-20 10:00", True),  # ends on Mon 4 January
        (15, Unit.CALENDAR_DAYS, "2023-12-20 10:00", False),  # only its last day is asked about
        (15, Unit.WORKING_DAYS, "2023-12-20 10:00", True),
        (1, Unit.WORKING_HOURS, "2027-03-01 10:00", True),
        (999, Unit.HOURS, "2026-12-28 10:00", False),
    ],
)
def test_provisional_means_that_an_unknown_day_was_asked_about(
    amount: int, unit: Unit, begin: str, provisional: bool
) -> None:
    assert a_clock(amount, unit, begin).provisional is provisional


def test_every_day_left_out_is_named_with_its_reason() -> None:
    clock = a_clock(5, Unit.WORKING_DAYS, "2025-09-26 10:00")
    told = explain(clock, CALENDAR)
    assert left_out(clock) == [
        (date(2025, 9, 26), Why.FIRST_DAY, "", ""),
        (date(2025, 9, 27), Why.WEEKEND, "", ""),
        *((date(2025, 10, day), Why.HOLIDAY, "国庆节、中秋节", "") for day in range(1, 9)),
    ]
    assert (told.rule, told.about, told.budget) == ("petition.reply", "accepted/3", clock.budget)
    assert told.due.time == clock.due_time


def test_the_end_that_is_moved_and_a_suspension_are_explained() -> None:
    clock = a_clock(15, Unit.CALENDAR_DAYS, "2026-03-06 10:00")
    waits = suspend(clock, local("2026-03-20 10:00"), "听证", "听证通知书")
    # 7 to 19 March are 13 days; Thu 26, on which it runs again, is the 14th, and 27 the 15th.
    again = resume(waits, local("2026-03-26 10:00"), CALENDAR)
    assert again.due_time == local("2026-03-27 24:00")
    first = (date(2026, 3, 6), Why.FIRST_DAY, "", "")
    suspended = [(date(2026, 3, day), Why.SUSPENDED, "听证", "听证通知书") for day in range(20, 26)]
    assert left_out(again) == [first, *suspended]
    weekend = [(date(2026, 3, day), Why.WEEKEND, "", "") for day in (21, 22)]
    assert left_out(clock) == [first, *weekend]


def test_of_working_hours_days_of_rest_and_days_without_a_running_hour_are_left_out() -> None:
    # Fri 13 March: 4 hours from 14:00, 14 and 15 rest; Mon 16: 1 hour, suspended until Wed 18.
    clock = a_clock(7, Unit.WORKING_HOURS, "2026-03-13 14:00")
    waits = suspend(clock, local("2026-03-16 10:00"), "检测", "委托书")
    again = resume(waits, local("2026-03-18 16:00"), CALENDAR)
    assert again.due_time == local("2026-03-18 18:00")
    assert left_out(again) == [
        (date(2026, 3, 14), Why.WEEKEND, "", ""),
        (date(2026, 3, 15), Why.WEEKEND, "", ""),
        (date(2026, 3, 17), Why.SUSPENDED, "检测", "委托书"),
    ]
    assert left_out(stop(again, local("2026-03-18 17:00"))) == left_out(again)
    assert not left_out(a_clock(15, Unit.MINUTES, NOON))


def left_out(clock: Clock) -> list[tuple[date, Why | None, str, str]]:
    days = explain(clock, CALENDAR).left_out
    return [(day.day, day.why, day.words, day.document) for day in days]


def test_grades_and_the_lapse_fire_in_order_and_once() -> None:
    clock = a_clock(100, Unit.MINUTES, NOON, UNANNOUNCED, GRADED)
    fired = []
    late = NOON + timedelta(days=1)  # every one of them was missed
    while (firing := next_firing(clock)) is not None:
        fired.append((firing.name, (firing.time - NOON) // timedelta(minutes=1)))
        clock = fire(clock, firing.name, late)
        with pytest.raises(ValueError, match="out of its turn"):
            fire(clock, firing.name, late)
    assert fired == [("YELLOW", 80), (LAPSE, 100), ("BREACH", 100), ("SERIOUS", 150)]
    assert clock.lapse_time == late
    assert {grade.fire_time for grade in clock.grades} == {late}


def test_nothing_fires_before_its_time_or_out_of_its_turn() -> None:
    clock = a_clock(100, Unit.MINUTES, NOON, UNANNOUNCED, GRADED)
    with pytest.raises(ValueError, match="reply-1: firing YELLOW before its time"):
        fire(clock, "YELLOW", NOON + timedelta(minutes=79))
    with pytest.raises(ValueError, match="firing LAPSE out of its turn"):
        fire(clock, LAPSE, NOON + timedelta(minutes=120))


def test_a_warning_is_never_late_and_does_not_fire_again_after_an_extension() -> None:
    # 80 % of 6 working days are 4.8: it warns when 4 are over. Tue 3 = 1 ... Fri 6 = 4.
    clock = a_clock(6, Unit.WORKING_DAYS, NOON, CALENDAR, GRADED)
    yellow = next_firing(clock)
    assert yellow is not None
    assert (yellow.name, yellow.time) == ("YELLOW", local("2026-03-06 24:00"))
    warned = fire(clock, "YELLOW", local("2026-03-07 00:00"))
    extension = Extension(NOON, Budget(6, Unit.WORKING_DAYS), "")
    extended = extend(warned, extension, CALENDAR)
    firing = next_firing(extended)
    assert firing is not None and firing.name == LAPSE
    [yellow_after] = [grade for grade in extended.grades if grade.name == "YELLOW"]
    assert yellow_after.due_time == yellow.time


def test_a_warning_stays_on_a_day_of_rest() -> None:
    # 80 % of 10 days are 8: 6 March + 8 = Saturday 14. The period itself ends on Mon 16.
    yellow = next_firing(a_clock(10, Unit.CALENDAR_DAYS, "2026-03-06 10:00", CALENDAR, GRADED))
    assert yellow is not None
    assert (yellow.name, yellow.time) == ("YELLOW", local("2026-03-14 24:00"))


def test_a_stopped_clock_keeps_its_ledger_and_its_due_time_and_never_fires() -> None:
    clock = a_clock(10, Unit.MINUTES, NOON, UNANNOUNCED, GRADED)
    stopped = stop(clock, NOON + timedelta(minutes=9))
    assert next_firing(stopped) is None
    assert (stopped.due_time, stopped.stop_time) == (
        NOON + timedelta(minutes=10),
        NOON + timedelta(minutes=9),
    )
    assert due_of(stopped).time == stopped.due_time
    assert recompute(stopped, CALENDAR) == stopped
    with pytest.raises(ValueError, match="stopped twice"):
        stop(stopped, NOON)


def test_a_move_that_breaks_the_ledger_is_a_bug() -> None:
    clock = a_clock(10, Unit.MINUTES, NOON)
    with pytest.raises(ValueError, match="reply-1: resumed, but it is not suspended"):
        resume(clock, NOON)
    waits = suspend(clock, NOON, "听证", "")
    with pytest.raises(ValueError, match="suspended, but it does not run"):
        suspend(waits, NOON, "听证", "")


def test_the_clock_of_several_that_fires_first() -> None:
    one, other = a_clock(10, Unit.MINUTES, NOON), a_clock(9, Unit.MINUTES, NOON)
    assert first_firing([]) is None
    found = first_firing([one, other])
    assert found is not None and found[0] == other


KINDS = table(
    [
        KindOfClock("SIGN_IN", stops_on=frozenset({"Claimed", "Voided"})),
        KindOfClock(
            "REPLY",
            stops_on=frozenset({"Replied", "Voided"}),
            suspends_on=frozenset({"HearingOpened"}),
            resumes_on=frozenset({"HearingClosed"}),
        ),
        KindOfClock("ANSWER", stops_on=frozenset({"Answered", "Voided"}), side_by_side=True),
    ]
)
EVENTS = ("Claimed", "Voided", "Replied", "HearingOpened", "HearingClosed", "Answered", "Reported")


def clocks_of(*kinds: tuple[str, str]) -> tuple[Clock, ...]:
    term = Term("rule", Budget(60, Unit.MINUTES))
    return tuple(
        start(f"{number}", KINDS[kind], term, about, NOON)
        for number, (kind, about) in enumerate(kinds)
    )


def test_a_claim_stops_the_sign_in_and_no_legal_clock() -> None:
    clocks = clocks_of(("SIGN_IN", "offer/3"), ("REPLY", "accepted/2"), ("REPLY", "leader/5"))
    later = NOON + timedelta(minutes=5)
    sign_in, *legal = after_event(clocks, Happening("Claimed", later), KINDS)
    assert sign_in.stop_time == later
    assert tuple(legal) == clocks[1:]


def test_a_hearing_suspends_and_resumes_with_its_document() -> None:
    clocks = clocks_of(("REPLY", "accepted/2"))
    opened, closed = NOON + timedelta(minutes=10), NOON + timedelta(minutes=25)
    heard = after_event(clocks, Happening("HearingOpened", opened, document="听证通知书"), KINDS)
    assert (heard[0].ledger[1].cause, heard[0].ledger[1].document) == (
        "HearingOpened",
        "听证通知书",
    )
    assert after_event(heard, Happening("HearingOpened", closed), KINDS) == heard
    [again] = after_event(heard, Happening("HearingClosed", closed), KINDS)
    assert again.due_time == NOON + timedelta(minutes=75)


def test_of_clocks_side_by_side_an_event_touches_the_one_it_is_about() -> None:
    clocks = clocks_of(("ANSWER", "part/1"), ("ANSWER", "part/2"))
    first, second = after_event(clocks, Happening("Answered", NOON, "part/2"), KINDS)
    assert first == clocks[0]
    assert second.stop_time == NOON


def test_a_clock_of_an_unknown_kind_is_a_bug_that_names_it() -> None:
    [clock] = clocks_of(("REPLY", "accepted/2"))
    strange = replace(clock, id="42", kind="STRANGE")
    with pytest.raises(LookupError, match="clock 42 is of the unknown kind STRANGE"):
        after_event([strange], Happening("Claimed", NOON), KINDS)


def test_a_budget_of_nothing_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="a budget must be at least 1, not 0 WORKING_DAYS"):
        Budget(0, Unit.WORKING_DAYS)
    with pytest.raises(ValueError, match="no working hours"):
        a_clock(1, Unit.WORKING_HOURS, NOON, replace(CALENDAR, hours=()))


def test_a_kind_that_contradicts_itself_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="REPLY names twice: Voided"):
        KindOfClock("REPLY", frozenset({"Voided"}), frozenset({"Voided"}))
    with pytest.raises(ValueError, match="REPLY names twice: RED"):
        KindOfClock("REPLY", grades=(Grade("RED", 90), Grade("RED", 100)))
    with pytest.raises(ValueError, match="REPLY names twice: LAPSE"):
        KindOfClock("REPLY", grades=(Grade(LAPSE, 100),))
    with pytest.raises(ValueError, match="table of clocks names twice: REPLY"):
        table([PLAIN, GRADED])


def test_a_clock_can_be_kept_as_a_document() -> None:
    clock = suspend(a_clock(5, Unit.WORKING_DAYS, NOON, CALENDAR, GRADED), NOON, "听证", "书")
    assert msgspec.json.decode(msgspec.json.encode(clock), type=Clock) == clock


# --- what holds for every clock

MOMENTS = st.timedeltas(timedelta(0), timedelta(days=1000)).map(
    lambda since: local("2024-01-01 00:00") + since
)
UNITS = st.sampled_from(Unit)
AMOUNTS = st.integers(1, 40)
PAUSES = st.timedeltas(timedelta(0), timedelta(days=20))
LEDGERS = st.lists(PAUSES, max_size=7)


def lived(clock: Clock, turns: Sequence[timedelta]) -> Clock:
    """The clock after so many turns, each so much later: suspended, resumed, suspended …"""
    at = clock.start_time
    for turn in turns:
        at += turn
        clock = suspend(clock, at, "听证", "") if clock.is_running else resume(clock, at, CALENDAR)
    return clock


@given(MOMENTS, AMOUNTS, st.sampled_from(sorted(CONTINUOUS)), PAUSES)
def test_a_suspension_moves_a_minute_clock_by_exactly_its_length(
    begin: datetime, amount: int, unit: Unit, length: timedelta
) -> None:
    clock = a_clock(amount, unit, begin, UNANNOUNCED)
    waits = suspend(clock, begin + timedelta(seconds=30), "听证", "")
    again = resume(waits, begin + timedelta(seconds=30) + length)
    assert clock.due_time is not None
    assert again.due_time == clock.due_time + length


@given(MOMENTS, AMOUNTS, PAUSES, PAUSES)
def test_a_suspension_moves_calendar_days_by_the_days_between(
    begin: datetime, amount: int, ran: timedelta, length: timedelta
) -> None:
    first, at = day_of(begin), begin + ran
    last = first + amount * ONE_DAY
    assume(at < end_of(last))
    waits = suspend(a_clock(amount, Unit.CALENDAR_DAYS, begin), at, "听证", "")
    again = resume(waits, at + length, CALENDAR)
    # The first day does not count anyway, so that nothing is given back for it.
    given_back = max(ONE_DAY * 0, day_of(at + length) - max(day_of(at), first + ONE_DAY))
    assert again.due_time == end_of(CALENDAR.first_workday(last + given_back))


@given(MOMENTS, PAUSES, AMOUNTS, AMOUNTS, UNITS)
def test_due_grows_with_start_and_budget(
    begin: datetime, later: timedelta, amount: int, more: int, unit: Unit
) -> None:
    due = a_clock(amount, unit, begin).due_time
    after = a_clock(amount, unit, begin + later).due_time
    longer = a_clock(amount + more, unit, begin).due_time
    assert due is not None and after is not None and longer is not None
    assert begin < due <= after
    assert due <= longer


@given(MOMENTS, AMOUNTS, UNITS, LEDGERS)
def test_the_times_kept_are_those_that_follow(
    begin: datetime, amount: int, unit: Unit, turns: list[timedelta]
) -> None:
    clock = lived(a_clock(amount, unit, begin, CALENDAR, GRADED), turns)
    assert timed(clock, due_of(clock, CALENDAR)) == clock
    assert recompute(clock, CALENDAR) == clock
    assert recomputed(clock, due_of(clock, CALENDAR)).old_due_time is None


@given(MOMENTS, AMOUNTS, UNITS, LEDGERS)
def test_what_is_left_is_nothing_when_it_is_due_and_not_more_than_the_budget(
    begin: datetime, amount: int, unit: Unit, turns: list[timedelta]
) -> None:
    clock = lived(a_clock(amount, unit, begin), turns)
    budget = clock.total.share(100)
    assert remaining(clock, begin, CALENDAR) == budget
    if clock.due_time is not None:
        assert remaining(clock, clock.due_time, CALENDAR) == timedelta(0)
    else:
        assert timedelta(0) <= remaining(clock, begin, CALENDAR) <= budget


@given(MOMENTS, AMOUNTS, UNITS, LEDGERS)
def test_firings_come_in_order_and_each_once(
    begin: datetime, amount: int, unit: Unit, turns: list[timedelta]
) -> None:
    clock = lived(a_clock(amount, unit, begin, CALENDAR, GRADED), turns)
    times, names = [], []
    while (firing := next_firing(clock)) is not None:
        times.append(firing.time)
        names.append(firing.name)
        clock = fire(clock, firing.name, firing.time)
    assert times == sorted(times)
    assert names == ["YELLOW", LAPSE, "BREACH", "SERIOUS"][: len(names)]
    assert clock.is_suspended or len(names) == 4


@given(MOMENTS, AMOUNTS, st.sampled_from(sorted(DAYS)), LEDGERS)
def test_every_day_is_counted_or_explained(
    begin: datetime, amount: int, unit: Unit, turns: list[timedelta]
) -> None:
    clock = lived(a_clock(amount, unit, begin), turns)
    if clock.due_time is None:
        return
    told = explain(clock, CALENDAR)
    days = (last_day_of(clock.due_time) - day_of(begin)).days + 1
    assert days - len(told.left_out) == amount
    assert last_day_of(clock.due_time) not in {each.day for each in told.left_out}


@given(st.sampled_from(EVENTS), st.lists(st.sampled_from(sorted(KINDS)), max_size=5))
def test_an_event_touches_the_kinds_that_name_it_alone(event: str, kinds: list[str]) -> None:
    clocks = clocks_of(*((kind, "accepted/2") for kind in kinds))
    after = after_event(clocks, Happening(event, NOON, "accepted/2"), KINDS)
    for before, now in zip(clocks, after, strict=True):
        kind = KINDS[before.kind]
        # All of them run: a resumption has nothing to do.
        assert (now != before) == (event in kind.stops_on | kind.suspends_on)
