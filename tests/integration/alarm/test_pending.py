"""An incident asked for while workflow could not open it: the receipt's event is the guarantee.

Without Kafka the desk asks again.
"""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from liandong.alarm.v1 import alarm_pb2 as resources
from tests.integration.alarm.conftest import Console
from tests.integration.alarm.test_without_kafka import NoBroker
from tests.processes import PATIENCE, Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_stream_opens_what_the_call_could_not(home: Installation) -> None:
    with home.started("alarm"):
        await home.ready("alarm")
        console = Console(home)
        receipt, _ = await console.receive(category="theft")
        opened = (await console.do("OpenIncident", receipt.id)).receipt
        assert (opened.outcome, opened.incident.state) == (
            resources.Receipt.OUTCOME_OPENED,
            "PENDING",
        )
        with home.started("workflow", "workflow-stream"):
            async with asyncio.timeout(PATIENCE):
                state = "PENDING"
                while state != "OFFERED":
                    await asyncio.sleep(0.2)
                    state = (await console.do("GetReceipt", receipt.id)).receipt.incident.state
            again = (await console.do("GetReceipt", receipt.id)).receipt
            assert (again.incident.version, again.incident.unit) == (3, "north")


async def test_without_kafka_the_desk_asks_again(home: Installation) -> None:
    cut_off: Any = replace(home, broker=NoBroker())
    with cut_off.started("alarm"):
        await cut_off.ready("alarm")
        console = Console(cut_off)
        receipt, _ = await console.receive(category="theft")
        opened = (await console.do("OpenIncident", receipt.id)).receipt
        sent = await console.do("DispatchNow", receipt.id, team="red")
        assert (opened.incident.state, sent.mission.id) == ("PENDING", "")
        with cut_off.started("workflow", "emergency"):
            conn = await asyncpg.connect(home.admin_dsn)
            async with asyncio.timeout(PATIENCE):
                while not await conn.fetchval(
                    "SELECT EXISTS (SELECT FROM workflow.incidents WHERE code = $1) "
                    "AND EXISTS (SELECT FROM emergency.missions WHERE code = $1)",
                    receipt.code,
                ):
                    await asyncio.sleep(0.2)
            await conn.close()


async def test_a_refusal_that_the_desk_did_not_hear_stands_on_the_receipt(
    home: Installation,
) -> None:
    """Two receipts of one matter order one team while emergency is away, and the desk dies."""
    cut_off: Any = replace(home, broker=NoBroker())
    with cut_off.started("alarm", "workflow"):
        await cut_off.ready("alarm", "workflow")
        console = Console(cut_off)
        first, _ = await console.receive(category="theft")
        await console.do("OpenIncident", first.id)
        second, _ = await console.receive(category="theft")
        await console.do("LinkRepeat", second.id, incident=first.id, confirm_priority=True)
        for each in (first, second):
            assert (await console.do("DispatchNow", each.id, team="red")).mission.id == ""
    with cut_off.started("alarm", "workflow", "emergency"):
        await cut_off.ready("alarm")
        console = Console(cut_off)
        async with asyncio.timeout(PATIENCE):
            refused: list[str] = []
            while not any(refused):
                await asyncio.sleep(0.2)
                shown = [await console.do("GetReceipt", each.id) for each in (first, second)]
                refused = [each.receipt.dispatches[0].refused for each in shown]
    assert sorted(refused) == ["", "ALREADY_DISPATCHED"]
