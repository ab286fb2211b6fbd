"""How a step raises a mission: its rank only rises, and a later step implies the earlier ones."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from services.emergency.mission.record import UNANSWERED, Mission, State
from services.emergency.mission.repeats import pause_after

# A refusal is not on the ladder of ranks; it implies the delivery only.
RANK = {
    State.PENDING: 0,
    State.DELIVERED: 1,
    State.REFUSED: 1,
    State.ACKNOWLEDGED: 2,
    State.EN_ROUTE: 3,
    State.ON_SCENE: 4,
    State.CLEARED: 5,
}
STAMPS = {
    State.DELIVERED: "deliver_time",
    State.ACKNOWLEDGED: "acknowledge_time",
    State.EN_ROUTE: "depart_time",
    State.ON_SCENE: "arrive_time",
}


def rank_of(mission: Mission) -> int:
    """The rank of the state; of a recalled or refused mission, that of its furthest step."""
    if mission.state not in (State.RECALLED, State.REFUSED):
        return RANK[mission.state]
    reached = [RANK[s] for s, name in STAMPS.items() if getattr(mission.progress, name)]
    return max(reached, default=0)


def risen(mission: Mission, reached: State, time: datetime, signs: int = 1) -> Mission:
    """Raise the mission to the state, or confirm a state that a later one had implied.

    A recalled mission stays recalled. `signs` is the revision that the step stands for: every step
    but the delivery says that the team has signed for the first one.
    """
    progress, before = mission.progress, rank_of(mission)
    if before >= RANK[reached]:
        still = tuple(state for state in progress.implied if state is not reached)
        progress = replace(progress, implied=still)
    else:
        skipped = tuple(s for s in STAMPS if before < RANK[s] < RANK[reached])
        stamps: dict[str, Any] = {STAMPS[s]: time for s in (*skipped, reached) if s in STAMPS}
        progress = replace(progress, implied=progress.implied + skipped, **stamps)
        mission = mission if mission.state is State.RECALLED else replace(mission, state=reached)
    if reached not in UNANSWERED:
        progress = replace(progress, signed=_with(progress.signed, signs))
    after = replace(mission, progress=progress)
    return replace(after, pushes=replace(after.pushes, due_time=_due_after(after, time)))


def _due_after(mission: Mission, time: datetime) -> datetime | None:
    """When it is pushed again after a step: it still is where a later revision asks for it.

    A ladder that runs pushes it by its own rungs.
    """
    due = mission.pushes.due_time
    ladder = mission.ladder
    runs = ladder is not None and ladder.due_time is not None and mission.recall is None
    if runs or not mission.asks:
        return None
    if due is None and mission.state not in UNANSWERED:
        return time + pause_after(mission.release.pauses, attempt=1)
    return due


def _with(signed: tuple[int, ...], revision: int) -> tuple[int, ...]:
    return signed if revision in signed else tuple(sorted((*signed, revision)))
