"""The status of a team 队伍状态: set by the team itself or by a dispatcher."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from msgspec import Struct

from backbone.life_cycle import Also, change, creates
from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidArgument, NotFound
from backbone.words.roles import COMMANDERS
from backbone.words.sight import ORDER, watches_over
from services.emergency.mission.record import Team

TEAMS = UUID("0b0c6b86-5a0e-4f0e-9d43-6f2f3a1d7c55")


class Duty(StrEnum):
    AVAILABLE = "AVAILABLE"  # 待命
    RESTING = "RESTING"  # 休整
    OUT_OF_SERVICE = "OUT_OF_SERVICE"  # 停勤


class TeamStatus(Struct, frozen=True):
    id: UUID
    version: int
    time: datetime
    team: str
    unit: str
    area: str
    duty: Duty
    note: str
    set_by: str


class SetTeamStatus(Struct, frozen=True):
    """`of` is None if the directory has no such team; `own_team` is the actor's team."""

    by: Actor
    own_team: str
    team: str
    of: Team | None
    duty: Duty | None
    note: str


class TeamStatusSet(Struct, frozen=True):
    time: datetime
    team: str
    unit: str
    area: str
    duty: Duty
    note: str
    set_by: str


def status_id(team: str) -> UUID:
    return uuid5(TEAMS, team)


def set_status(
    status: TeamStatus | None, command: SetTeamStatus, now: datetime, also: Also
) -> list[TeamStatusSet]:
    """Set the status; the same status again causes no event."""
    if command.of is None:
        raise InvalidArgument("UNKNOWN_TEAM", team=command.team)
    _require_may_set(command, command.of)
    if command.duty is None:
        raise InvalidArgument("UNKNOWN_DUTY")
    if status and (status.duty, status.note) == (command.duty, command.note):
        return []
    of, who = command.of, command.by.user
    return [TeamStatusSet(now, command.team, of.unit, of.area, command.duty, command.note, who)]


def _require_may_set(command: SetTeamStatus, of: Team) -> None:
    """Allow the team itself, and commanders for the teams of their area and unit."""
    by = command.by
    if command.own_team == command.team:
        return
    if by.role not in COMMANDERS:
        raise Denied("NOT_YOUR_TEAM", team=command.team)
    if by.unit != of.unit and not watches_over(by, ORDER, of.area):
        raise NotFound("NO_SUCH_TEAM")


def require_may_set_again(status: TeamStatus, command: SetTeamStatus) -> None:
    """Answer a repeat while its caller may set the status, even if the team no longer exists."""
    _require_may_set(command, command.of or Team(status.unit, status.area))


def status_set(status: TeamStatus | None, event: TeamStatusSet) -> TeamStatus:
    return TeamStatus(
        id=status_id(event.team),
        version=status.version if status else 0,
        time=event.time,
        team=event.team,
        unit=event.unit,
        area=event.area,
        duty=event.duty,
        note=event.note,
        set_by=event.set_by,
    )


VERBS = (creates(set_status, "UNKNOWN_TEAM", "NO_SUCH_TEAM", "NOT_YOUR_TEAM", "UNKNOWN_DUTY"),)
CHANGES = (change(status_set),)
