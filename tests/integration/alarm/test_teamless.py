"""Each way to P1 recommends teams, and an urgent matter without one waits at its desk."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio

from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel
from backbone.words.actor import Actor
from backbone.words.city import City
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as missions
from liandong.emergency.v1 import emergency_service_pb2_grpc as emergency
from liandong.incident.v1 import incident_service_pb2 as incidents
from liandong.incident.v1 import incident_service_pb2_grpc as workflow
from tests.desks import DISPATCHER, TAKER
from tests.integration.alarm.conftest import Console
from tests.integration.alarm.test_danger import KNIFE, a_dangerous_city, taken
from tests.processes import Installation, an_installation
from tests.servers import Broker

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICES = ("alarm", "workflow", "emergency")
SECOND = Actor("qian", DISPATCHER.unit, "dispatcher", DISPATCHER.area)


def a_city_that_waits_for_none() -> City:
    city = a_dangerous_city()
    assert city.policy is not None
    return replace(city, policy=replace(city.policy, team_minutes={"P1": 0}))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(
    template: str, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    logs = tmp_path_factory.mktemp("teamless")
    async with an_installation(template, broker, logs) as installation:
        await installation.know(a_city_that_waits_for_none(), *SERVICES)
        with ExitStack() as running:
            for each in SERVICES:
                running.enter_context(installation.started(each))
            await installation.ready(*SERVICES)
            yield installation


class Room(Console):
    """A desk with the services of incidents and teams behind it."""

    def __init__(self, home: Installation) -> None:
        super().__init__(home)
        settings = home.settings("gateway")
        self._incidents = workflow.IncidentServiceStub(open_channel(settings, "workflow"))
        self._missions = emergency.EmergencyServiceStub(open_channel(settings, "emergency"))

    async def step(self, verb: str, incident: str, who: Actor = DISPATCHER, **parts: Any) -> Any:
        request = getattr(incidents, f"{verb}Request")(incident_id=incident, **parts)
        answer = await getattr(self._incidents, verb)(request, **self._by(who))
        return answer.incident

    async def waiting(self, who: Actor = TAKER, **parts: Any) -> dict[str, list[str]]:
        """The codes in the inbox, by reason."""
        request = incidents.ListIncidentsRequest(inbox=True, **parts)
        found: dict[str, list[str]] = {}
        for each in (await self._incidents.ListIncidents(request, **self._by(who))).items:
            for wait in each.waits:
                found.setdefault(wait.reason, []).append(each.code)
        return found

    async def recall(self, matter: str) -> None:
        request = missions.ListMissionsRequest(matter_id=matter, open=True)
        found = await self._missions.ListMissions(request, **self._by(TAKER))
        for each in found.items:
            asked = missions.RecallMissionRequest(mission_id=each.id, reason="另有安排")
            await self._missions.RecallMission(asked, **self._by(TAKER))

    def _by(self, who: Actor) -> dict[str, Any]:
        metadata = metadata_for(self._token, who, principal=who.user)
        metadata.append(("idempotency-key", uuid4().hex))
        return {"timeout": 10, "metadata": metadata}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(home: Installation) -> Room:
    """Warm: the first report makes the list of dangers, and a busy machine takes its time."""
    found = Room(home)
    for _ in range(5):
        with suppress(grpc.aio.AioRpcError):
            await taken(found, narrative="两车相撞", category="traffic.accident")
            break
    return found


async def opened(room: Room, **parts: Any) -> resources.Receipt:
    receipt = await taken(room, **parts)
    found: resources.Receipt = (await room.do("OpenIncident", receipt.id)).receipt
    return found


def teams(found: Any) -> list[str]:
    return sorted(each.team for each in found.recommended)


async def test_it_waits_at_the_desk_as_long_as_no_team_is_under_way(room: Room) -> None:
    receipt = await opened(room, narrative=KNIFE)
    assert (await room.waiting())["TEAM_MISSING"] == [receipt.code]
    assert (await room.waiting(reason="TEAM_MISSING", count=True)) == {
        "TEAM_MISSING": [receipt.code]
    }
    assert "TEAM_MISSING" not in await room.waiting(priority="P2")
    shown = (await room.do("GetReceipt", receipt.id)).receipt
    assert teams(shown) == ["blue", "red"], "the line leads to the teams"
    await room.do("DispatchNow", receipt.id, team="red")
    assert "TEAM_MISSING" not in await room.waiting()
    assert not teams((await room.do("GetReceipt", receipt.id)).receipt)
    await room.recall(receipt.id)
    assert (await room.waiting())["TEAM_MISSING"] == [receipt.code]
    await room.step("VoidIncident", receipt.id, reason="TEST", confirm_priority=True)
    assert "TEAM_MISSING" not in await room.waiting()


@pytest.mark.parametrize("category", ["", "traffic.accident"])
async def test_a_matter_whose_class_names_no_skill_waits_until_a_team_is_chosen(
    room: Room, category: str
) -> None:
    receipt = await opened(room, narrative="出事了", category=category, priority="P1")
    assert not teams(receipt), "the desk must choose"
    assert (await room.waiting())["TEAM_MISSING"] == [receipt.code]
    await room.do("DispatchNow", receipt.id, team="red")
    assert "TEAM_MISSING" not in await room.waiting()


async def test_a_matter_that_asks_for_none_never_waits_for_one(room: Room) -> None:
    await opened(room, narrative="两车相撞", category="traffic.accident", priority="P2")
    assert "TEAM_MISSING" not in await room.waiting(), "no row with linkage holds"


async def test_a_priority_that_is_set_later_recommends_or_sends(room: Room) -> None:
    calm = await opened(room, narrative="有人吵架", category="violence", priority="P3")
    assert not teams(calm)
    raised = await room.step("SetPriority", calm.id, priority="P1", reason="动手了")
    assert teams(raised) == ["blue", "red"]
    assert raised.recommended[0].duty == "AVAILABLE"
    again = await room.step("SetPriority", calm.id, priority="P2", reason="缓和了")
    assert not teams(again)
    smoke = await opened(room, narrative="有烟", category="theft", priority="P3")
    changed = await room.do(
        "ClassifyReceipt", smoke.id, category="fire", priority="P1", for_incident=True
    )
    assert [each.team for each in changed.receipt.dispatches] == ["blue"], "the rule sends"
    assert "TEAM_MISSING" not in await room.waiting(code=smoke.code)


async def test_a_matter_that_goes_on_after_a_wrong_end_recommends_again(room: Room) -> None:
    receipt = await opened(room, narrative=KNIFE)
    await room.do("DispatchNow", receipt.id, team="red")
    await room.step("VoidIncident", receipt.id, reason="TEST", confirm_priority=True)
    back = await room.step("UndoVoid", receipt.id, SECOND, reason="是真的")
    assert teams(back) == ["blue", "red"], "the team that was recalled is free again"
    assert (await room.waiting())["TEAM_MISSING"] == [receipt.code]
    await room.do("DispatchNow", receipt.id, team="red")
    other = await opened(room, narrative=KNIFE)
    await room.step("MergeIncident", other.id, into=receipt.id, reason="同一件")
    parted = await room.step("UndoMerge", other.id, SECOND, reason="不是同一件")
    assert "blue" in teams(parted)


async def test_a_mark_as_invalid_that_is_undone_recommends_again(room: Room) -> None:
    receipt = await taken(room, narrative=KNIFE)
    await room.do("DispatchNow", receipt.id, team="red")
    await room.do(
        "MarkInvalid",
        receipt.id,
        reason=resources.Receipt.INVALID_REASON_TEST,
        confirm_priority=True,
    )
    back = (await room.do("UndoInvalid", receipt.id, SECOND, reason="是真的")).receipt
    assert teams(back) == ["blue", "red"]
