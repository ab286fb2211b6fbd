"""Corrections 更正: facts of the matter changed, and its open missions get the next revision."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from services.emergency.mission.record import (
    OVER,
    UNANSWERED,
    UNDER_WAY,
    Mission,
    MissionCorrection,
    MissionFacts,
    Order,
)
from services.emergency.mission.repeats import pause_after

# A team that drives to the wrong place, or into a danger, has to say that it has heard.
TO_BE_SIGNED = frozenset({"place", "category", "danger"})


class ReviseMission(Struct, frozen=True):
    """The facts of the matter after its correction; `receipt` is where it comes from."""

    facts: MissionFacts
    reason: str = ""
    receipt: str = ""


class MissionRevised(Struct, frozen=True):
    """`changed` and `was` compare with what the team has signed for, or was sent with."""

    time: datetime
    revision: int
    changed: tuple[str, ...]
    facts: MissionFacts
    was: MissionFacts
    reason: str
    receipt: str
    asks: bool
    acknowledge_by: datetime
    due_time: datetime | None


def revise(
    mission: Mission, command: ReviseMission, now: datetime, also: Also
) -> list[MissionRevised]:
    """Nothing is said of facts that stay as they are, and none of a mission that is over."""
    before = facts_of(mission.order)
    facts = replace(command.facts, narrative=_narrative(mission.order, command.facts.narrative))
    new = different(before, facts)
    if mission.state in OVER or not new:
        return []
    was = _before(mission, before, facts, new)
    asks = bool(TO_BE_SIGNED & set(new))
    release, pushes = mission.release, mission.pushes
    window = release.acknowledge_by - release.dispatch_time
    waits = pushes.due_time is not None or (asks and mission.state not in UNANSWERED)
    return [
        MissionRevised(
            time=now,
            revision=pushes.revision + 1,
            changed=different(was, facts),
            facts=facts,
            was=was,
            reason=command.reason,
            receipt=command.receipt,
            asks=asks,
            acknowledge_by=now + window if asks else release.acknowledge_by,
            due_time=now + pause_after(release.pauses, attempt=1) if waits else None,
        )
    ]


def facts_of(order: Order) -> MissionFacts:
    return MissionFacts(order.place, order.narrative, order.category, order.priority, order.danger)


def different(before: MissionFacts, after: MissionFacts) -> tuple[str, ...]:
    """The names of the facts that differ."""
    names = MissionFacts.__struct_fields__
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _before(
    mission: Mission, last: MissionFacts, facts: MissionFacts, new: tuple[str, ...]
) -> MissionFacts:
    """What the team has signed for; what has come back to that is compared with the last facts."""
    signed = mission.correction.was if mission.correction else last
    back = [name for name in new if name not in different(signed, facts)]
    return replace(signed, **{name: getattr(last, name) for name in back})


def _narrative(order: Order, narrative: str) -> str:
    """The narrative of the matter with what the desk has added for this team.

    Orders of 0.1.0 keep that addition in the narrative alone.
    """
    if not order.note and order.narrative.startswith(f"{narrative}\n"):
        return order.narrative
    return "\n".join(filter(None, (narrative, order.note)))


def revised(mission: Mission, event: MissionRevised) -> Mission:
    facts = {name: getattr(event.facts, name) for name in MissionFacts.__struct_fields__}
    asked = event.revision if event.asks else mission.pushes.asked
    return replace(
        mission,
        order=replace(mission.order, **facts),
        release=replace(mission.release, acknowledge_by=event.acknowledge_by),
        pushes=replace(
            mission.pushes,
            due_time=event.due_time,
            revision=event.revision,
            attempt=1,
            asked=asked,
        ),
        correction=MissionCorrection(
            event.changed, event.was, event.reason, event.receipt, event.time
        ),
    )


VERBS = (verb(UNDER_WAY | OVER, revise),)
CHANGES = (change(revised),)
