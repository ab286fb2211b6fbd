"""The steps of a team: the rank only rises; a later step implies the earlier ones."""

from datetime import datetime
from typing import Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition, NotFound
from backbone.words.guards import require_text
from services.emergency.mission.record import (
    ANY,
    UNANSWERED,
    UNDER_WAY,
    Ending,
    Mission,
    State,
)
from services.emergency.mission.rising import RANK, rank_of, risen

E = TypeVar("E")

# A terminal that was offline sends its steps late and out of order: record them, do not refuse.
NOT_REFUSED = ANY - {State.REFUSED}


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
    """`revision` is the one that the person has seen; 0 stands for the present one."""

    by: Crew
    device_time: datetime | None = None
    revision: int = 0


class RefuseMission(Struct, frozen=True):
    """`unable` says that a team which has answered cannot go on: without it, a late refusal of
    another device would end a mission that the team works on."""

    by: Crew
    reason: str
    device_time: datetime | None = None
    unable: bool = False


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


class ByCrew(Protocol):
    """A command of a person of the team."""

    @property
    def by(self) -> Crew: ...


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
    revision: int = 0


class MissionRefused(Struct, frozen=True):
    time: datetime
    reason: str
    device_time: datetime | None
    unable: bool = False


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


def require_crew(mission: Mission, command: ByCrew) -> None:
    """Raises Denied: people of the unit may read the mission, only the team takes its steps."""
    if command.by.team != mission.order.team:
        raise Denied("NOT_YOUR_TEAM", team=mission.order.team)


def receive(
    mission: Mission, command: ReceiveMission, now: datetime, also: Also
) -> list[MissionDelivered]:
    require_crew(mission, command)
    if command.seq not in (0, command.entry):
        raise InvalidArgument("WRONG_SEQ", seq=command.seq)
    return _once(mission, State.DELIVERED, MissionDelivered(now, command.device_time))


def acknowledge(
    mission: Mission, command: AcknowledgeMission, now: datetime, also: Also
) -> list[MissionAcknowledged]:
    """Record each revision once; an older one too, whatever the mission has become."""
    require_crew(mission, command)
    revision = command.revision or mission.pushes.revision
    if revision > mission.pushes.revision:
        raise InvalidArgument("UNKNOWN_REVISION", revision=revision, known=mission.pushes.revision)
    event = MissionAcknowledged(now, command.by.user, command.device_time, revision)
    known = revision in mission.progress.signed and State.ACKNOWLEDGED not in (
        mission.progress.implied
    )
    return [] if known else [event]


def depart(
    mission: Mission, command: ReportEnRoute, now: datetime, also: Also
) -> list[TeamEnRoute]:
    require_crew(mission, command)
    return _once(mission, State.EN_ROUTE, TeamEnRoute(now, command.device_time))


def arrive(
    mission: Mission, command: ReportOnScene, now: datetime, also: Also
) -> list[TeamOnScene]:
    require_crew(mission, command)
    return _once(mission, State.ON_SCENE, TeamOnScene(now, command.device_time))


def clear(
    mission: Mission, command: ClearMission, now: datetime, also: Also
) -> list[MissionCleared]:
    """Keep the first result; a result after a clearing without one is recorded too."""
    require_crew(mission, command)
    event = MissionCleared(now, command.result, command.device_time)
    if mission.ending is None:
        return [event]
    if event.result in ("", mission.ending.result):
        return []
    if mission.ending.result:
        raise InvalidTransition("ALREADY_CLEARED", time=mission.ending.end_time)
    return [event]


def refuse(
    mission: Mission, command: RefuseMission, now: datetime, also: Also
) -> list[MissionRefused]:
    require_crew(mission, command)
    reason = require_text(command.reason, "REASON_MISSING")
    if mission.ending is not None and mission.ending.refuse_reason:
        return []
    answered = _has_answered(mission)
    if answered and not command.unable:
        raise InvalidTransition("ALREADY_ACKNOWLEDGED", by=mission.progress.acknowledged_by)
    return [MissionRefused(now, reason, command.device_time, answered)]


def _has_answered(mission: Mission) -> bool:
    return mission.ending is None and mission.state not in UNANSWERED


def _break_down(mission: Mission) -> dict[str, bool]:
    """A team that has answered may still refuse, because it is unable to go on."""
    return {"unable": _has_answered(mission)}


def _once(mission: Mission, reached: State, event: E) -> list[E]:
    """Accept a repeated step without an event."""
    progress = mission.progress
    known = rank_of(mission) >= RANK[reached] and reached not in progress.implied
    return [] if known else [event]


def delivered(mission: Mission, event: MissionDelivered) -> Mission:
    return risen(mission, State.DELIVERED, event.time)


def acknowledged(mission: Mission, event: MissionAcknowledged) -> Mission:
    """Facts that the team has signed for are no longer shown as changed."""
    after = risen(mission, State.ACKNOWLEDGED, event.time, event.revision or 1)
    present = (event.revision or 1) >= mission.pushes.revision
    return replace(
        after,
        progress=replace(after.progress, acknowledged_by=event.acknowledged_by),
        correction=None if present else mission.correction,
    )


def departed(mission: Mission, event: TeamEnRoute) -> Mission:
    return risen(mission, State.EN_ROUTE, event.time)


def arrived(mission: Mission, event: TeamOnScene) -> Mission:
    return risen(mission, State.ON_SCENE, event.time)


def cleared(mission: Mission, event: MissionCleared) -> Mission:
    """The end time is that of the first clearing, even if the result came later."""
    ending = replace(mission.ending or Ending(event.time), result=event.result)
    if mission.state is State.RECALLED:
        return replace(mission, ending=ending)
    return replace(risen(mission, State.CLEARED, event.time), ending=ending)


def refused(mission: Mission, event: MissionRefused) -> Mission:
    if mission.state is State.RECALLED and mission.ending is not None:
        return replace(mission, ending=replace(mission.ending, refuse_reason=event.reason))
    heard = risen(mission, State.DELIVERED, event.time)
    was_silent = mission.state is State.PENDING
    implied = (State.DELIVERED,) if was_silent else mission.progress.implied
    return replace(
        heard,
        state=State.REFUSED,
        pushes=replace(heard.pushes, due_time=None),
        progress=replace(heard.progress, implied=implied),
        ending=Ending(event.time, refuse_reason=event.reason),
    )


VERBS = (
    verb(ANY, receive, "NOT_YOUR_TEAM", "WRONG_SEQ"),
    verb(NOT_REFUSED, acknowledge, "NOT_YOUR_TEAM", "UNKNOWN_REVISION", otherwise=require_crew),
    verb(NOT_REFUSED, depart, "NOT_YOUR_TEAM", otherwise=require_crew),
    verb(NOT_REFUSED, arrive, "NOT_YOUR_TEAM", otherwise=require_crew),
    verb(NOT_REFUSED, clear, "NOT_YOUR_TEAM", "ALREADY_CLEARED", otherwise=require_crew),
    verb(
        UNDER_WAY | {State.RECALLED},
        refuse,
        "NOT_YOUR_TEAM",
        "REASON_MISSING",
        "ALREADY_ACKNOWLEDGED",
        otherwise=require_crew,
        likely=_break_down,
    ),
)
CHANGES = (
    change(delivered),
    change(acknowledged),
    change(departed),
    change(arrived),
    change(cleared),
    change(refused),
)
