"""With Kafka away: calls are taken, incidents opened, teams sent out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
import pytest_asyncio

from backbone.door.door import Door
from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.postgres.pool import open_pool
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel, refusal_of
from backbone.words.actor import SERVICE, Actor
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as missions
from liandong.emergency.v1 import emergency_service_pb2_grpc as emergency
from liandong.emergency.v1.emergency_pb2 import Mission, Recall
from services.workflow.incident.settling import SettleIncident
from services.workflow.wiring import build_decider
from tests.desks import TAKER, a_desk_city
from tests.integration.alarm.conftest import Console
from tests.processes import PATIENCE, Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class NoBroker:
    """No broker listens here."""

    address: str = "127.0.0.1:1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def console(home: Installation) -> AsyncIterator[Console]:
    cut_off: Any = replace(home, broker=NoBroker())
    with cut_off.started("alarm", "workflow", "emergency"):
        await cut_off.ready("alarm", "workflow", "emergency")
        yield Console(cut_off)


@pytest.fixture
def act(home: Installation) -> Any:
    """What the team does, or the desk: a call of the emergency service."""
    settings = home.settings("emergency")
    stub = emergency.EmergencyServiceStub(open_channel(settings, "emergency"))

    async def call(verb: str, mission: str, by: Actor, team: str = "", **body: Any) -> Mission:
        request = getattr(missions, f"{verb}Request")(mission_id=mission, **body)
        metadata = metadata_for(settings.token, by, team=team)
        found: Mission = (await getattr(stub, verb)(request, metadata=metadata, timeout=30)).mission
        return found

    return call


async def test_an_incident_opens_and_a_team_is_sent(console: Console) -> None:
    receipt, _ = await console.receive(category="theft")
    sent = await console.do("DispatchNow", receipt.id, team="red", note="带破拆工具")
    assert (sent.mission.state, sent.mission.team, sent.mission.seq) == ("PENDING", "red", 1)
    assert not sent.reachable
    assert sent.mission.id
    opened = (await console.do("OpenIncident", receipt.id)).receipt
    assert opened.outcome == resources.Receipt.OUTCOME_OPENED
    assert (opened.incident.state, opened.incident.unit) == ("OFFERED", "north")
    assert [each.team for each in opened.dispatches] == ["red"]
    read = (await console.do("GetReceipt", receipt.id)).receipt
    assert read.incident.state == "OFFERED"


async def test_one_team_goes_once_to_one_matter_whoever_reports_it(console: Console) -> None:
    first, second = [(await console.receive(category="theft"))[0].id for _ in range(2)]
    await console.do("OpenIncident", first)
    await console.do("DispatchNow", first, team="blue")
    await console.do("LinkRepeat", second, incident=first)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await console.do("DispatchNow", second, team="blue")
    refusal = refusal_of(caught.value)
    assert refusal is not None
    assert refusal.reason == "ALREADY_DISPATCHED"


async def orders_of(console: Console, receipt: str) -> list[resources.Dispatch]:
    """As shown once emergency has answered in time, which a busy machine may not let it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            shown = [*(await console.do("GetReceipt", receipt)).receipt.dispatches]
            if all(each.state for each in shown):
                return shown
            await asyncio.sleep(0.1)


async def test_the_receipt_shows_what_became_of_an_order_and_the_team_is_sent_again(
    console: Console, act: Any
) -> None:
    receipt = (await console.receive(category="theft"))[0].id

    async def order() -> resources.Dispatch:
        return (await orders_of(console, receipt))[-1]

    sent = (await console.do("DispatchNow", receipt, team="red")).mission
    assert (await order()).state == Mission.STATE_PENDING
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await console.do("DispatchNow", receipt, team="red")
    refusal = refusal_of(caught.value)
    assert refusal is not None
    assert (refusal.reason, refusal.facts["state"]) == ("ALREADY_DISPATCHED", "PENDING")

    await act("RefuseMission", sent.id, Actor("lee"), "red", reason="车辆故障")
    refused = await order()
    assert (refused.state, refused.refuse_reason) == (Mission.STATE_REFUSED, "车辆故障")
    again = (await console.do("DispatchNow", receipt, team="red")).mission
    assert again.id != sent.id
    assert ((await order()).again, (await order()).state) == (1, Mission.STATE_PENDING)

    called = await act("RecallMission", again.id, TAKER, reason="报警人称已自行扑灭")
    assert called.recall.cause == Recall.CAUSE_DESK
    recalled = await order()
    assert recalled.state == Mission.STATE_RECALLED
    assert (recalled.recall.reason, recalled.recall.recalled_by) == (
        "报警人称已自行扑灭",
        TAKER.user,
    )
    third = (await console.do("DispatchNow", receipt, team="red")).mission
    await act("ClearMission", third.id, Actor("lee"), "red", result="已处置")
    assert ((await order()).state, (await order()).result) == (Mission.STATE_CLEARED, "已处置")
    kept = await orders_of(console, receipt)
    assert [each.again for each in kept] == [0, 1, 2]
    assert [each.state for each in kept[:2]] == [Mission.STATE_REFUSED, Mission.STATE_RECALLED]
    assert kept[0].refuse_reason == "车辆故障"


async def test_an_end_that_no_call_has_told_reaches_the_team_all_the_same(
    console: Console, home: Installation
) -> None:
    """As of the stream processor, of a clock, or of a process that was killed before its call."""
    receipt = (await console.receive(category="theft"))[0].id
    await console.do("OpenIncident", receipt)
    await console.do("DispatchNow", receipt, team="blue")
    settings = home.settings("workflow")
    async with await open_pool(settings.database_url, settings.schema) as pool:
        door = Door(pool, [build_decider(a_desk_city)])
        who = Actor("mao", "mediation", SERVICE)
        settle = SettleIncident(who, "DisputeClosed")
        [outcome] = await door.perform([a_request(UUID(receipt), settle, who)])
    assert outcome.reason == ""
    async with asyncio.timeout(PATIENCE):
        while True:
            [order] = await orders_of(console, receipt)
            if order.state == Mission.STATE_RECALLED:
                break
            await asyncio.sleep(0.1)
    assert order.recall.cause == Recall.CAUSE_INCIDENT_CLOSED


def a_request(of: UUID, command: Any, by: Actor) -> Request[Any]:
    return Request(uuid4(), of, command, "", by, NEVER)
