"""Corrections reach the incident: by call, by event where the call fails, without Kafka."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg
import grpc
import pytest
import pytest_asyncio

from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel
from backbone.words.actor import Actor
from liandong.alarm.v1 import alarm_pb2 as receipts
from liandong.alarm.v1 import alarm_service_pb2 as alarm
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from liandong.place.v1.place_pb2 import Place, Point
from tests.cities import COUNTY, NORTH
from tests.desks import DISPATCHER, GRID_MEMBER, TAKER
from tests.integration.alarm.conftest import Console
from tests.integration.alarm.test_desk import refused
from tests.integration.alarm.test_without_kafka import NoBroker
from tests.processes import PATIENCE, Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")

THERE = Place(text="长风路112号", point=Point(longitude=0.05, latitude=0.05))
LI = Actor("li", "north", "clerk", NORTH)
LEADER = Actor("luo", "county", "leader", COUNTY)


@dataclass(frozen=True)
class Flow:
    """What the clerks and dispatchers of the incident see of it."""

    home: Installation

    async def call(self, verb: str, by: Actor = DISPATCHER, **parts: Any) -> Any:
        settings = self.home.settings("workflow")
        stub: Any = rpc.IncidentServiceStub(open_channel(settings, "workflow"))
        request = getattr(pb, f"{verb}Request")(**parts)
        metadata = metadata_for(settings.token, by)
        return await getattr(stub, verb)(request, timeout=30, metadata=metadata)

    async def incident(self, incident: str) -> resources.Incident:
        found: resources.Incident = (await self.call("GetIncident", incident_id=incident)).incident
        return found

    async def kinds(self, incident: str) -> list[str]:
        timeline = await self.call("GetTimeline", incident_id=incident)
        return [each.kind for each in timeline.items]

    async def becomes_open(self, incident: str) -> None:
        """Wait until workflow answers, and the opening has arrived."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.incident(incident)
                    return
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.2)

    async def becomes(self, incident: str, kind: str, times: int = 1) -> list[str]:
        """The kinds of its events once there are so many of this one."""
        async with asyncio.timeout(PATIENCE):
            while True:
                kinds = await self.kinds(incident)
                if kinds.count(kind) >= times:
                    return kinds
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def flow(home: Installation) -> AsyncIterator[Flow]:
    names = ("alarm", "workflow", "workflow-stream", "emergency")
    with home.started(*names):
        await home.ready(*names)
        yield Flow(home)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def console(home: Installation, flow: Flow) -> Console:
    return Console(home)


async def opened(console: Console) -> str:
    receipt, _ = await console.receive(category="theft")
    await console.do("OpenIncident", receipt.id)
    return str(receipt.id)


async def test_a_correction_is_a_fact_of_the_incident_at_once_and_once(
    console: Console, flow: Flow
) -> None:
    first = await opened(console)
    await console.do("AmendReceipt", first, place=THERE, danger="持刀")
    answer = await console.do("ClassifyReceipt", first, priority="P1")
    assert answer.receipt.incident.version == 5
    found = await flow.incident(first)
    assert (found.place.text, found.danger, found.priority) == ("长风路112号", "持刀", "P1")
    assert found.title.endswith("长风路112号")
    last = (await flow.call("GetTimeline", incident_id=first)).items[-1]
    assert (last.kind, last.actor, last.unit) == ("IncidentAmended", TAKER.user, TAKER.unit)
    assert [*last.facts["changed"]] == ["priority"]
    assert (last.facts["receipt"], last.facts["minutes"]) == (first, 5)
    # The events of both corrections have come over Kafka by the time at which a later one has.
    later = await opened(console)
    await console.do("AmendReceipt", later, narrative="两辆")
    await flow.becomes(later, "IncidentAmended")
    await asyncio.sleep(1)
    assert (await flow.kinds(first)).count("IncidentAmended") == 2


