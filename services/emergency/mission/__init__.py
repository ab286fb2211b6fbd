"""Every move of a mission: which state allows what, and what comes of it. Pure."""

from datetime import datetime
from typing import TypeAlias

from msgspec.structs import replace

from backbone.words.errors import InvalidTransition, NotFound
from services.emergency.mission import record as missions
from services.emergency.mission import repeats, steps
from services.emergency.mission.record import (
    UNANSWERED,
    DispatchMission,
    Mission,
    MissionDispatched,
    State,
)
from services.emergency.mission.repeats import Lapse, MissionPushedAgain
from services.emergency.mission.steps import (
    AcknowledgeMission,
    ClearMission,
    ReceiveMission,
    RefuseMission,
    ReportEnRoute,
    ReportOnScene,
    Step,
    Taken,
)

Move: TypeAlias = Step | Lapse
Command: TypeAlias = DispatchMission | Move
Event: TypeAlias = MissionDispatched | Taken | MissionPushedAgain

ANY = frozenset(State)
NOT_REFUSED = ANY - {State.REFUSED}

# Steps of a terminal that was offline come late and out of order: they are recorded, not refused.
ALLOWED_FROM: dict[type[Move], frozenset[State]] = {
    ReceiveMission: ANY,
    AcknowledgeMission: NOT_REFUSED,
    ReportEnRoute: NOT_REFUSED,
    ReportOnScene: NOT_REFUSED,
    ClearMission: NOT_REFUSED,
    RefuseMission: UNANSWERED,
    Lapse: UNANSWERED,
}


def decide(mission: Mission | None, command: Command, now: datetime) -> list[Event]:
    """Return what happens, or raise a Refusal."""
    if isinstance(command, DispatchMission):
        return [*missions.dispatch(mission, command, now)]
    if mission is None:
        raise NotFound("NO_SUCH_MISSION")
    if not isinstance(command, Lapse):
        steps.require_crew(mission, command.by)
    if mission.state not in ALLOWED_FROM[type(command)]:
        raise InvalidTransition("INVALID_TRANSITION", state=mission.state)
    if isinstance(command, Lapse):
        return [*repeats.lapse(mission, now)]
    return [*steps.take(mission, command, now)]


def evolve(mission: Mission | None, event: Event) -> Mission:
    """Return the mission after the event. Never fails."""
    after = _after(mission, event)
    return replace(after, version=after.version + 1, time=event.time)


def _after(mission: Mission | None, event: Event) -> Mission:
    if isinstance(event, MissionDispatched):
        return missions.dispatched(event)
    assert mission is not None, "only a dispatch begins a mission"
    if isinstance(event, MissionPushedAgain):
        return repeats.pushed_again(mission, event)
    return steps.taken(mission, event)
