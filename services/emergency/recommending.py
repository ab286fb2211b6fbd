"""Which teams could go in the place of one that does not answer, the best first. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from backbone.words.areas import ancestors
from backbone.words.city import City, Team
from backbone.words.competence import skills_for
from services.emergency.mission.rungs import NextTeam
from services.emergency.staffing import on_duty

MOST = 3


@dataclass(frozen=True, slots=True)
class Situation:
    """The state of the teams: their duty, their open missions, and who has a terminal."""

    out: Collection[str] = ()
    open_missions: dict[str, int] | None = None
    connected: Collection[str] = ()

    def missions_of(self, team: str) -> int:
        return (self.open_missions or {}).get(team, 0)


def recommend(
    city: City,
    instead_of: str,
    category: str,
    situation: Situation,
    sent: Collection[str],
    against: Collection[str] = (),
) -> tuple[NextTeam, ...]:
    """The teams with a skill for the matter that can be sent and were not sent to it.

    None is of a unit that the matter is `against`, or of one below it.

    The class of the matter says which skills, the best first. A class that wants none, and one that
    is not known, is a matter for teams like the silent one.
    """
    silent = city.teams.get(instead_of)
    if silent is None:
        return ()
    wanted = skills_for(city, category)
    skills = wanted or silent.skills
    able = (
        team
        for team in city.teams.values()
        if team.code not in {instead_of, *sent, *situation.out}
        and set(team.skills) & set(skills)
        and on_duty(city, team.code) != 0
        and not city.is_accused(team.unit, *against)
    )

    def place(team: Team) -> tuple[int, int, int, int, bool, str]:
        best = min((wanted.index(each) for each in team.skills if each in wanted), default=0)
        shared = len(set(team.skills) & set(silent.skills))
        load = situation.missions_of(team.code)
        far = _distance(silent.area, team.area)
        return (best, load, far, -shared, team.code not in situation.connected, team.code)

    best = sorted(able, key=place)[:MOST]
    return tuple(_reasoned(team, silent, wanted, situation) for team in best)


def _reasoned(team: Team, silent: Team, wanted: Collection[str], situation: Situation) -> NextTeam:
    load = situation.missions_of(team.code)
    reasons = ["WANTED_SKILL"] if wanted else []
    if set(team.skills) & set(silent.skills):
        reasons.append("SAME_SKILL")
    if team.area == silent.area:
        reasons.append("SAME_AREA")
    elif _distance(silent.area, team.area) <= 2:
        reasons.append("NEAR")
    if not load:
        reasons.append("FREE")
    if team.code in situation.connected:
        reasons.append("CONNECTED")
    return NextTeam(team.code, team.unit, tuple(reasons), load)


def _distance(one: str, other: str) -> int:
    """How many steps through the tree of areas lie between two areas."""
    above, below = ancestors(one), ancestors(other)
    common = len(set(above) & set(below))
    return len(above) + len(below) - 2 * common
