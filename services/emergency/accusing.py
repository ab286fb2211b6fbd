"""Decides for the missions of a matter that begins to accuse a unit, and what teams hear of matters
that are unknown to them. Pure."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from backbone.words.city import City
from backbone.words.competence import skills_for
from backbone.words.policy import RECALL
from backbone.words.sight import is_blind
from services.emergency.mission.correcting import ReviseMission
from services.emergency.mission.hiding import HideMission
from services.emergency.mission.recalling import WithdrawMission
from services.emergency.mission.record import Cause, Mission, Order, Recall

TEAM = "team_leader"
# The reason that a team of the accused unit reads: it must not learn the true one. Its words stand
# beside it, in the language of who reads it.
ELSEWHERE = "ARRANGED_OTHERWISE"


def without_accused(mission: Mission, city: City) -> Mission:
    """The mission as it is shown. It has the area of its team, which it lost as it was hidden from
    who watches over that: an area that is missing of a sudden would tell the accusation. The teams
    that could go instead were found before it accused a unit: none of that one is shown."""
    team = city.teams.get(mission.order.team)
    if team is not None and not mission.release.area:
        mission = replace(mission, release=replace(mission.release, area=team.area))
    ladder = mission.ladder
    if ladder is None or not mission.against:
        return mission
    teams = tuple(t for t in ladder.next_teams if not city.is_accused(t.unit, *mission.against))
    return replace(mission, ladder=replace(ladder, next_teams=teams))


def hiding(matter: Any, unit: str, ordered_unit: str, city: City, time: datetime) -> HideMission:
    """The command for a mission of a team of this unit, ordered by that one.

    The desk that has taken the matter down knows of it, also where it is accused itself.
    """
    desk, against = matter.desk, matter.against
    units = dict.fromkeys((unit, ordered_unit))
    barred = [each for each in units if each != desk and city.is_accused(each, against)]
    accused = city.is_accused(unit, against)
    recalls = accused and (city.policy is None or city.policy.accused_team == RECALL)
    by = desk if ordered_unit in barred else ordered_unit
    recall = Recall(Cause.DESK, ELSEWHERE, time, "", by) if recalls else None
    return HideMission(desk, tuple(barred), accused, recall, against)


def told_to(command: Any, unit: str, order: Order, matter: Any, city: City) -> Any:
    """The command as a mission of a team of this unit hears it: the whole, unless the matter
    accuses a unit since the team was sent, or the team's own, or is unknown to teams. Teams read no
    accusation that the desk has not sent them with."""
    against = matter.against
    knows = not against or (bool(order.against) and not city.is_accused(unit, against))
    if not knows:
        return _without_words(command, order, city)
    return of_source(command, order, matter.source, city)


def of_source(command: Any, order: Order, source: str, city: City) -> Any:
    """The command as teams hear it of a matter of this source: what a call has become at another
    desk may be unknown to them and to the desk that has sent them. They know the words of the call.
    """
    return _without_words(command, order, city) if is_blind(TEAM, source) else command


def _without_words(command: Any, order: Order, city: City) -> Any:
    """Of a correction where, how urgent and how dangerous it is; of a recall that it is one. Words
    and class, and why the matter ended, might tell the accusation.

    A class that asks for skills of a team, as a fire or a leak of chlorine, says what the team
    meets there, and no more than any other call: it is told.
    """
    if isinstance(command, WithdrawMission):
        return replace(command, recall=replace(command.recall, reason=""))
    if not isinstance(command, ReviseMission):
        return command
    words = order.narrative.removesuffix(f"\n{order.note}") if order.note else order.narrative
    told = command.facts.category
    category = told if skills_for(city, told) else order.category
    facts = replace(command.facts, narrative=words, category=category)
    return replace(command, facts=facts, reason="")


def of_mission(mission: Mission, matter: Any, city: City, time: datetime) -> HideMission:
    return hiding(matter, mission.release.unit, mission.order.ordered_unit, city, time)


def without_words(mission: Mission, command: Any, city: City) -> Any:
    """What follows of a matter of which it is known that it accuses a unit since the team was
    sent."""
    knows = mission.hidden is None or bool(mission.order.against)
    return command if knows else _without_words(command, mission.order, city)
