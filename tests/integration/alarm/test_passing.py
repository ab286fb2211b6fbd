"""What the desk passes on, over a real Postgres and Kafka: tickets, and results that return."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from backbone.kafka.producer import open_producer
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel
from backbone.words.actor import Actor
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.alarm.v1 import alarm_service_pb2_grpc as rpc
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.petition.v1.petition_events_pb2 import PetitionEvent
from tests.desks import AUDITOR, HOTLINE, HOTLINE_CLERK, STRANGER, TAKER
from tests.integration.alarm.conftest import Console
from tests.integration.alarm.test_desk import refused
from tests.processes import Installation
from tests.proving import changed_by_hand
from tests.servers import Broker
from tests.signing import signed

pytestmark = pytest.mark.asyncio(loop_scope="module")

Ticket = resources.Ticket
OFFICE = Actor("gu", "office", "clerk", "990101")


async def a_ticket(console: Console) -> resources.Receipt:
    receipt, _ = await console.receive(narrative="路灯坏了")
    passed = await console.do("PassTo12345", receipt.id, note="请尽快修复")
    return passed.receipt


async def ticket(console: Console, verb: str, about: str, who: Actor = HOTLINE, **more: str) -> Any:
    request = getattr(pb, f"{verb}Request")(ticket_id=about, **more)
    return (await console.call(verb, request, who))[0].ticket


async def listed(console: Console, who: Actor, **more: Any) -> set[str]:
    answer, _ = await console.call("ListTickets", pb.ListTicketsRequest(**more), who)
    return {each.id for each in answer.items}


async def outstanding(home: Installation, who: Actor = TAKER) -> dict[str, resources.Outstanding]:
    """What the inbox of this person asks the desk for; workflow asks."""
    settings = home.settings("workflow")
    stub = rpc.AlarmServiceStub(open_channel(settings, "alarm"))
    found: dict[str, resources.Outstanding] = {}
    asked = pb.ListOutstandingRequest(page_size=1)
    while True:
        page = await stub.ListOutstanding(
            asked, timeout=30, metadata=metadata_for(settings.token, who)
        )
        found |= {each.id: each for each in page.items}
        asked.page_token = page.next_page_token
        if not asked.page_token:
            return found


async def test_a_ticket_waits_for_its_partner_and_its_answer_returns(
    console: Console, tables: Any
) -> None:
    receipt = await a_ticket(console)
    passed = receipt.passed
    assert (passed.kind, passed.unit, passed.state) == (
        resources.Passed.KIND_TICKET,
        "hotline",
        "WAITING",
    )
    assert (passed.id, passed.code) == (receipt.id, receipt.code)
    assert passed.due_time.ToDatetime(UTC) > datetime.now(UTC)
    assert receipt.id in await listed(console, HOTLINE)
    for stranger in (STRANGER, AUDITOR, OFFICE):
        assert receipt.id not in await listed(console, stranger)
    shown = await ticket(console, "GetTicket", receipt.id)
    assert (shown.narrative, shown.note, shown.state) == (
        "路灯坏了",
        "请尽快修复",
        Ticket.STATE_WAITING,
    )
    assert (shown.version, list(shown.actions)) == (2, ["AnswerTicket", "RefuseTicket"])
    for verb, said in (("GetTicket", {}), ("AnswerTicket", {"answer": "好"})):
        hidden = await refused(ticket(console, verb, receipt.id, STRANGER, **said))
        assert hidden.reason == "NO_SUCH_TICKET"

    for _ in range(2):  # the same answer is the same, also under another key
        answered = await ticket(console, "AnswerTicket", receipt.id, answer="已修复")
        assert (answered.state, answered.answer) == (Ticket.STATE_ANSWERED, "已修复")
    other = await refused(ticket(console, "AnswerTicket", receipt.id, answer="无法修复"))
    assert (other.reason, other.facts["answer"]) == ("TICKET_ANSWERED", "已修复")
    wrong = await refused(ticket(console, "AnswerTicket", receipt.id, TAKER, answer="好"))
    assert wrong.reason == "NOT_YOUR_TICKET"
    found = await console.do("GetReceipt", receipt.id)
    assert (found.receipt.passed.state, found.receipt.passed.answer) == ("ANSWERED", "已修复")
    assert receipt.id not in await listed(console, HOTLINE)
    assert receipt.id in await listed(console, HOTLINE, closed=True)


async def test_a_refused_ticket_returns_to_the_desk(
    home: Installation, console: Console, tables: Any
) -> None:
    receipt = await a_ticket(console)
    assert await outstanding(home) == {}, "its time is not over"
    for _ in range(2):
        returned = await ticket(console, "RefuseTicket", receipt.id, reason="不属受理范围")
        assert returned.state == Ticket.STATE_RETURNED
    open_again, _ = await console.call(
        "ListReceipts", pb.ListReceiptsRequest(passed_state="RETURNED")
    )
    [back] = [each for each in open_again.items if each.id == receipt.id]
    assert back.state == resources.Receipt.STATE_RECEIVED
    assert back.passed.answer == "不属受理范围"
    waits = (await outstanding(home))[receipt.id]
    assert (waits.reason, waits.cause, waits.passed_to) == (
        resources.Outstanding.REASON_RETURNED,
        "不属受理范围",
        "hotline",
    )
    assert await outstanding(home, STRANGER) == {}
    opened = await console.do("OpenIncident", receipt.id)
    assert opened.receipt.outcome == resources.Receipt.OUTCOME_OPENED
    assert await outstanding(home) == {}, "the desk has decided anew"
    given_back = await ticket(console, "GetTicket", receipt.id)
    assert (given_back.state, given_back.answer) == (Ticket.STATE_RETURNED, "不属受理范围")
    told = (given_back.narrative, given_back.category, given_back.HasField("place"))
    assert told == ("", "", False), "nothing of what came of it"
    assert not given_back.actions
    for late in ("AnswerTicket", "RefuseTicket"):
        said = {"answer": "好"} if late == "AnswerTicket" else {"reason": "别的理由"}
        refusal = await refused(ticket(console, late, receipt.id, **said))
        assert refusal.reason == "TICKET_RETURNED"
    same = await ticket(console, "RefuseTicket", receipt.id, reason="不属受理范围")
    assert same == given_back
    for who in (STRANGER, replace(HOTLINE, unit="court")):
        assert (
            await refused(ticket(console, "GetTicket", receipt.id, who))
        ).reason == "NO_SUCH_TICKET"
    asked = pb.GetReceiptRequest(receipt_id=receipt.id)
    assert (await refused(console.call("GetReceipt", asked, HOTLINE))).reason == "NO_SUCH_RECEIPT"


async def test_silence_of_a_partner_is_heard_at_the_desk(
    home: Installation, console: Console, tables: Any
) -> None:
    receipt = await a_ticket(console)
    due = (
        "UPDATE receipts SET due_time = now() - interval '1 s', doc = $2::text::json WHERE id = $1"
    )
    doc = await tables.fetchval("SELECT doc::text FROM receipts WHERE id = $1", UUID(receipt.id))
    early = doc.replace(receipt.passed.due_time.ToJsonString()[:10], "2020-01-01")
    keys = home.settings("alarm").keyring
    await changed_by_hand(tables, keys, "alarm.receipts", due, UUID(receipt.id), early)
    async with asyncio.timeout(20):
        while True:
            found = pb.ListReceiptsRequest(passed_state="LAPSED")
            lapsed, _ = await console.call("ListReceipts", found)
            if receipt.id in {each.id for each in lapsed.items}:
                break
            await asyncio.sleep(0.1)
    second = await a_ticket(console)
    await ticket(console, "RefuseTicket", second.id, reason="不属受理范围")
    waits = await outstanding(home)  # two pages, the oldest first
    assert list(waits) == [receipt.id, second.id]
    assert waits[receipt.id].reason == resources.Outstanding.REASON_LAPSED
    assert waits[receipt.id].since.ToDatetime(UTC) <= datetime.now(UTC)
    late = await ticket(console, "AnswerTicket", receipt.id, answer="已修复")
    assert list(await outstanding(home)) == [second.id]
    assert (late.state, late.HasField("lapse_time")) == (Ticket.STATE_ANSWERED, True)


async def test_what_is_passed_to_a_unit_is_an_incident_there(console: Console, tables: Any) -> None:
    receipt, _ = await console.receive()
    passed = (await console.do("PassTo12345", receipt.id, to="roads", note="请先围挡")).receipt
    assert (passed.passed.kind, passed.incident.id) == (resources.Passed.KIND_INCIDENT, receipt.id)
    assert passed.passed.note == "请先围挡"
    payload = await tables.fetchval(
        "SELECT payload FROM journal WHERE aggregate_id = $1 ORDER BY version DESC LIMIT 1",
        UUID(receipt.id),
    )
    event = AlarmEvent.FromString(payload)
    matter = event.passed_to_unit.matter
    assert (matter.to_unit, matter.note) == ("roads", "请先围挡")


async def test_the_reply_of_a_petition_returns(
    console: Console, tables: Any, broker: Broker
) -> None:
    receipt, _ = await console.receive()
    await console.do("PassTo12345", receipt.id, to="office")
    event = PetitionEvent()
    event.meta.event_id, event.meta.aggregate_id = str(uuid4()), receipt.id
    event.meta.version, event.meta.unit = 4, "office"
    event.replied.reply = "已督促整改"
    key, value, topic = (
        receipt.id.encode(),
        event.SerializeToString(),
        "liandong.petition.events.v1",
    )
    async with open_producer(broker.address) as producer:
        headers = signed(topic, key, value)
        await producer.send_and_wait(topic, value, key=key, headers=headers)
    async with asyncio.timeout(20):
        while True:
            found = (await console.do("GetReceipt", receipt.id)).receipt.passed
            if found.state == "REPLIED":
                break
            await asyncio.sleep(0.1)
    assert found.answer == "已督促整改"


async def test_a_list_of_tickets_shows_what_the_single_read_shows(console: Console) -> None:
    """One that accuses a unit only now was taken back; neither system nor staff of the partner see
    it any more."""
    passed = await a_ticket(console)
    assert passed.id in await listed(console, HOTLINE)
    await console.do("AmendReceipt", passed.id, against="north", reason="来电检举")
    for who in (HOTLINE, HOTLINE_CLERK):
        assert passed.id not in await listed(console, who)
        refusal = await refused(ticket(console, "GetTicket", passed.id, who))
        assert refusal.reason == "NO_SUCH_TICKET"


async def test_a_partner_that_gets_the_next_ticket_has_one_line_of_it(console: Console) -> None:
    receipt = await a_ticket(console)
    await ticket(console, "RefuseTicket", receipt.id, reason="不属受理范围")
    await console.do("PassTo12345", receipt.id, note="再请核实")
    assert receipt.id in await listed(console, HOTLINE)
    assert receipt.id not in await listed(console, HOTLINE, closed=True)
    await ticket(console, "AnswerTicket", receipt.id, answer="已修复")
    assert receipt.id not in await listed(console, HOTLINE)
    answer, _ = await console.call("ListTickets", pb.ListTicketsRequest(closed=True), HOTLINE)
    [line] = [each for each in answer.items if each.id == receipt.id]
    assert (line.state, line.answer) == (Ticket.STATE_ANSWERED, "已修复")


async def test_a_partner_that_gave_back_what_now_accuses_a_unit_finds_it_nowhere(
    console: Console,
) -> None:
    receipt = await a_ticket(console)
    await ticket(console, "RefuseTicket", receipt.id, reason="不属受理范围")
    await console.do("AnswerAtDesk", receipt.id, reply="已答复")
    assert receipt.id in await listed(console, HOTLINE, closed=True)
    await console.do("AmendReceipt", receipt.id, against="north", reason="来电检举")
    assert receipt.id not in await listed(console, HOTLINE, closed=True)


async def test_a_partner_lists_what_it_gave_back_whatever_the_desk_makes_of_it(
    console: Console,
) -> None:
    receipt = await a_ticket(console)
    await ticket(console, "RefuseTicket", receipt.id, reason="不属受理范围")
    await console.do("OpenIncident", receipt.id)
    given_back = await ticket(console, "GetTicket", receipt.id)
    assert receipt.id not in await listed(console, HOTLINE)
    for given in (
        {"closed": True},
        {"state": Ticket.STATE_RETURNED},
        {"closed": True, "code": receipt.code},
    ):
        asked = pb.ListTicketsRequest()
        for name, value in given.items():
            setattr(asked, name, value)
        answer, _ = await console.call("ListTickets", asked, HOTLINE)
        assert [each for each in answer.items if each.id == receipt.id] == [given_back]
    assert receipt.id not in await listed(console, HOTLINE, closed=True, priority="P3")
    assert receipt.id not in await listed(console, HOTLINE, state=Ticket.STATE_ANSWERED)
    for who in (STRANGER, replace(HOTLINE, unit="court")):
        assert receipt.id not in await listed(console, who, closed=True)
