"""A team of a unit that its matter begins to accuse: recalled, or left to the word of its desk."""

from dataclasses import replace as changed
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.words.actor import Actor
from backbone.words.city import Category, City
from backbone.words.policy import DESK_DECIDES
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from liandong.incident.v1.incident_pb2 import Matter
from services.emergency import codec
from services.emergency.accusing import (
    ELSEWHERE,
    hiding,
    of_source,
    told_to,
    without_accused,
    without_words,
)
from services.emergency.deciders import missions
from services.emergency.mission.correcting import ReviseMission
from services.emergency.mission.hiding import HideMission, MissionHidden
from services.emergency.mission.ladder import StopLadder
from services.emergency.mission.recalling import ConfirmRecall, WithdrawMission
from services.emergency.mission.record import (
    OVER,
    Cause,
    Mission,
    MissionFacts,
    Recall,
    State,
    Team,
)
from services.emergency.mission.table import BARRED, alert_time, project
from services.gateway.live.visibility import may_see, scope_of
from tests.cities import COUNTY
from tests.unit.alarm.receipts import CITY
from tests.unit.emergency.missions import (
    DISPATCH,
    FACTS,
    LEE,
    NOW,
    a_mission,
    after,
    decide,
    refusal_of,
)

OF_NORTH = replace(DISPATCH, team=replace(DISPATCH.team, unit="north") if DISPATCH.team else None)
DUTY = Actor("qian", "desk", "duty_officer")


def accused(against: str, city: City = CITY, unit: str = "north", by: str = "desk") -> HideMission:
    return hiding(Matter(against=against, desk="command"), unit, by, city, NOW)


RECALLED = accused("county")
POLICY = CITY.policy
assert POLICY is not None
KEPT = accused("county", changed(CITY, policy=changed(POLICY, accused_team=DESK_DECIDES)))


@pytest.mark.parametrize("against", ["north", "county"])
def test_it_is_called_back_and_told_nothing_of_the_accusation(against: str) -> None:
    mission = after(OF_NORTH, accused(against))
    assert mission.state is State.RECALLED and mission.recall is not None
    recall = mission.recall
    assert (recall.cause, recall.reason) == (Cause.DESK, ELSEWHERE)
    assert (recall.recalled_by, recall.recalled_unit) == ("", "desk")
    shown = codec.to_resource(mission, 1)
    told = str(shown)
    assert "county" not in told and "zhou" not in told and "accused" not in told


def test_its_unit_loses_the_mission_and_its_desk_hears_at_once_until_it_has_seen_to_it() -> None:
    mission = after(OF_NORTH, RECALLED)
    assert mission.facts.units == ("desk",) and codec.scope(mission).audience == ("desk",)
    row = project(mission)
    assert (row["unit"], row["ordered_unit"], row["area"]) == (BARRED, "desk", "")
    assert alert_time(mission) == mission.accused_since == NOW
    confirmed = after(ConfirmRecall(LEE), start=mission)
    assert alert_time(confirmed) == NOW
    seen = after(StopLadder(DUTY, "", "已另派队伍"), start=confirmed)
    assert alert_time(seen) is None and seen.hidden is not None
    assert (seen.hidden.seen_by, seen.hidden.seen_reason) == ("qian", "已另派队伍")


def test_that_it_is_hidden_is_told_to_the_desk_of_the_matter_and_to_the_auditor_alone() -> None:
    """The kind of the event is told live: it would tell the accusation to a team and its unit."""
    mission = after(OF_NORTH, accused("roads"))
    assert {*codec.scope(mission).audience} == {"north", "desk"}, "they read the mission on"
    hidden = MissionHidden(NOW, desk="command", against=("roads",))
    request: Any = Request(UUID(int=1), mission.id, accused("roads"), "", CLERK_AT_COMMAND, NEVER)
    event = EmergencyEvent.FromString(missions.journal_row(mission, hidden, request, b"").payload)
    scope = scope_of("emergency", event.meta)
    assert may_see(CLERK_AT_COMMAND, scope) and may_see(auditor("box"), scope)
    for unit, role in product(mission.facts.units, ("head", "team_leader", "dispatcher", "leader")):
        assert not may_see(Actor("x", unit, role, COUNTY), scope), (unit, role)
    assert not may_see(auditor("roads"), scope)


