"""A mission that joins an accusing incident by a link: its incident is asked before the event of
that incident comes, and a team of the accused unit is called back instead of told."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.incident.v1.incident_service_pb2 import ReadIncidentResponse
from services.emergency.accusing import ELSEWHERE
from services.emergency.mission.record import Cause, Mission, State
from tests.unit.emergency.roads import CITY, TEAMS, Flow, World

SENT, ACCUSING = UUID(int=1), UUID(int=2)
TEAM_UNIT = CITY.teams[TEAMS[0]].unit
WORDS = "消防站收了钱不救火"


class Accusing(World):
    """Workflow answers that the incident accuses this unit."""

    def __init__(self, seed: int, against: str) -> None:
        super().__init__(seed)
        self._against = against

    async def find(self, incident: UUID) -> ReadIncidentResponse | None:
        found = await super().find(incident)
        if found is not None and incident == ACCUSING:
            found.against = self._against
            found.incident.desk, found.incident.narrative = "command", WORDS
        return found


async def joined(seed: int, against: str) -> Mission:
    """The mission of a receipt that was then linked to the accusing incident."""
    world = Accusing(seed, against)
    world.take()
    await world.order()
    flow = world.flows[ACCUSING] = Flow(ACCUSING, world.text())
    linked: Any = {"incident_id": str(ACCUSING), "incident": {"state": flow.state}}
    world.tell(AlarmEvent, SENT, 9, repeat_linked=linked)
    await asyncio.gather(*world.running)
    while await world.consume(("AlarmEvent", SENT)):
        pass
    for _ in range(20):
        await world.catch_up()
    [mission] = world.store.every.values()
    assert mission.order.matter_id == ACCUSING and not mission.is_behind
    return mission


@pytest.mark.parametrize("seed", range(6))
async def test_a_team_of_the_accused_is_called_back_and_hears_no_word(seed: int) -> None:
    mission = await joined(seed, TEAM_UNIT)
    assert mission.state is State.RECALLED and mission.recall is not None
    assert (mission.recall.cause, mission.recall.reason) == (Cause.DESK, ELSEWHERE)
    assert WORDS not in str(mission)


async def test_a_team_of_another_unit_goes_on_without_them_and_no_watcher_sees_it() -> None:
    """Teams read no accusation, unless the desk has sent them with it."""
    mission = await joined(1, "north")
    assert mission.state is State.PENDING and WORDS not in str(mission)
    assert (mission.release.area, mission.against) == ("", ("north",))
