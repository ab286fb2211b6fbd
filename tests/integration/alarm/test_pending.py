"""An incident asked for while nobody could open it: the receipt's event is the guarantee."""

import asyncio

import pytest

from liandong.alarm.v1 import alarm_pb2 as resources
from tests.integration.alarm.conftest import Console
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
