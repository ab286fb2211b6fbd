"""Who may see which missions and teams: their own, their unit's, those of their area."""

from dataclasses import dataclass

from backbone.postgres.conditions import Sight, Under, equal
from backbone.rpc.caller import Call
from backbone.words.place import contains, significant
from backbone.words.roles import MISSION_WATCHERS
from services.emergency.mission.record import Mission

INSIDE = "service"


@dataclass(frozen=True, slots=True)
class Scope:
    """What one caller may see; `area` is empty where the caller watches over none."""

    everything: bool
    team: str
    unit: str
    area: str

    @property
    def conditions(self) -> tuple[Sight, ...]:
        """The rule `sees_mission` over projected columns: any of these shows a mission."""
        if self.everything:
            return ((),)
        found: list[Sight] = []
        if self.team:
            found.append((equal("team", self.team),))
        if self.area:
            found.append((Under("area", significant(self.area)),))
        if self.unit:
            found += [(equal("unit", self.unit),), (equal("ordered_unit", self.unit),)]
        return tuple(found)

    def sees_mission(self, mission: Mission) -> bool:
        """Its team's people, its unit, the unit that ordered it, those who watch over the area."""
        order, release = mission.order, mission.release
        ordered = bool(self.unit) and order.ordered_unit == self.unit
        return ordered or self.sees(order.team, release.unit, release.area)

    def sees(self, team: str, unit: str, area: str) -> bool:
        return (
            self.everything
            or (bool(self.team) and team == self.team)
            or (bool(self.unit) and unit == self.unit)
            or contains(self.area, area)
        )


def sight_of(caller: Call) -> Scope:
    """A team's own people see their team; all others their unit, and watchers their area."""
    actor = caller.actor
    if caller.team:
        return Scope(False, caller.team, "", "")
    area = actor.area if actor.role in MISSION_WATCHERS else ""
    return Scope(actor.role == INSIDE, "", actor.unit, area)
