"""A matter that accuses a unit: none of its teams is recommended, wherever one is read."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from backbone.directory.entries import Record
from backbone.rpc.caller import metadata_for
from backbone.words.actor import SERVICE, Actor
from backbone.words.areas import Level
from backbone.words.city import Team, Unit
from backbone.words.ladder import Step
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1.hearing_service_pb2 import HearIncidentRequest
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from tests.emergency import COUNTY, Desk, a_ladder, plant_city, serving, some_settings
from tests.installation import Installation

ZHAO = Actor("zhao", "desk", "dispatcher", "990100")
ACCUSED, BELOW = f"{COUNTY}-rescue", f"{COUNTY}001-rescue"


def a_team(code: str, unit: str) -> Team:
    return Team(code, code, unit, COUNTY, ("fire",), "", ())


CITY: Sequence[Record] = (
    Unit(ACCUSED, "救援队", "fire", COUNTY, "", Level.COUNTY),
    Unit(BELOW, "青山镇救援站", "fire", f"{COUNTY}001", ACCUSED, Level.TOWNSHIP),
    a_team("a-rescue", ACCUSED),
    a_team("b-station", BELOW),
    a_ladder([Step(1, "NOT_ACKNOWLEDGED", ("DESK", "NEXT_TEAM"))], every_seconds=1),
)


async def named(desk: Desk, mission: str) -> list[list[str]]:
    """The teams that the alert names, those of the mission, those of the list, and those of the
    fired rungs."""
    by = metadata_for(desk.token, ZHAO)
    service = metadata_for(desk.token, Actor("", "", SERVICE))
    one = pb.GetMissionRequest(mission_id=mission)
    found = (await desk.stub.GetMission(one, metadata=service, timeout=30)).mission
    every = await desk.stub.ListMissions(pb.ListMissionsRequest(), metadata=by, timeout=30)
    alerts = [each for each in (await desk.alerts(ZHAO)).items if each.mission_id == mission]
    listed = [each for each in every.items if each.id == mission]
    return [
        [each.team for item in items for each in item.next_teams]
        for items in (alerts, [found], listed, found.fired)
    ]


async def rung(desk: Desk, mission: str) -> Any:
    async with asyncio.timeout(10):
        while not (alerts := (await desk.alerts(ZHAO)).items):
            await asyncio.sleep(0.05)
    [alert] = alerts
    return alert


async def accuse(desk: Desk, of: UUID, unit: str) -> None:
    facts = {"id": str(of), "narrative": "救援队员打人", "priority": "P1", "against": unit}
    event = IncidentEvent(
        meta=Meta(event_id=str(uuid4()), aggregate_id=str(of), version=3, actor="zhao"),
        amended={"matter": facts | {"desk": "command"}},
    )
    told = HearIncidentRequest(events=[event.SerializeToString()])
    by = metadata_for(desk.token, Actor("", "", SERVICE))
    await desk.hearing.HearIncident(told, metadata=by, timeout=30)


@pytest.mark.parametrize("accused", [ACCUSED, BELOW])
async def test_an_order_that_accuses_a_unit(database: Installation, accused: str) -> None:
    """The next rung, and a refusal, recommend other teams."""
    await plant_city(database.admin, more=CITY)
    async with serving(some_settings(database.url("emergency"))) as desk:
        mission = (await desk.dispatch(against=accused)).mission.id
        await rung(desk, mission)
        allowed = ["a-rescue"] if accused == BELOW else []
        for teams in await named(desk, mission):
            assert {"a-rescue", "b-station"} & {*teams} == {*allowed}
            assert "fire-2" in teams


async def test_a_matter_that_accuses_a_unit_only_later(database: Installation) -> None:
    """What was recommended before is shown no more; nor is it after the next rung."""
    await plant_city(database.admin, more=CITY)
    async with serving(some_settings(database.url("emergency"))) as desk:
        receipt = uuid4()
        mission = (await desk.dispatch(receipt=receipt)).mission.id
        before = (await rung(desk, mission)).rung
        for teams in await named(desk, mission):
            assert {"a-rescue", "b-station"} <= {*teams}
        await accuse(desk, receipt, ACCUSED)
        for teams in await named(desk, mission):
            assert not {"a-rescue", "b-station"} & {*teams}
        async with asyncio.timeout(10):
            while (await rung(desk, mission)).rung < before + 2:
                await asyncio.sleep(0.05)
        for teams in await named(desk, mission):
            assert not {"a-rescue", "b-station"} & {*teams}
