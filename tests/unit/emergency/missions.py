"""A dispatch, two crews, and what commands make of a mission, for the tests of the pure parts."""

from datetime import UTC, datetime
from functools import reduce
from typing import Any
from uuid import UUID

from backbone.life_cycle import Also
from backbone.words.place import Place
from services.emergency.mission import MISSIONS
from services.emergency.mission.dispatching import DispatchMission
from services.emergency.mission.record import Mission, Order, Team
from services.emergency.mission.steps import Crew

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


class Alone:
    """A mission is decided without a look at any other aggregate."""

    def one(self, key: UUID) -> Any | None:
        raise LookupError(key)

    def members(self, key: UUID) -> frozenset[UUID]:
        raise LookupError(key)


ALONE: Also = Alone()


def decide(mission: Mission | None, command: Any, now: datetime) -> list[Any]:
    return MISSIONS.decide(mission, command, now, ALONE)


evolve = MISSIONS.evolve


def after(*commands: Any, start: Mission | None = None) -> Mission:
    mission = start
    for command in commands:
        mission = reduce(evolve, decide(mission, command, NOW), mission)
    assert mission is not None
    return mission
