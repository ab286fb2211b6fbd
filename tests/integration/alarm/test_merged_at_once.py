"""A merge and its undoing move the receipts before the answer, without Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import asyncpg
import grpc
import pytest
import pytest_asyncio

from backbone.words.actor import Actor
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent, MissionRevised
from liandong.emergency.v1.emergency_pb2 import Mission
from tests.cities import COUNTY
from tests.desks import DESK
from tests.integration.alarm.conftest import Console
from tests.integration.alarm.test_corrections import Flow
from tests.integration.alarm.test_danger import KNIFE, a_dangerous_city
from tests.integration.alarm.test_without_kafka import NoBroker
from tests.processes import PATIENCE, Installation, an_installation
from tests.servers import Broker

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICES = ("alarm", "workflow", "emergency")
SECOND = Actor("qian", DESK, "dispatcher", COUNTY)
DIFFERENT = "不是同一件"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(
    template: str, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Any]:
    logs = tmp_path_factory.mktemp("merged")
    async with an_installation(template, broker, logs) as installation:
        await installation.know(a_dangerous_city(), *SERVICES)
        cut_off: Any = replace(installation, broker=NoBroker())
        with cut_off.started("workflow", "emergency"):
            await cut_off.ready("workflow", "emergency")
            yield cut_off


async def opened(console: Console, **parts: Any) -> str:
    said = {"narrative": "自行车被偷了", **parts}
    receipt, _ = await console.receive(category="theft", **said)
    await console.do("OpenIncident", receipt.id)
    return str(receipt.id)


async def back(console: Console, receipt: str) -> None:
    """Once it is connected again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(grpc.aio.AioRpcError):
                await console.do("GetReceipt", receipt)
                return
            await asyncio.sleep(0.1)


async def first_opened(console: Console) -> str:
    """Once it is connected again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(grpc.aio.AioRpcError):
                return await opened(console)
            await asyncio.sleep(0.1)


async def merged(flow: Flow, one: str, into: str) -> None:
    await flow.call("MergeIncident", incident_id=one, into=into, reason="同一件")


async def test_the_answer_of_an_undone_merge_is_true(home: Installation) -> None:
    """What its caller told meanwhile is there with the answer: words, priority, and teams."""
    with home.started("alarm"):
        await home.ready("alarm")
        flow, console = Flow(home), Console(home)
        kept, gone = await opened(console), await opened(console, narrative="银色面包车")
        await merged(flow, gone, kept)
        assert "银色面包车" in (await flow.incident(kept)).narrative, "with the answer"
        await console.do("AmendReceipt", gone, narrative=KNIFE)
        assert (await flow.incident(kept)).priority == "P1"
        undo = {"incident_id": gone, "reason": DIFFERENT}
        parted = (await flow.call("UndoMerge", SECOND, **undo)).incident
        assert (parted.priority, parted.heard.priority) == ("P1", "P1")
        assert parted.narrative == KNIFE
        assert {each.team for each in parted.recommended} == {"red", "blue"}
        again = await flow.incident(gone)
        assert (again.version, again.priority) == (parted.version, "P1")
        host = await flow.incident(kept)
        assert KNIFE not in host.narrative and not host.HasField("heard")
        assert host.priority == "P1", "a person takes it back (ARCHITECTURE.md)"


async def test_an_accusing_receipt_follows_a_merge_that_its_desk_was_not_told(
    home: Installation,
) -> None:
    """The desk's service was away; the correction itself finds the incident that goes on."""
    flow = Flow(home)
    with home.started("alarm"):
        await home.ready("alarm")
        console = Console(home)
        gone, kept = [await opened(console, against="north") for _ in range(2)]
    await merged(flow, gone, kept)
    with home.started("alarm"):
        await home.ready("alarm")
        console = Console(home)
        await back(console, gone)
        await console.do("AmendReceipt", gone, danger="手里有刀")
        assert "手里有刀" in (await flow.incident(kept)).danger


async def test_a_team_that_was_ordered_while_merged_goes_back_with_its_receipt(
    home: Installation,
) -> None:
    """It counts for its own matter with the answer, and the other one's end is not its own."""
    with home.started("alarm"):
        await home.ready("alarm")
        flow, console = Flow(home), Console(home)
        kept = await first_opened(console)
        gone = await opened(console, narrative="银色面包车")
        await merged(flow, gone, kept)
        await console.do("AmendReceipt", gone, narrative=KNIFE)
        await console.do("DispatchNow", gone, team="red")
        undo = {"incident_id": gone, "reason": DIFFERENT}
        parted = (await flow.call("UndoMerge", SECOND, **undo)).incident
        assert parted.priority == "P1" and not parted.recommended, "one is under way"
        await flow.call("VoidIncident", incident_id=kept, reason="HOAX", confirm_priority=True)
        receipt = (await console.do("GetReceipt", gone)).receipt
        assert [each.state for each in receipt.dispatches] == [Mission.STATE_PENDING]


async def settled(home: Installation, mission: str, matter: str) -> list[MissionRevised]:
    """What the team was told, once it belongs to the matter and was compared with it."""
    conn = await asyncpg.connect(home.admin_dsn, server_settings={"search_path": "emergency"})
    waits = "SELECT matter_id = $2 AND behind_since IS NULL FROM missions WHERE id = $1"
    told = "SELECT payload FROM journal WHERE aggregate_id = $1 AND kind = $2 ORDER BY version"
    async with asyncio.timeout(PATIENCE):
        while not await conn.fetchval(waits, mission, matter):
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)  # another revision would come at once
    rows = await conn.fetch(told, mission, "liandong.emergency.revised.v1")
    await conn.close()
    return [EmergencyEvent.FromString(row["payload"]).revised for row in rows]


async def test_no_team_is_told_for_a_moment_that_its_danger_is_over(home: Installation) -> None:
    """With a merge and its undoing, a link and its undoing: all by calls, one after the other."""
    with home.started("alarm"):
        await home.ready("alarm")
        flow, console = Flow(home), Console(home)
        kept = await first_opened(console)
        gone = await opened(console, danger="油箱漏油")
        sent = (await console.do("DispatchNow", gone, team="red")).mission.id
        await merged(flow, gone, kept)
        assert all("油箱漏油" in each.facts.danger for each in await settled(home, sent, kept))
        await console.do("AmendReceipt", gone, danger="油箱漏油，路面湿滑")
        undo = {"incident_id": gone, "reason": DIFFERENT}
        await flow.call("UndoMerge", SECOND, **undo)
        told = await settled(home, sent, gone)
        assert all("油箱漏油" in each.facts.danger for each in told)
        assert all("路面湿滑" in each.facts.danger for each in told[-2:]), "nor with the undoing"
        said = {"narrative": "自行车被偷了", "danger": "狗没有拴"}
        apart, _ = await console.receive(category="theft", **said)
        second = (await console.do("DispatchNow", apart.id, team="blue")).mission.id
        await console.do("LinkRepeat", apart.id, incident=kept)
        await settled(home, second, kept)
        await console.do("UnlinkRepeat", apart.id, reason=DIFFERENT)
        told = await settled(home, second, apart.id)
        assert told and all("狗没有拴" in each.facts.danger for each in told)
