"""Hiding: once a matter accuses a unit, the watchers of the area no longer see its missions, and a
team of that unit is called back."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from services.emergency.mission.hidden import Hidden
from services.emergency.mission.recalling import MissionRecalled, called_back
from services.emergency.mission.record import OVER, UNDER_WAY, Mission, Recall


class HideMission(Struct, frozen=True):
    """Hide the mission from the watchers of the area, who may belong to the accused; the desk and
    the team still see it.

    `barred` are those of its units that are accused, or stand below the accused. `accused` says
    that the team belongs to one of them: `recall` calls it back without a word of the matter, or is
    None where the city's policy leaves that to the desk. `against` is the accused unit.
    """

    desk: str = ""
    barred: tuple[str, ...] = ()
    accused: bool = False
    recall: Recall | None = None
    against: str = ""


class MissionHidden(Struct, frozen=True):
    time: datetime
    barred: tuple[str, ...] = ()
    desk: str = ""
    accused: bool = False
    against: tuple[str, ...] = ()


def hide(
    mission: Mission, command: HideMission, now: datetime, also: Also
) -> list[MissionHidden | MissionRecalled]:
    known = mission.hidden or Hidden(now)
    barred = tuple(dict.fromkeys((*known.barred, *command.barred)))
    accused = known.accused or command.accused
    named = not command.against or command.against in mission.against
    if named and not mission.release.area and (barred, accused) == (known.barred, known.accused):
        return []
    against = tuple(filter(None, (*known.against, "" if named else command.against)))
    hidden = MissionHidden(now, barred, known.desk or command.desk, accused, against)
    if not command.accused or command.recall is None or mission.state in OVER:
        return [hidden]
    return [hidden, called_back(mission, command.recall, now)]


def _hidden(mission: Mission, event: MissionHidden) -> Mission:
    known = mission.hidden or Hidden(event.time)
    told = replace(
        known,
        barred=event.barred,
        desk=event.desk,
        accused=event.accused,
        against=event.against,
    )
    return replace(mission, release=replace(mission.release, area=""), hidden=told)


VERBS = (verb(UNDER_WAY | OVER, hide),)
CHANGES = (change(_hidden),)
