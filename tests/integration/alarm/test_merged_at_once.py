"""A merge and its undoing move the receipts before the answer, without Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import grpc
import pytest
import pytest_asyncio

from backbone.words.actor import Actor
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