CLERK_AT_COMMAND = Actor("zhao", "command", "call_taker", COUNTY)


def auditor(unit: str) -> Actor:
    return Actor("shen", unit, "auditor", COUNTY)


@pytest.mark.parametrize("sent_with_it", [False, True])
def test_it_shows_the_area_of_its_team_as_before(sent_with_it: bool) -> None:
    """A missing area would tell the accusation."""
    code, team = next(iter(CITY.teams.items()))
    order = replace(OF_NORTH.order, team=code, against="roads" if sent_with_it else "")
    area = "" if sent_with_it else team.area
    sent = replace(OF_NORTH, order=order, team=Team(team.unit, area))
    mission = after(sent) if sent_with_it else after(sent, accused("roads"))
    assert mission.facts.area == "" and project(mission)["area"] == ""
    assert codec.to_resource(without_accused(mission, CITY), 1).area == team.area != ""


@pytest.mark.parametrize("state", list(State))
def test_heard_twice_it_is_recalled_once_and_never_after_its_end(state: State) -> None:
    mission = a_mission(state)
    recalls = [] if state in OVER else ["MissionRecalled"]
    events = decide(mission, RECALLED, NOW)
    assert [type(each).__name__ for each in events] == ["MissionHidden", *recalls]
    again = after(RECALLED, start=mission)
    assert decide(again, RECALLED, NOW) == []


def test_a_team_of_another_unit_goes_on() -> None:
    mission = after(OF_NORTH, accused("roads"))
    assert mission.state is State.PENDING
    assert mission.accused_since is None
    assert set(mission.facts.units) == {"north", "desk"}


def test_where_the_city_says_so_it_stays_until_a_superior_has_given_the_word() -> None:
    mission = after(OF_NORTH, KEPT)
    assert mission.state is State.PENDING and alert_time(mission) == NOW
    own = refusal_of(mission, StopLadder(replace(DUTY, unit="north"), "", "我队继续"))
    assert own.reason == "NO_SUCH_MISSION"
    crew = refusal_of(mission, StopLadder(replace(DUTY, unit="north"), "fire-1", "我队继续"))
    assert crew.reason == "NO_LADDER"
    word = after(StopLadder(DUTY, "", "现场无其他力量，暂由其控制"), start=mission)
    assert word.state is State.PENDING and alert_time(word) is None
    assert decide(word, KEPT, NOW) == []


def test_a_team_that_stays_hears_the_place_and_the_danger_alone() -> None:
    order = replace(OF_NORTH.order, note="走北门", narrative="两车相撞\n走北门")
    mission = after(replace(OF_NORTH, order=order), KEPT)
    facts = MissionFacts(FACTS.place, "民警收钱不立案", "accusation.official", "P1", "有刀")
    said = ReviseMission(facts, reason="报警人控告派出所")
    less = told_to(said, "north", mission.order, Matter(against="county"), CITY)
    revised = after(less, start=mission)
    assert revised.order.narrative == "两车相撞\n走北门"
    assert (revised.order.category, revised.order.danger) == ("traffic.accident", "有刀")
    assert revised.correction is not None and revised.correction.reason == ""


@pytest.mark.parametrize("unit", ["roads", "county"])
def test_a_team_of_another_unit_or_above_reads_no_accusation_that_is_told_late(unit: str) -> None:
    """Teams read none, unless the desk has sent them with it: then they hear the whole."""
    facts = MissionFacts(FACTS.place, "民警收钱不立案", "accusation.official", "P1", "有刀")
    said = ReviseMission(facts, reason="报警人控告派出所")
    matter = Matter(against="north")
    less = told_to(said, unit, DISPATCH.order, matter, CITY)
    revised = after(less, start=after(DISPATCH))
    assert (revised.order.narrative, revised.order.danger) == (DISPATCH.order.narrative, "有刀")
    assert (revised.order.priority, revised.order.category) == ("P1", DISPATCH.order.category)
    assert told_to(said, unit, DISPATCH.order, Matter(), CITY) == said
    knowing = replace(DISPATCH.order, against="north")
    assert told_to(said, unit, knowing, matter, CITY) == said
    assert told_to(said, "north", knowing, matter, CITY) != said


