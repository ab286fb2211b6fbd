"""A receipt and its incident, over a real Kafka: opened at once, followed a moment later."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from msgspec.structs import replace

from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel
from backbone.words.actor import Actor
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as desk
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from liandong.incident.v1.incident_pb2 import Incident, Matter
from liandong.place.v1.place_pb2 import Place
from tests.cities import COUNTY, NORTH
from tests.desks import AUDITOR, DISPATCHER, GRID_MEMBER, TAKER
from tests.integration.alarm.conftest import Console
from tests.integration.alarm.test_desk import refused
from tests.processes import PATIENCE, Installation
from tests.proving import changed_by_hand

pytestmark = pytest.mark.asyncio(loop_scope="module")

LI = Actor("li", "north", "clerk", NORTH)
# Sees petitions, too, unlike the other roles of the desk.
RECEPTIONIST = replace(TAKER, user="gu", role="receptionist")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(home: Installation) -> AsyncIterator[Console]:
    with home.started("alarm", "workflow"):
        await home.ready("alarm", "workflow")
        yield Console(home)


def is_closed(found: resources.Receipt) -> bool:
    return bool(found.state == resources.Receipt.STATE_CLOSED)


async def becomes(
    console: Console, receipt: str, true: Callable[[resources.Receipt], bool]
) -> resources.Receipt:
    async with asyncio.timeout(PATIENCE):
        while True:
            found = (await console.do("GetReceipt", receipt)).receipt
            if true(found):
                return found  # type: ignore[no-any-return]
            await asyncio.sleep(0.1)


async def test_receipts_follow_the_incident_that_they_opened_or_joined(
    home: Installation, both: Console
) -> None:
    settings = home.settings("workflow")
    flow: Any = rpc.IncidentServiceStub(open_channel(settings, "workflow"))
    first, _ = await both.receive(category="theft")
    opened = (await both.do("OpenIncident", first.id)).receipt
    assert (opened.incident.id, opened.incident.code) == (first.id, first.code)
    assert (opened.incident.state, opened.incident.unit) == ("OFFERED", "north")
    assert opened.incident.version == 3
    second, _ = await both.receive(category="theft")
    assert second.suggestions.repeats[0].incident == first.id
    await both.do("LinkRepeat", second.id, incident=first.id)

    for receipt in (first.id, second.id):
        await becomes(both, receipt, lambda found: found.incident.state == "OFFERED")
    by = metadata_for(settings.token, LI)
    await flow.ClaimIncident(pb.ClaimIncidentRequest(incident_id=first.id), metadata=by)
    for receipt in (first.id, second.id):
        found = await becomes(both, receipt, lambda found: found.incident.state == "CLAIMED")
        assert (found.incident.unit, found.incident.holder) == ("north", "li")
    by = metadata_for(settings.token, DISPATCHER)
    void = pb.VoidIncidentRequest(incident_id=first.id, reason="HOAX")
    await flow.VoidIncident(void, metadata=by)
    for receipt in (first.id, second.id):
        # A read may know the incident's state before the receipt has followed: the end comes after.
        found = await becomes(both, receipt, is_closed)
        assert found.incident.state == "VOIDED"


async def test_no_receipt_is_linked_to_an_accusation_even_by_its_own_desk(
    home: Installation, both: Console
) -> None:
    settings = home.settings("workflow")
    flow: Any = rpc.IncidentServiceStub(open_channel(settings, "workflow"))
    matter = Matter(
        id=str(uuid4()),
        code="990101260101-100001-0",
        source="PETITION",
        title="所长收受好处",
        category="accusation",
        desk=TAKER.unit,
        to_unit="south",
        against="north",
    )
    by = metadata_for(settings.token, RECEPTIONIST)
    await flow.OpenIncident(pb.OpenIncidentRequest(matter=matter), metadata=by)
    asked = pb.GetIncidentRequest(incident_id=matter.id)
    assert (await flow.GetIncident(asked, metadata=by)).incident.id == matter.id
    kind = resources.Receipt.KIND_WALK_IN
    receipt, _ = await both.receive(RECEPTIONIST, kind=kind, category="theft")
    linking = both.do("LinkRepeat", receipt.id, RECEPTIONIST, incident=matter.id)
    assert (await refused(linking)).reason == "UNKNOWN_INCIDENT"


async def test_nobody_joins_an_incident_that_he_may_not_see(both: Console) -> None:
    """The receipt would show it to him from then on, and follow it."""
    foreign, _ = await both.receive(category="theft")
    await both.do("OpenIncident", foreign.id)
    own, _ = await both.receive(GRID_MEMBER, kind=resources.Receipt.KIND_GRID_REPORT)
    refusal = await refused(both.do("LinkRepeat", own.id, GRID_MEMBER, incident=foreign.id))
    assert refusal.reason == "UNKNOWN_INCIDENT"
    linked = await both.do("LinkRepeat", own.id, DISPATCHER, incident=foreign.id)
    assert linked.receipt.incident.id == foreign.id


async def test_an_end_that_the_desk_has_not_heard_of_refuses_the_link(
    home: Installation, both: Console, tables: Any
) -> None:
    settings = home.settings("workflow")
    flow: Any = rpc.IncidentServiceStub(open_channel(settings, "workflow"))
    first, _ = await both.receive(category="theft")
    await both.do("OpenIncident", first.id)
    void = pb.VoidIncidentRequest(incident_id=first.id, reason="HOAX")
    await flow.VoidIncident(void, metadata=metadata_for(settings.token, DISPATCHER))
    await becomes(both, first.id, is_closed)
    # The state that the desk knew when it looked, a moment before the incident ended.
    await changed_by_hand(
        tables,
        home.settings("alarm").keyring,
        "alarm.receipts",
        "UPDATE receipts SET doc = jsonb_set(doc::jsonb, '{incident,known}', "
        'doc::jsonb #> \'{incident,known}\' || \'{"version": 3, "state": "OFFERED"}\')::json',
    )
    second, _ = await both.receive(category="theft")
    refusal = await refused(both.do("LinkRepeat", second.id, incident=first.id))
    assert (refusal.reason, refusal.facts["state"]) == ("INCIDENT_OVER", "VOIDED")
    assert not is_closed((await both.do("GetReceipt", second.id)).receipt), "the call does not sink"


async def test_the_receipt_shows_the_present_priority_and_never_an_older_version(
    home: Installation, both: Console
) -> None:
    settings = home.settings("workflow")
    flow: Any = rpc.IncidentServiceStub(open_channel(settings, "workflow"))
    first, _ = await both.receive(category="theft")
    opened = (await both.do("OpenIncident", first.id)).receipt
    metadata = [*metadata_for(settings.token, DISPATCHER), ("idempotency-key", uuid4().hex)]
    raised = pb.SetPriorityRequest(incident_id=first.id, priority="P1", reason="有人受伤")
    await flow.SetPriority(raised, metadata=metadata)
    found = (await both.do("GetReceipt", first.id)).receipt
    assert (found.incident.priority, found.incident.category) == ("P1", "theft")
    assert found.incident.version > opened.incident.version


async def test_an_incident_is_told_what_the_second_caller_says(
    home: Installation, both: Console
) -> None:
    first, _ = await both.receive(category="theft", narrative="店里丢了东西")
    await both.do("OpenIncident", first.id)
    said = {"narrative": "小偷往北跑了", "danger": "带着撬棍", "place": Place(text="长风路北门")}
    second, _ = await both.receive(category="theft", **said)
    await both.do("LinkRepeat", second.id, incident=first.id, confirm_priority=True)
    incident = await claimed(home, first.id)
    assert "小偷往北跑了" in incident.narrative
    assert "长风路北门" in incident.narrative
    assert incident.danger == "带着撬棍"


async def claimed(home: Installation, incident: str) -> Incident:
    """The incident as LI holds it."""
    settings = home.settings("workflow")
    flow: Any = rpc.IncidentServiceStub(open_channel(settings, "workflow"))
    metadata = [*metadata_for(settings.token, LI), ("idempotency-key", uuid4().hex)]
    answer = await flow.ClaimIncident(
        pb.ClaimIncidentRequest(incident_id=incident), metadata=metadata
    )
    return answer.incident  # type: ignore[no-any-return]


def is_held(found: resources.Receipt) -> bool:
    return bool(found.incident.holder == "li")


async def test_the_holder_sees_the_reports_and_a_protected_caller_is_not_named(
    home: Installation, both: Console
) -> None:
    facts = desk.CallerFacts(number="13800001234", name="王小明", protected=True)
    narrative = "王 小明的车被偷，电话138 0000 1234"
    first, _ = await both.receive(category="theft", caller=facts, narrative=narrative)
    second, _ = await both.receive(category="theft", narrative="又有人报同一辆车")
    await both.do("OpenIncident", first.id)
    await both.do("LinkRepeat", second.id, incident=first.id)
    told = "［报警人］的车被偷，电话［号码］"
    assert (await claimed(home, first.id)).narrative.splitlines()[0] == told
    desks = [await becomes(both, each.id, is_held) for each in (first, second)]
    assert desks[0].narrative == narrative

    about = desk.ListReceiptsRequest(incident_id=first.id)
    found: dict[str, resources.Receipt] = {}
    async with asyncio.timeout(PATIENCE):  # a read of one knows the holder before its receipt does
        while set(found) != {first.id, second.id}:
            answer, _ = await both.call("ListReceipts", about, LI)
            found = {each.id: each for each in answer.items}
    assert found[first.id].narrative == told
    assert found[first.id].caller == resources.Caller(protected=True)
    assert found[second.id].caller.number == "［号码］"  # of the same caller, who is protected

    async def reveal(receipt: str) -> Any:
        request = desk.RevealCallerRequest(receipt_id=receipt)
        return (await both.call("RevealCaller", request, LI, purpose="联系报警人"))[0]

    assert (await refused(reveal(first.id))).reason == "CALLER_PROTECTED"
    assert (await reveal(second.id)).caller.number == "13800001234"
    amended = await both.do("AmendReceipt", second.id, caller=facts, narrative="王小明又来电")
    assert amended.receipt.narrative == "王小明又来电"
    assert (await both.do("GetReceipt", second.id, LI)).receipt.narrative == "［报警人］又来电"


PROTECTED = desk.CallerFacts(number="13800001235", name="长孙无忌", protected=True)
WITNESS = desk.CallerFacts(number="13800001236", name="王路")


async def test_another_report_of_the_incident_names_no_protected_caller(
    home: Installation, both: Console
) -> None:
    first, _ = await both.receive(category="theft", caller=PROTECTED, narrative="我的车被偷")
    words = "看到长孙无忌的车被偷，他说打13800001235"
    second, _ = await both.receive(category="theft", caller=WITNESS, narrative=words)
    third, _ = await both.receive(category="theft", caller=WITNESS, narrative="长孙女士在等")
    await both.do("OpenIncident", first.id)
    linked = await both.do("LinkRepeat", second.id, incident=first.id)
    assert linked.receipt.narrative == words  # at its desk
    await claimed(home, first.id)
    await becomes(both, second.id, is_held)

    read = (await both.do("GetReceipt", second.id, LI)).receipt
    assert read.narrative == "看到［报警人］的车被偷，他说打［号码］"
    assert read.caller.name == "王*"
    about = desk.ListReceiptsRequest(incident_id=first.id)
    for who in (LI, AUDITOR):
        listed = (await both.call("ListReceipts", about, who))[0].items
        assert {each.narrative for each in listed} == {"我的车被偷", read.narrative}
    repeated = await both.do("LinkRepeat", third.id, incident=first.id)
    assert repeated.receipt.narrative == "长孙女士在等"
    await becomes(both, third.id, is_held)
    assert (await both.do("GetReceipt", third.id, LI)).receipt.narrative == "［报警人］在等"


async def test_another_report_names_no_protected_caller_whose_own_has_left(
    home: Installation, both: Console
) -> None:
    told = "长孙无忌的车被偷"
    witness, _ = await both.receive(category="theft", caller=WITNESS, narrative=told)
    own, _ = await both.receive(category="theft", caller=PROTECTED, narrative="我的车被偷")
    await both.do("OpenIncident", witness.id)
    await both.do("LinkRepeat", own.id, incident=witness.id)
    await both.do("UnlinkRepeat", own.id, reason="不是一回事")
    await claimed(home, witness.id)
    await becomes(both, witness.id, is_held)
    assert (await both.do("GetReceipt", witness.id, LI)).receipt.narrative == "［报警人］的车被偷"


async def test_a_receipt_that_was_linked_before_is_hidden_with_a_late_accusation(
    both: Console,
) -> None:
    """The opening report accuses the unit that has it: no watcher sees the linked one any more."""
    first, _ = await both.receive(category="theft")
    await both.do("OpenIncident", first.id)
    second, _ = await both.receive(category="theft")
    await both.do("LinkRepeat", second.id, incident=first.id)
    watcher = Actor("zhou", "elsewhere", "supervisor", COUNTY)
    assert (await both.do("GetReceipt", second.id, watcher)).receipt.id == second.id
    await both.do("AmendReceipt", first.id, against="north", reason="来电补充")
    async with asyncio.timeout(PATIENCE):
        while (await both.do("GetReceipt", second.id)).receipt.against != "north":
            await asyncio.sleep(0.1)
    for who in (watcher, LI):
        refusal = await refused(both.do("GetReceipt", second.id, who))
        assert refusal.reason == "NO_SUCH_RECEIPT", who
    shown = (await both.do("GetReceipt", second.id)).receipt
    assert shown.incident.id == first.id, "the desk has taken it down itself"
