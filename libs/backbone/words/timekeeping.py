"""Operations on clocks: start, suspend, resume, extend, recount, fire and stop. Pure.

An operation that breaks the ledger (a resume of a running clock, a second firing) is a bug of the
caller and raises ValueError; the use case refuses beforehand what a person may not do.

A decision passes the city's calendar, and its event carries the derived `Due`. Folding a journal
has no calendar: `timed` sets the times of the event.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.calendar import UNANNOUNCED, Calendar, day_of, end_of
from backbone.words.clock import LAPSE, Clock, Extension, KindOfClock, Span, Term
from backbone.words.due import Due, due_of, timed
from backbone.words.working_time import WHOLE


class Firing(Struct, frozen=True):
    """The next firing of a clock: the name of a grade, or LAPSE, and its time."""

    time: datetime
    name: str


class Happening(Struct, frozen=True):
    """The parts of an event that clocks depend on; `about` is the subject, as in `Clock`."""

    name: str
    time: datetime
    about: str = ""
    document: str = ""


def start(
    clock_id: str,
    kind: KindOfClock,
    term: Term,
    about: str,
    at: datetime,
    calendar: Calendar = UNANNOUNCED,
) -> Clock:
    """Return a clock that runs from `at` on, with the grades of its kind."""
    clock = Clock(
        id=clock_id,
        kind=kind.kind,
        rule=term.rule,
        about=about,
        budget=term.budget,
        ledger=(Span(at),),
        grades=kind.grades,
    )
    return timed(clock, due_of(clock, calendar))


def suspend(clock: Clock, at: datetime, cause: str, document: str) -> Clock:
    """Suspend 中止: the remaining budget is kept. Times that were reached by then stay due."""
    _require(clock.is_running, clock, "suspended, but it does not run")
    span = Span(at, running=False, cause=cause, document=document)
    reached, *grades = (
        time if time and time <= at else None
        for time in (clock.due_time, *(grade.due_time for grade in clock.grades))
    )
    provisional = clock.provisional and reached is not None
    return timed(_turned(clock, at, span), Due(reached, provisional, tuple(grades)))


def resume(clock: Clock, at: datetime, calendar: Calendar = UNANNOUNCED) -> Clock:
    """Resume 恢复 with exactly the remaining budget."""
    _require(clock.is_suspended, clock, "resumed, but it is not suspended")
    resumed = _turned(clock, at, Span(at))
    return timed(resumed, due_of(resumed, calendar))


def stop(clock: Clock, at: datetime) -> Clock:
    """Stop the clock: nothing fires any more; the due time is kept."""
    _require(clock.stop_time is None, clock, "stopped twice")
    return replace(clock, ledger=_closed(clock, at))


def extend(clock: Clock, extension: Extension, calendar: Calendar = UNANNOUNCED) -> Clock:
    """Extend 延期 the budget, in its own unit; the use case limits how often and how long."""
    _require(clock.stop_time is None, clock, "extended, but it has stopped")
    unit = extension.budget.unit
    _require(unit is clock.budget.unit, clock, f"extended in {unit}")
    extended = replace(clock, extensions=(*clock.extensions, extension))
    return timed(extended, due_of(extended, calendar))


def recount(clock: Clock, at: datetime, calendar: Calendar) -> Clock:
    """Count a provisional due time anew, by a calendar that may know more of its days.

    It moves later only as far as the calendar says. It moves earlier too, but not before the end of
    the day `at`: people were told the old time, which stays readable as `old_due_time`. Clocks that
    are not provisional, or have stopped or lapsed, stay as they are.
    """
    told, done = clock.due_time, clock.stop_time or clock.lapse_time
    if told is None or done or not clock.provisional:
        return clock
    due = due_of(clock, calendar)
    fair = max(due.time or told, min(told, end_of(day_of(at))))
    counted = timed(clock, replace(due, time=fair))
    return counted if fair == told else replace(counted, old_due_time=clock.old_due_time or told)


def next_firing(clock: Clock) -> Firing | None:
    """Return the earliest firing to come; the lapse comes before a grade of 100 per cent."""
    if clock.stop_time is not None:
        return None
    waiting = [
        (grade.due_time, grade.percent, 1, grade.name)
        for grade in clock.grades
        if grade.due_time is not None and grade.fire_time is None
    ]
    if clock.due_time is not None and clock.lapse_time is None:
        waiting.append((clock.due_time, WHOLE, 0, LAPSE))
    first = min(waiting, default=None)
    return Firing(first[0], first[3]) if first else None


def first_firing(clocks: Iterable[Clock]) -> tuple[Clock, Firing] | None:
    """Return the first clock to fire, with its firing; at equal times the clock given first."""
    firings = [(clock, firing) for clock in clocks if (firing := next_firing(clock))]
    return min(firings, key=lambda each: each[1].time, default=None)


def fire(clock: Clock, name: str, at: datetime) -> Clock:
    """Record that a grade or the lapse has fired: each once, in order, not before its time."""
    firing = next_firing(clock)
    _require(firing is not None and firing.name == name, clock, f"firing {name} out of its turn")
    _require(firing is not None and firing.time <= at, clock, f"firing {name} before its time")
    if name == LAPSE:
        return replace(clock, lapse_time=at)
    grades = (
        replace(grade, fire_time=at) if grade.name == name else grade for grade in clock.grades
    )
    return replace(clock, grades=tuple(grades))


def after_event(
    clocks: Iterable[Clock],
    event: Happening,
    kinds: Mapping[str, KindOfClock],
    calendar: Calendar = UNANNOUNCED,
) -> tuple[Clock, ...]:
    """Return the clocks after the event, which changes only those whose kind names it.

    Raises LookupError for a clock whose kind is not in the table.
    """
    return tuple(_after(clock, event, _kind_of(clock, kinds), calendar) for clock in clocks)


def _kind_of(clock: Clock, kinds: Mapping[str, KindOfClock]) -> KindOfClock:
    kind = kinds.get(clock.kind)
    if kind is None:
        raise LookupError(f"clock {clock.id} is of the unknown kind {clock.kind}")
    return kind


def _after(clock: Clock, event: Happening, kind: KindOfClock, calendar: Calendar) -> Clock:
    another = kind.side_by_side and event.about != clock.about
    if another or clock.stop_time is not None:
        return clock
    if event.name in kind.stops_on:
        return stop(clock, event.time)
    if event.name in kind.suspends_on and clock.is_running:
        return suspend(clock, event.time, event.name, event.document)
    if event.name in kind.resumes_on and clock.is_suspended:
        return resume(clock, event.time, calendar)
    return clock


def _turned(clock: Clock, at: datetime, span: Span) -> Clock:
    """The clock with a further span, which begins where the last one ends."""
    closed = _closed(clock, at)
    return replace(clock, ledger=(*closed, replace(span, start=closed[-1].end or at)))


def _closed(clock: Clock, at: datetime) -> tuple[Span, ...]:
    """The ledger with its last span ended; clock skew must not end it before its start."""
    last = clock.ledger[-1]
    return (*clock.ledger[:-1], replace(last, end=max(at, last.start)))


def _require(holds: bool, clock: Clock, what: str) -> None:
    if not holds:
        raise ValueError(f"clock {clock.id}: {what}")
