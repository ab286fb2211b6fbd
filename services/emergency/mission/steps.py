"""The steps of a team: its rank only rises, later implies earlier, what comes late is recorded."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.errors import Denied, InvalidArgument, InvalidTransition, NotFound
from services.emergency.mission.record import UNANSWERED, Mission, State

# A refusal stands beside the ladder: it implies the delivery and nothing more.
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
    State.CLEARED: "end_time",
}


class Crew(Struct, frozen=True):
    """Who acts, for which team, and of which unit."""

    user: str
    team: str
    unit: str = ""


class ReceiveMission(Struct, frozen=True):
    """`seq` is the entry that the terminal says it has stored, 0 where it says none.

    `entry` is the mission's own in the mailbox of its team.
    """

    by: Crew
    seq: int = 0
    entry: int = 0
    device_time: datetime | None = None


class AcknowledgeMission(Struct, frozen=True):
    by: Crew
    device_time: datetime | None = None


class RefuseMission(Struct, frozen=True):
    by: Crew
    reason: str
    device_time: datetime | None = None


class ReportEnRoute(Struct, frozen=True):
    by: Crew
    device_time: datetime | None = None


class ReportOnScene(Struct, frozen=True):
    by: Crew
    device_time: datetime | None = None


class ClearMission(Struct, frozen=True):
    by: Crew
    result: str = ""
    device_time: datetime | None = None


Step = (
    ReceiveMission
    | AcknowledgeMission
    | RefuseMission
    | ReportEnRoute
    | ReportOnScene
    | ClearMission
)


class MissionDelivered(Struct, frozen=True):
    time: datetime
    device_time: datetime | None


class MissionAcknowledged(Struct, frozen=True):
    time: datetime
    acknowledged_by: str
    device_time: datetime | None


class MissionRefused(Struct, frozen=True):
    time: datetime
    reason: str
    device_time: datetime | None


class TeamEnRoute(Struct, frozen=True):
    time: datetime
    device_time: datetime | None


class TeamOnScene(Struct, frozen=True):
    time: datetime
    device_time: datetime | None


class MissionCleared(Struct, frozen=True):
    time: datetime
    result: str
    device_time: datetime | None


Taken = (
    MissionDelivered
    | MissionAcknowledged
    | MissionRefused
    | TeamEnRoute
    | TeamOnScene
    | MissionCleared
)


def require_crew(mission: Mission, by: Crew) -> None:
    """A crew sees the missions of its team alone; without one, those of the unit, to look at."""
    if by.team == mission.team:
        return
    if by.unit and not by.team and by.unit in (mission.unit, mission.ordered_unit):
        raise Denied("NOT_YOUR_TEAM", team=mission.team)
    raise NotFound("NO_SUCH_MISSION")


def take(mission: Mission, command: Step, now: datetime) -> list[Taken]:
    """Nothing happens twice: a step that was reported before is accepted and changes nothing."""
    at = command.device_time
    match command:
        case ReceiveMission(_, seq, entry):
            _require_own_entry(seq, entry)
            return _once(mission, State.DELIVERED, MissionDelivered(now, at))
        case AcknowledgeMission(by):
            return _once(mission, State.ACKNOWLEDGED, MissionAcknowledged(now, by.user, at))
        case ReportEnRoute():
            return _once(mission, State.EN_ROUTE, TeamEnRoute(now, at))
        case ReportOnScene():
            return _once(mission, State.ON_SCENE, TeamOnScene(now, at))
        case ClearMission(_, result):
            return _clear(mission, MissionCleared(now, result, at))
        case RefuseMission(_, reason):
            _require_reason(reason)
            return [MissionRefused(now, reason, at)]


def _require_own_entry(seq: int, entry: int) -> None:
    if seq not in (0, entry):
        raise InvalidArgument("WRONG_SEQ", seq=seq)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidArgument("REASON_MISSING")


def _once(mission: Mission, reached: State, event: Taken) -> list[Taken]:
    was_reported = RANK[mission.state] >= RANK[reached] and reached not in mission.implied
    return [] if was_reported else [event]


def _clear(mission: Mission, event: MissionCleared) -> list[Taken]:
    """The first result stays; one that comes after a clearing without any is recorded, too."""
    if mission.state is not State.CLEARED:
        return [event]
    if event.result in ("", mission.result):
        return []
    if mission.result:
        raise InvalidTransition("ALREADY_CLEARED", time=mission.end_time)
    return [event]


def taken(mission: Mission, event: Taken) -> Mission:
    match event:
        case MissionDelivered():
            return _risen(mission, State.DELIVERED, event.time)
        case MissionAcknowledged():
            who = event.acknowledged_by
            return _risen(mission, State.ACKNOWLEDGED, event.time, acknowledged_by=who)
        case TeamEnRoute():
            return _risen(mission, State.EN_ROUTE, event.time)
        case TeamOnScene():
            return _risen(mission, State.ON_SCENE, event.time)
        case MissionCleared():
            return _risen(mission, State.CLEARED, event.time, result=event.result)
        case MissionRefused():
            heard = _risen(mission, State.DELIVERED, event.time)
            was_silent = mission.state is State.PENDING
            return replace(
                heard,
                state=State.REFUSED,
                implied=(State.DELIVERED,) if was_silent else mission.implied,
                refuse_reason=event.reason,
                end_time=event.time,
                due_time=None,
            )


def _risen(mission: Mission, reached: State, time: datetime, **facts: Any) -> Mission:
    """Come to the state, or confirm what a later one has implied already."""
    if RANK[mission.state] >= RANK[reached]:
        still = tuple(state for state in mission.implied if state is not reached)
        return replace(mission, implied=still, **facts)
    skipped = tuple(s for s in STAMPS if RANK[mission.state] < RANK[s] < RANK[reached])
    stamps: dict[str, Any] = {STAMPS[state]: time for state in (*skipped, reached)}
    return replace(
        mission,
        state=reached,
        implied=mission.implied + skipped,
        due_time=mission.due_time if reached in UNANSWERED else None,
        **stamps,
        **facts,
    )
