"""Which answers a command is about, when they are due, and how events change them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from msgspec.structs import replace

from backbone.words.clock import KindOfClock, Term
from backbone.words.errors import InvalidArgument
from backbone.words.timekeeping import start
from backbone.words.working_time import Unit, budget_of
from services.workflow.incident.world import World
from services.workflow.supervision.record import (
    Answering,
    Deadline,
    Demand,
    Level,
    Supervision,
)

ANSWER = KindOfClock("SUPERVISION_ANSWER")
NAMED = "named"
"""The rule of a due time that the supervisor has named."""


def due(level: Level, named: datetime | None, now: datetime, world: World) -> Deadline:
    """The named due time, else that of the level. Raises InvalidArgument beyond the bounds."""
    policy = world.policy
    if named is not None:
        least = now + timedelta(hours=policy.supervision_least_hours)
        most = now + timedelta(days=policy.supervision_most_days)
        if not least <= named <= most:
            raise InvalidArgument("DUE_OUT_OF_BOUNDS", first_time=least, last_time=most)
        return Deadline(named, NAMED, ceil((named - now) / timedelta(minutes=1)), Unit.MINUTES)
    term = Term(f"supervision_answer.{level}", budget_of(policy.supervision_answer[level]))
    clock = start("", ANSWER, term, "", now, world.city.calendar)
    assert clock.due_time is not None, "a clock that runs has a due time"
    budget = term.budget
    return Deadline(clock.due_time, term.rule, budget.amount, budget.unit, clock.provisional)


def due_of_next(supervision: Supervision, incident: str, now: datetime, world: World) -> Deadline:
    """Until when the next unit answers for an incident that has changed hands.

    A due time that the supervisor has named stays. Once it is over, the next unit gets the least
    time that may be named, as the answer is late; where one was given, that of the level.
    """
    asked = [each for each in supervision.demands if each.incident == incident]
    last = max(reversed(asked), key=lambda each: each.ask_time, default=None)
    if last is None or last.deadline.rule != NAMED:
        return due(supervision.level, None, now, world)
    if last.deadline.due_time > now:
        return last.deadline
    given = last.state in (Answering.ANSWERED, Answering.ACCEPTED)
    least = now + timedelta(hours=world.policy.supervision_least_hours)
    return due(supervision.level, None if given else least, now, world)


def of_unit(
    supervision: Supervision,
    unit: str,
    incidents: Collection[str],
    states: Collection[Answering] = frozenset(Answering),
    *,
    by: str,
) -> tuple[Demand, ...]:
    """The demands on a unit in these states, of these incidents or, without any, of all that the
    unit of who acts may know of.

    Empty also if one of the incidents has no such demand: nothing is done by half.
    """
    wanted = {str(id_of(each)) for each in incidents}
    found = tuple(
        each
        for each in supervision.known_to(by)
        if each.unit == unit and each.state in states and (not wanted or each.incident in wanted)
    )
    return found if {each.incident for each in found} >= wanted else ()


def id_of(text: str) -> UUID | None:
    """The id that a caller has written, however it is written; None if it is no id."""
    try:
        return UUID(text)
    except ValueError:
        return None


def incidents_of(demands: Iterable[Demand]) -> tuple[str, ...]:
    return tuple(each.incident for each in demands)


def changed(
    supervision: Supervision,
    unit: str,
    incidents: Collection[str],
    change: Callable[[Demand], Demand],
) -> Supervision:
    """The supervision with the change of these demands."""
    demands = (
        change(each) if each.unit == unit and each.incident in incidents else each
        for each in supervision.demands
    )
    return replace(supervision, demands=tuple(demands))


def asked_again(demand: Demand, question: str, at: datetime, deadline: Deadline) -> Demand:
    """The demand with a further question; the last answer stays readable until the next."""
    return replace(
        demand,
        state=Answering.OWED,
        question=question,
        ask_time=at,
        deadline=deadline,
        lapse_time=None,
    )


def next_due(supervision: Supervision) -> datetime | None:
    """When the next unit will be marked."""
    owed = (each.deadline.due_time for each in waiting(supervision))
    return min(owed, default=None)


def waiting(supervision: Supervision) -> Sequence[Demand]:
    """The owed answers whose clocks run; a lifted supervision waits for none."""
    if supervision.lift_time is not None:
        return ()
    return [
        each
        for each in supervision.demands
        if each.state is Answering.OWED and each.lapse_time is None
    ]
