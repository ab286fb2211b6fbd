"""A team at the scene, told by the emergency service's own topic: the incident waits no longer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from backbone.kafka.producer import open_producer
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent, TeamOnScene
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1 import incident_service_pb2 as pb
from services.workflow.arriving import EVENTS
from tests.cities import a_city
from tests.integration.workflow.test_supervision import DESK, LI, a_console, over_the_stream
from tests.processes import PATIENCE, Installation, an_installation
from tests.servers import Broker
from tests.signing import signed


@pytest.fixture
async def home(template: str, broker: Broker, tmp_path: Path) -> AsyncIterator[Installation]:
    async with an_installation(template, broker, tmp_path) as installation:
        await installation.know(a_city(arrival_minutes={"ALARM": 15}), "workflow")
        yield installation


def on_scene(matter: str) -> bytes:
    meta = Meta(event_id=str(uuid4()), aggregate_id=str(uuid4()), correlation_id=matter, version=5)
    return EmergencyEvent(meta=meta, on_scene=TeamOnScene()).SerializeToString()


async def test_a_team_at_the_scene_stops_the_arrival_once(home: Installation) -> None:
    async with a_console(home) as console:
        with home.started("workflow-stream"):
            await over_the_stream(console)
            incident = await console.held(LI)
            asked = pb.GetIncidentRequest(incident_id=incident)
            found = await console.call(LI, "GetIncident", asked)
            assert "ARRIVAL" in [each.clock for each in found.due]
            async with open_producer(home.broker.address) as producer:
                for matter in (str(uuid4()), incident, incident):  # the first is no incident yet
                    key, value = matter.encode(), on_scene(matter)
                    headers = signed(EVENTS, key, value)
                    await producer.send_and_wait(EVENTS, value, key=key, headers=headers)
            async with asyncio.timeout(PATIENCE):
                while "ARRIVAL" in [each.clock for each in found.due]:
                    await asyncio.sleep(0.1)
                    found = await console.call(LI, "GetIncident", asked)
            assert "CLAIM_IDLE" in [each.clock for each in found.due]
            timeline = pb.GetTimelineRequest(incident_id=incident)
            told = await console.call(DESK, "GetTimeline", timeline)
            assert [each.kind for each in told.items].count("TeamArrived") == 1
