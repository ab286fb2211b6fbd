"""The status of a team 队伍状态: what it says of itself, or a dispatcher says of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidArgument, NotFound
from backbone.words.place import contains
from services.emergency.mission.record import Team

TEAMS = UUID("0b0c6b86-5a0e-4f0e-9d43-6f2f3a1d7c55")
MAY_SET_OTHERS = frozenset({"dispatcher", "duty_officer"})


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
    """`of` is None where the directory knows no such team; `own_team` is the actor's."""

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


def decide(status: TeamStatus | None, command: SetTeamStatus, now: datetime) -> list[TeamStatusSet]:
    """Return what happens, or raise a Refusal."""
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
    """The team of itself; who commands an area, of the teams in it and of the own unit."""
    by = command.by
    if command.own_team == command.team:
        return
    if by.role not in MAY_SET_OTHERS:
        raise Denied("NOT_YOUR_TEAM", team=command.team)
    if by.unit != of.unit and not contains(by.area, of.area):
        raise NotFound("NO_SUCH_TEAM")


def evolve(status: TeamStatus | None, event: TeamStatusSet) -> TeamStatus:
    """Return the status after the event. Never fails."""
    return TeamStatus(
        id=status_id(event.team),
        version=status.version + 1 if status else 1,
        time=event.time,
        team=event.team,
        unit=event.unit,
        area=event.area,
        duty=event.duty,
        note=event.note,
        set_by=event.set_by,
    )
