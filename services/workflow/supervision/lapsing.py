"""Lapses 逾期: a unit that did not answer in time is marked, and the supervisor is told."""

from datetime import datetime
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import CLOCK, Actor
from backbone.words.errors import InvalidTransition
from services.workflow.incident.world import World
from services.workflow.supervision import demanding
from services.workflow.supervision.record import (
    RUNNING,
    Deadline,
    Demand,
    Level,
    Mark,
    Supervision,
)


class LapseAnswers(Struct, frozen=True):
    """The time of one or several answers has run out."""

    by: Actor = CLOCK


class UnitMarked(Struct, frozen=True):
    """One mark for each unit and due time, whatever the number of its incidents."""

    time: datetime
    unit: str
    incidents: tuple[str, ...]
    deadline: Deadline
    level: Level
    supervisor: str


def lapse(
    supervision: Supervision, command: LapseAnswers, now: datetime, world: World
) -> list[UnitMarked]:
    waiting = demanding.waiting(supervision)
    late = sorted((each for each in waiting if each.deadline.due_time <= now), key=_question_of)
    if not late:
        raise InvalidTransition("NOT_DUE", due=demanding.next_due(supervision) or "")
    level, supervisor = supervision.level, supervision.unit
    marks = []
    for (_, unit), same in groupby(late, key=_question_of):
        demands = [*same]
        about = demanding.incidents_of(demands)
        marks.append(UnitMarked(now, unit, about, demands[0].deadline, level, supervisor))
    return marks


def _question_of(demand: Demand) -> tuple[datetime, str]:
    return demand.deadline.due_time, demand.unit


def marked(supervision: Supervision, event: UnitMarked) -> Supervision:
    """The answer stays owed: a late one is better than none."""

    def late(demand: Demand) -> Demand:
        return replace(demand, lapse_time=event.time)

    mark = Mark(event.unit, event.time, event.deadline.due_time, event.incidents)
    told = demanding.changed(supervision, event.unit, event.incidents, late)
    return replace(told, marks=(*told.marks, mark))


VERBS = (verb(RUNNING, lapse, "NOT_DUE"),)
CHANGES = (change(marked),)
