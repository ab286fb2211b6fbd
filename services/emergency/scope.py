"""Who may see which missions and teams: their own, their unit's, those of their area."""

from dataclasses import dataclass

from backbone.rpc.caller import Call
from backbone.words.place import contains, significant
from backbone.words.roles import MISSION_WATCHERS

INSIDE = "service"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one caller may see; `area` is empty where the caller watches over none."""

    everything: bool
    team: str
    unit: str
    area: str

    @property
    def parameters(self) -> tuple[bool, str | None, str | None, str | None]:
        """The first four parameters of every query that is limited to what may be seen."""
        inside = significant(self.area) or None
        return self.everything, self.team or None, self.unit or None, inside

    def sees(self, team: str, unit: str, area: str) -> bool:
        return (
            self.everything
            or (bool(self.team) and team == self.team)
            or (bool(self.unit) and unit == self.unit)
            or contains(self.area, area)
        )


def sight_of(caller: Call) -> Sight:
    """A team's own people see their team; all others their unit, and watchers their area."""
    actor = caller.actor
    if caller.team:
        return Sight(False, caller.team, "", "")
    area = actor.area if actor.role in MISSION_WATCHERS else ""
    return Sight(actor.role == INSIDE, "", actor.unit, area)
