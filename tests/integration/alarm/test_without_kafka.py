"""With Kafka away: calls are taken, incidents opened, teams sent out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import grpc
import pytest
import pytest_asyncio

from backbone.rpc.channels import refusal_of
from liandong.alarm.v1 import alarm_pb2 as resources
from tests.integration.alarm.conftest import Console
from tests.processes import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class NoBroker:
    """Nobody listens here."""

    address: str = "127.0.0.1:1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def console(home: Installation) -> AsyncIterator[Console]:
    cut_off: Any = replace(home, broker=NoBroker())
    with cut_off.started("alarm", "workflow", "emergency"):
        await cut_off.ready("alarm", "workflow", "emergency")
        yield Console(cut_off)


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