async def test_a_linked_report_stands_on_the_timeline_and_moves_no_place(
    console: Console, flow: Flow
) -> None:
    first = await opened(console)
    second, _ = await console.receive(category="theft", danger="煤气味")
    await console.do("LinkRepeat", second.id, incident=first)
    await console.do("AmendReceipt", second.id, place=THERE, narrative="有人受伤")
    found = await flow.incident(first)
    assert found.place.text == "长风路12号"
    assert f"【关联接警单 {second.code}】地点：长风路112号" in found.narrative
    assert found.danger == "煤气味"
    await console.do("UnlinkRepeat", second.id, reason="不是一回事")
    kinds = await flow.becomes(first, "CallerUnlinked")
    assert kinds[3:] == [
        "CallerLinked",
        "IncidentAmended",
        "IncidentAmended",
        "CallerUnlinked",
        "IncidentAmended",
    ]
    found = await flow.incident(first)
    assert (found.narrative, found.danger) == ("两车相撞,有人受伤", "")
    timeline = await flow.call("GetTimeline", incident_id=first)
    assert not any(text in str(timeline) for text in ("13800001234", "王小明"))


async def test_after_the_end_a_correction_is_refused_and_nothing_is_changed(
    console: Console, flow: Flow
) -> None:
    first = await opened(console)
    await flow.call("VoidIncident", incident_id=first, reason="HOAX")
    refusal = await refused(console.do("AmendReceipt", first, place=THERE))
    assert (refusal.reason, refusal.facts["state"]) == ("INCIDENT_OVER", "VOIDED")
    assert (await console.do("GetReceipt", first)).receipt.place.text == "长风路12号"


async def test_a_wrong_voiding_is_undone_and_its_receipt_is_no_longer_filed(
    console: Console, flow: Flow
) -> None:
    first = await opened(console)
    await flow.call("VoidIncident", incident_id=first, reason="HOAX")
    async with asyncio.timeout(PATIENCE):  # until the receipt has followed
        while (receipt := (await console.do("GetReceipt", first)).receipt).state != (
            receipt.STATE_CLOSED
        ):
            await asyncio.sleep(0.1)
    again = flow.call("UndoVoid", incident_id=first, reason="确有其事")
    assert (await refused(again)).reason == "ANOTHER_PERSON_NEEDED"
    undone = await flow.call("UndoVoid", LEADER, incident_id=first, reason="确有其事")
    assert undone.incident.state == resources.Incident.STATE_OFFERED
    async with asyncio.timeout(PATIENCE):  # until it has followed this, too
        while True:
            try:
                await console.do("AmendReceipt", first, place=THERE)
                break
            except grpc.aio.AioRpcError as error:
                if error.details() != "INCIDENT_OVER":
                    raise
                await asyncio.sleep(0.1)
    receipt = (await console.do("GetReceipt", first)).receipt
    assert receipt.state == receipt.STATE_ENDED
    assert (await flow.incident(first)).place.text == "长风路112号"


async def test_of_two_that_set_the_priority_at_once_the_second_hears_of_the_first(
    console: Console, flow: Flow
) -> None:
    """With the version that each of them saw; without one, the last one holds."""
    first = await opened(console)
    settings = flow.home.settings("workflow")
    stub: Any = rpc.IncidentServiceStub(open_channel(settings, "workflow"))
    version = (await flow.incident(first)).version
    given = {"incident_id": first, "reason": "有人受伤"}

    async def set_to(priority: str) -> Any:
        metadata = metadata_for(settings.token, DISPATCHER, expected_version=str(version))
        request = pb.SetPriorityRequest(priority=priority, **given)
        return await stub.SetPriority(request, timeout=30, metadata=metadata)

    answers = await asyncio.gather(set_to("P1"), set_to("P4"), return_exceptions=True)
    late = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(late) == 1
    assert (await refused(raising(late[0]))).reason == "STALE_VERSION"
    last = await flow.call("SetPriority", priority="P3", **given)
    assert last.incident.priority == "P3"


