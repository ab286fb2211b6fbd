"""The steps of a team: the rank only rises; a later step implies the earlier ones."""

from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition, NotFound
from backbone.words.guards import require_text
from services.emergency.mission.record import ANY, UNANSWERED, Ending, Mission, State

E = TypeVar("E")

# A terminal that was offline sends its steps late and out of order: record them, do not refuse.
NOT_REFUSED = ANY - {State.REFUSED}

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


class Crew(Struct, frozen=True):
    """The acting person, with team and unit."""

    user: str
    team: str
    unit: str = ""


class ReceiveMission(Struct, frozen=True):
    """`seq` is the mailbox entry that the terminal reports as stored; 0 if it reports none.

    `entry` is the mission's number in the mailbox of its team.
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


def require_known(mission: Mission, by: Crew) -> None:
    """Raises NotFound: a crew sees the missions of its team, others those of their unit."""
    of_the_unit = by.unit and by.unit in (mission.release.unit, mission.order.ordered_unit)
    if by.team != mission.order.team and (by.team or not of_the_unit):
        raise NotFound("NO_SUCH_MISSION")


def _require_crew(mission: Mission, command: Step) -> None:
    """Raises Denied: people of the unit may read the mission, only the team takes its steps."""
    if command.by.team != mission.order.team:
        raise Denied("NOT_YOUR_TEAM", team=mission.order.team)


def receive(
    mission: Mission, command: ReceiveMission, now: datetime, also: Also
) -> list[MissionDelivered]:
    _require_crew(mission, command)
    if command.seq not in (0, command.entry):
        raise InvalidArgument("WRONG_SEQ", seq=command.seq)
    return _once(mission, State.DELIVERED, MissionDelivered(now, command.device_time))


def acknowledge(
    mission: Mission, command: AcknowledgeMission, now: datetime, also: Also
) -> list[MissionAcknowledged]:
    _require_crew(mission, command)
    event = MissionAcknowledged(now, command.by.user, command.device_time)
    return _once(mission, State.ACKNOWLEDGED, event)


def depart(
    mission: Mission, command: ReportEnRoute, now: datetime, also: Also
) -> list[TeamEnRoute]:
    _require_crew(mission, command)
    return _once(mission, State.EN_ROUTE, TeamEnRoute(now, command.device_time))


def arrive(
    mission: Mission, command: ReportOnScene, now: datetime, also: Also
) -> list[TeamOnScene]:
    _require_crew(mission, command)
    return _once(mission, State.ON_SCENE, TeamOnScene(now, command.device_time))


def clear(
    mission: Mission, command: ClearMission, now: datetime, also: Also
) -> list[MissionCleared]:
    """Keep the first result; a result after a clearing without one is recorded too."""
    _require_crew(mission, command)
    event = MissionCleared(now, command.result, command.device_time)
    if mission.state is not State.CLEARED or mission.ending is None:
        return [event]
    if event.result in ("", mission.ending.result):
        return []
    if mission.ending.result:
        raise InvalidTransition("ALREADY_CLEARED", time=mission.ending.end_time)
    return [event]


def refuse(
    mission: Mission, command: RefuseMission, now: datetime, also: Also
) -> list[MissionRefused]:
    _require_crew(mission, command)
    reason = require_text(command.reason, "REASON_MISSING")
    return [MissionRefused(now, reason, command.device_time)]


def _once(mission: Mission, reached: State, event: E) -> list[E]:
    """Accept a repeated step without an event."""
    known = RANK[mission.state] >= RANK[reached] and reached not in mission.progress.implied
    return [] if known else [event]


def delivered(mission: Mission, event: MissionDelivered) -> Mission:
    return _risen(mission, State.DELIVERED, event.time)


def acknowledged(mission: Mission, event: MissionAcknowledged) -> Mission:
    after = _risen(mission, State.ACKNOWLEDGED, event.time)
    signed = replace(after.progress, acknowledged_by=event.acknowledged_by)
    return replace(after, progress=signed)


def departed(mission: Mission, event: TeamEnRoute) -> Mission:
    return _risen(mission, State.EN_ROUTE, event.time)


def arrived(mission: Mission, event: TeamOnScene) -> Mission:
    return _risen(mission, State.ON_SCENE, event.time)


def cleared(mission: Mission, event: MissionCleared) -> Mission:
    """The end time is that of the first clearing, even if the result came later."""
    ending = mission.ending or Ending(event.time)
    after = _risen(mission, State.CLEARED, event.time)
    return replace(after, ending=replace(ending, result=event.result))


def refused(mission: Mission, event: MissionRefused) -> Mission:
    heard = _risen(mission, State.DELIVERED, event.time)
    was_silent = mission.state is State.PENDING
    implied = (State.DELIVERED,) if was_silent else mission.progress.implied
    return replace(
        heard,
        state=State.REFUSED,
        pushes=replace(heard.pushes, due_time=None),
        progress=replace(heard.progress, implied=implied),
        ending=Ending(event.time, refuse_reason=event.reason),
    )


def _risen(mission: Mission, reached: State, time: datetime) -> Mission:
    """Raise the mission to the state, or confirm a state that a later one had implied."""
    progress, pushes = mission.progress, mission.pushes
    if RANK[mission.state] >= RANK[reached]:
        still = tuple(state for state in progress.implied if state is not reached)
        return replace(mission, progress=replace(progress, implied=still))
    skipped = tuple(s for s in STAMPS if RANK[mission.state] < RANK[s] < RANK[reached])
    stamps: dict[str, Any] = {STAMPS[s]: time for s in (*skipped, reached) if s in STAMPS}
    return replace(
        mission,
        state=reached,
        progress=replace(progress, implied=progress.implied + skipped, **stamps),
        pushes=pushes if reached in UNANSWERED else replace(pushes, due_time=None),
    )


VERBS = (
    verb(ANY, receive, "NOT_YOUR_TEAM", "WRONG_SEQ"),
    verb(NOT_REFUSED, acknowledge, "NOT_YOUR_TEAM", otherwise=_require_crew),
    verb(NOT_REFUSED, depart, "NOT_YOUR_TEAM", otherwise=_require_crew),
    verb(NOT_REFUSED, arrive, "NOT_YOUR_TEAM", otherwise=_require_crew),
    verb(NOT_REFUSED, clear, "NOT_YOUR_TEAM", "ALREADY_CLEARED", otherwise=_require_crew),
    verb(UNANSWERED, refuse, "NOT_YOUR_TEAM", "REASON_MISSING", otherwise=_require_crew),
)
CHANGES = (
    change(delivered),
    change(acknowledged),
    change(departed),
    change(arrived),
    change(cleared),
    change(refused),
)
