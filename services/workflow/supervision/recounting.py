"""Recounting 期限重算: provisional due times are counted anew once the holidays are announced."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import CLOCK, Actor
from backbone.words.calendar import Calendar
from backbone.words.clock import Term
from backbone.words.due import Due, timed
from backbone.words.timekeeping import recount, start
from backbone.words.working_time import Budget, Unit
from services.workflow.incident.world import World
from services.workflow.supervision import demanding
from services.workflow.supervision.record import RUNNING, Deadline, Demand, Level, Supervision


class RecountDueTimes(Struct, frozen=True):
    """The city knows holidays that it did not know when answers were asked for."""

    by: Actor = CLOCK


class DueTimeRecounted(Struct, frozen=True):
    """One for each unit and question; the deadline says the due time of before too."""

    time: datetime
    unit: str
    incidents: tuple[str, ...]
    deadline: Deadline
    level: Level
    supervisor: str


def recount_due_times(
    supervision: Supervision, command: RecountDueTimes, now: datetime, world: World
) -> list[DueTimeRecounted]:
    """No event if nothing of it is provisional, or the calendar still says the same."""
    found = _recounted(supervision, now, world.city.calendar)
    level, supervisor = supervision.level, supervision.unit
    return [
        DueTimeRecounted(now, unit, demanding.incidents_of(demands), deadline, level, supervisor)
        for unit, deadline, demands in found
    ]


def is_outdated(supervision: Supervision, now: datetime, calendar: Calendar) -> bool:
    """Whether this calendar says another due time, or that it is provisional no more."""
    return any(_recounted(supervision, now, calendar))


def _recounted(
    supervision: Supervision, now: datetime, calendar: Calendar
) -> Iterator[tuple[str, Deadline, list[Demand]]]:
    """Unit, new deadline and demands of each question whose deadline changes.

    What a unit was marked for is owed already: its time stays as it was told.
    """
    provisional = [each for each in demanding.waiting(supervision) if each.deadline.provisional]
    for (unit, ask_time, _), same in groupby(sorted(provisional, key=_question_of), _question_of):
        demands = [*same]
        before = demands[0].deadline
        deadline = counted_anew(before, ask_time, now, calendar)
        if deadline != before:
            yield unit, deadline, demands


def _question_of(demand: Demand) -> tuple[str, datetime, datetime]:
    return demand.unit, demand.ask_time, demand.deadline.due_time


def counted_anew(before: Deadline, asked: datetime, now: datetime, calendar: Calendar) -> Deadline:
    """The deadline of a question that was asked then, by this calendar."""
    term = Term(before.rule, Budget(before.amount, Unit(before.measure)))
    told = Due(before.due_time, before.provisional)
    clock = timed(start("", demanding.ANSWER, term, "", asked), told)
    after = recount(replace(clock, old_due_time=before.old_due_time), now, calendar)
    assert after.due_time is not None, "a clock that runs has a due time"
    return replace(
        before,
        due_time=after.due_time,
        provisional=after.provisional,
        old_due_time=after.old_due_time,
    )


def recounted(supervision: Supervision, event: DueTimeRecounted) -> Supervision:
    def moved(demand: Demand) -> Demand:
        return replace(demand, deadline=event.deadline)

    return demanding.changed(supervision, event.unit, event.incidents, moved)


VERBS = (verb(RUNNING, recount_due_times),)
CHANGES = (change(recounted),)
