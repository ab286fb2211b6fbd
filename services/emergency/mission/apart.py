"""What a call and the petition or dispute that it has become tell a team, each for itself. Pure.

The desk goes on correcting its report, the other office its record, and neither knows of the other.
Each tells all its facts each time: a fact counts where it is another than that one told last.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from services.emergency.mission.record import (
    Heard,
    Mission,
    MissionFacts,
    Order,
    Statements,
)

# A team has the words of the desk that has sent it; an office that has told of no danger has taken
# none back.
OF_THE_DESK = frozenset({"narrative", "danger"})


def stated(
    mission: Mission, facts: MissionFacts, heard: Heard, changed: Sequence[str], *, is_apart: bool
) -> tuple[MissionFacts, Statements | None]:
    """The facts of the mission with this statement, and what both have told since. `is_apart`: the
    incident is that of a petition or dispute, and not of the report itself. `changed` are the names
    that its first statement says to be new; an incident that was asked says none."""
    known, by_incident = mission.apart, bool(heard.incident)
    begins = by_incident and is_apart and mission.receipt == mission.order.matter_id
    if heard == Heard() or (known is None and not begins):
        return facts, known
    now = own_facts(mission.order)
    if known is None:
        told = {*changed} or {*different(now, facts)} - OF_THE_DESK
        names = [*(told & {*different(now, facts)}), *(["danger"] if facts.danger else ())]
        known = Statements(now, facts)
    else:
        names = [*different(known.incident if by_incident else known.receipt, facts)]
    said = Statements(known.receipt, facts) if by_incident else Statements(facts, known.incident)
    return replace(now, **{name: getattr(facts, name) for name in names}), said


def own_facts(order: Order) -> MissionFacts:
    """The facts of the order, without what the desk has added for this team."""
    words = order.narrative.removesuffix(f"\n{order.note}") if order.note else order.narrative
    return replace(facts_of(order), narrative=words)


def facts_of(order: Order) -> MissionFacts:
    return MissionFacts(order.place, order.narrative, order.category, order.priority, order.danger)


def different(before: MissionFacts, after: MissionFacts) -> tuple[str, ...]:
    """The names of the facts that differ."""
    names = MissionFacts.__struct_fields__
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))
