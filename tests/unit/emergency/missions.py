"""A dispatch, two crews, their steps, and what comes of them, for the tests of missions."""

from datetime import UTC, datetime
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.words.errors import Refusal
from backbone.words.place import Place
from services.emergency.mission import MISSIONS
from services.emergency.mission.correcting import ReviseMission
from services.emergency.mission.dispatching import DispatchMission
from services.emergency.mission.recalling import WithdrawMission
from services.emergency.mission.record import (
    Cause,
    Mission,
    MissionFacts,
    Order,
    Recall,
    State,
    Team,
)
from services.emergency.mission.rising import RANK
from services.emergency.mission.rungs import Ladder, NextTeam, Rung, Told
from services.emergency.mission.steps import (
    AcknowledgeMission,
    ClearMission,
    Crew,
    ReceiveMission,
    RefuseMission,
    ReportEnRoute,
    ReportOnScene,
)
from tests.life_cycles import ALONE

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MATTER = UUID(int=7)
LEE, STRANGER = Crew("lee", "fire-1"), Crew("wang", "fire-2")
DISPATCH = DispatchMission(
    order=Order(
        matter_id=MATTER,
        code="990101260101-000001-3",
        team="fire-1",
        priority="P1",
        place=Place("长风路12号"),
        narrative="两车相撞",
        category="traffic.accident",
        exercise=False,
        ordered_by="zhao",
        ordered_unit="desk",
    ),
    team=Team("990101-fire", "990101"),
    pauses=(10, 20, 40),
    acknowledge_seconds=60,
)

RUNGS = (
    Rung(3, "NOT_DELIVERED", ("TEAM",)),
    Rung(8, "NOT_DELIVERED", ("TEAM_LEADER",), ("SMS", "VOICE")),
    Rung(15, "NOT_ACKNOWLEDGED", ("TEAM", "DESK")),
    Rung(30, "NOT_ACKNOWLEDGED", ("TEAM", "DESK", "DEPUTY", "NEXT_TEAM"), ("VOICE",)),
    Rung(60, "NOT_ACKNOWLEDGED", ("TEAM", "SUPERVISION")),
)
LADDER_DISPATCH = replace(DISPATCH, ladder=Ladder(RUNGS, 60))
PEOPLE = (
    Told("TEAM_LEADER", "990101-fire", ("sun",)),
    Told("DEPUTY", "990101-fire", ("chen",)),
    Told("SUPERVISION", "990101-government", ("han",)),
)
NEXT = (NextTeam("fire-2", "990101-fire", ("SAME_SKILL", "FREE")),)
FACTS = MissionFacts(Place("长风路12号"), "两车相撞", "traffic.accident", "P1", "")
MOVED = ReviseMission(replace(FACTS, place=Place("长风路21号")), "地址更正", str(MATTER))
WITHDRAW = WithdrawMission(Recall(Cause.INCIDENT_VOIDED, "谎报", NOW, "zhao", "desk"))


def decide(mission: Mission | None, command: Any, now: datetime) -> list[Any]:
    return MISSIONS.decide(mission, command, now, ALONE)


evolve = MISSIONS.evolve


def after(*commands: Any, start: Mission | None = None) -> Mission:
    mission = start
    for command in commands:
        mission = reduce(evolve, decide(mission, command, NOW), mission)
    assert mission is not None
    return mission


STEPS: list[Any] = [
    ReceiveMission(LEE),
    AcknowledgeMission(LEE),
    RefuseMission(LEE, "vehicle broken"),
    ReportEnRoute(LEE),
    ReportOnScene(LEE),
    ClearMission(LEE, "done"),
]
REACHES = {
    ReceiveMission: State.DELIVERED,
    AcknowledgeMission: State.ACKNOWLEDGED,
    ReportEnRoute: State.EN_ROUTE,
    ReportOnScene: State.ON_SCENE,
    ClearMission: State.CLEARED,
}


def a_mission(state: State) -> Mission:
    """A mission that came to its state step by step, each of them reported."""
    if state is State.REFUSED:
        return after(DISPATCH, ReceiveMission(LEE), RefuseMission(LEE, "no crew"))
    if state is State.RECALLED:
        return after(DISPATCH, ReceiveMission(LEE), WITHDRAW)
    steps: list[Any] = [step for step in STEPS if type(step) in REACHES]
    return after(DISPATCH, *(s for s in steps if RANK[REACHES[type(s)]] <= RANK[state]))


def refusal_of(mission: Mission | None, command: Any, now: datetime = NOW) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decide(mission, command, now)
    return caught.value


def as_dict(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}
