"""Hiding: a matter that accuses a unit since a correction is watched by none any more."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from services.emergency.mission.record import OVER, UNDER_WAY, Mission


class HideMission(Struct, frozen=True):
    """Who watches over the area may belong to the accused; team, unit and desk know of it."""


class MissionHidden(Struct, frozen=True):
    time: datetime


def hide(mission: Mission, command: HideMission, now: datetime, also: Also) -> list[MissionHidden]:
    return [MissionHidden(now)] if mission.release.area else []


def _hidden(mission: Mission, event: MissionHidden) -> Mission:
    return replace(mission, release=replace(mission.release, area=""))


VERBS = (verb(UNDER_WAY | OVER, hide),)
CHANGES = (change(_hidden),)