@pytest.mark.parametrize(("category", "told"), [("leak.chlorine", True), ("wages", False)])
def test_a_team_hears_a_class_that_asks_for_skills_and_no_other(category: str, told: bool) -> None:
    """What burns or leaks there is told, also of a matter that is unknown to the team."""
    wages = Category("wages", "欠薪", ("欠薪",), (), "P3")
    leak = Category("leak", "泄漏", ("泄漏",), (), "P1", skills=("chemicals",))
    city = changed(CITY, categories={**CITY.categories, "wages": wages, "leak": leak})
    facts = MissionFacts(FACTS.place, "民警不管液氯泄漏", category, "P1", "")
    said = ReviseMission(facts, reason="报警人控告派出所")
    seen = category if told else DISPATCH.order.category
    for command in (
        told_to(said, "roads", DISPATCH.order, Matter(against="north"), city),
        told_to(said, "north", OF_NORTH.order, Matter(against="north"), city),
        of_source(said, DISPATCH.order, "PETITION", city),
    ):
        order = after(command, start=after(DISPATCH)).order
        assert (order.category, order.narrative) == (seen, DISPATCH.order.narrative)


@pytest.mark.parametrize("knows", [False, True])
def test_nor_why_a_matter_ended_that_accuses_a_unit_since(knows: bool) -> None:
    order = replace(DISPATCH.order, against="north" if knows else "")
    mission = after(replace(DISPATCH, order=order), accused("north", unit="roads"))
    voided = WithdrawMission(Recall(Cause.INCIDENT_VOIDED, "诬告民警", NOW, "", "desk"))
    told = after(without_words(mission, voided, CITY), start=mission)
    assert told.recall is not None
    assert (told.recall.cause, told.recall.reason) == (
        Cause.INCIDENT_VOIDED,
        "诬告民警" if knows else "",
    )


def test_a_team_that_stays_is_not_told_why_the_matter_ended() -> None:
    mission = after(OF_NORTH, KEPT)
    voided = WithdrawMission(Recall(Cause.INCIDENT_VOIDED, "诬告民警", NOW, "", "desk"))
    told = after(without_words(mission, voided, CITY), start=mission)
    assert told.recall is not None and told.recall.reason == ""
    assert without_words(after(OF_NORTH), voided, CITY) == voided


def test_the_unit_that_ordered_it_may_be_accused_too_then_the_matters_desk_hears() -> None:
    order = replace(OF_NORTH.order, ordered_unit="north")
    mission = after(replace(OF_NORTH, order=order), accused("county", by="north"))
    assert mission.facts.units == ("command",)
    assert project(mission)["ordered_unit"] == "command"
    assert mission.recall is not None and mission.recall.recalled_unit == "command"


def test_the_desk_that_took_the_report_knows_it_though_it_is_accused() -> None:
    matter = Matter(against="county", desk="north")
    command: Any = hiding(matter, "north", "north", CITY, NOW)
    mission: Mission = after(OF_NORTH, command)
    assert mission.state is State.RECALLED and "north" in mission.facts.units


@pytest.mark.parametrize("source", ["PETITION", "CARE", "DISPUTE/PETITION", "ALARM", "DISPUTE", ""])
def test_teams_hear_no_words_of_a_matter_that_is_unknown_to_them(source: str) -> None:
    """A call may become a petition, of which neither its desk nor a team may know."""
    facts = MissionFacts(FACTS.place, "其妻上访三次", "labour.wages", "P1", "有刀")
    said = ReviseMission(facts, reason="信访人补充")
    told = told_to(said, "roads", DISPATCH.order, Matter(source=source), CITY)
    assert told == of_source(said, DISPATCH.order, source, CITY)
    order = after(told, start=after(DISPATCH)).order
    knows = source in ("ALARM", "DISPUTE", "")
    words = facts if knows else DISPATCH.order
    assert (order.narrative, order.category) == (words.narrative, words.category)
    assert (order.priority, order.danger, order.place) == ("P1", "有刀", FACTS.place)
    assert told.reason == ("信访人补充" if knows else "")