async def test_a_team_is_sent_by_the_facts_of_the_incident(console: Console, flow: Flow) -> None:
    first = await opened(console)
    second, _ = await console.receive(category="theft")
    await console.do("LinkRepeat", second.id, incident=first)
    await console.do("AmendReceipt", first, place=THERE, danger="持刀")
    await flow.call("SetPriority", incident_id=first, priority="P1", reason="有人受伤")
    await console.do("DispatchNow", second.id, team="red")
    conn = await asyncpg.connect(flow.home.admin_dsn)
    doc = json.loads(
        await conn.fetchval("SELECT doc FROM emergency.missions WHERE matter_id = $1", UUID(first))
    )
    await conn.close()
    assert "长风路112号" in json.dumps(doc, ensure_ascii=False)
    assert '"P1"' in json.dumps(doc)


async def raising(error: BaseException) -> None:
    raise error


async def test_a_part_of_the_caller_is_amended_and_the_rest_is_kept(console: Console) -> None:
    receipt, _ = await console.receive(
        caller=alarm.CallerFacts(number="13800001234", name="王小明", protected=True)
    )
    await console.do("AmendReceipt", receipt.id, caller=alarm.CallerFacts(number="139 0000 5678"))
    shown = (await console.do("GetReceipt", receipt.id)).receipt.caller
    assert (shown.protected, shown.number) == (True, "")
    nothing = await refused(console.do("AmendReceipt", receipt.id, caller=alarm.CallerFacts()))
    assert (nothing.reason, nothing.facts["field"]) == ("NOTHING_TO_CHANGE", "caller")
    await console.do("AmendReceipt", receipt.id, caller=alarm.CallerFacts(protected=False))
    shown = (await console.do("GetReceipt", receipt.id)).receipt.caller
    assert (shown.protected, shown.number[-3:], bool(shown.name)) == (False, "678", True)


async def test_the_stream_brings_what_the_call_could_not(home: Installation) -> None:
    """In the order of the receipt, and what was called in the meantime is not undone."""
    with home.started("alarm"):
        await home.ready("alarm")
        console = Console(home)
        first = await opened(console)
        second, _ = await console.receive(category="theft", danger="煤气味")
        await console.do("AmendReceipt", first, place=THERE)
        await console.do("AmendReceipt", first, narrative="两辆")
    with home.started("alarm", "workflow", "workflow-stream"):
        flow, console = Flow(home), Console(home)
        await home.ready("alarm", "workflow", "workflow-stream")
        await flow.becomes_open(first)
        await flow.becomes(first, "IncidentAmended", 2)
        found = await flow.incident(first)
        assert (found.place.text, found.narrative) == ("长风路112号", "两辆")
        await console.do("LinkRepeat", second.id, incident=first)
        await flow.becomes(first, "CallerLinked")


async def test_without_kafka_corrections_are_told_directly(home: Installation) -> None:
    cut_off: Any = replace(home, broker=NoBroker())
    with cut_off.started("alarm"):
        await cut_off.ready("alarm")
        console, flow = Console(cut_off), Flow(cut_off)
        first = await opened(console)
        await console.do("AmendReceipt", first, place=THERE)
        with cut_off.started("workflow"):
            await flow.becomes_open(first)
            await flow.becomes(first, "IncidentAmended")
            await console.do("ClassifyReceipt", first, priority="P1")
            found = await flow.incident(first)
            assert (found.place.text, found.priority) == ("长风路112号", "P1")
            other = await opened(console)
            await flow.becomes_open(other)
            merge = {"incident_id": first, "into": other, "reason": "同一起事故"}
            await flow.call("MergeIncident", **merge)
            await console.do("AmendReceipt", first, danger="车起火")
            assert "车起火" in (await flow.incident(other)).danger, (
                "it follows the merge by the call"
            )
            mine, _ = await console.receive(
                GRID_MEMBER, kind=receipts.Receipt.KIND_GRID_REPORT, category="theft"
            )
            await console.do("OpenIncident", mine.id, GRID_MEMBER)
            await flow.becomes_open(mine.id)
            await flow.call("MergeIncident", incident_id=mine.id, into=other, reason="同一起")
            await console.do("AmendReceipt", mine.id, GRID_MEMBER, danger="有人持刀")
            assert "有人持刀" in (await flow.incident(other)).danger, (
                "also by a desk that does not see the incident that goes on"
            )
