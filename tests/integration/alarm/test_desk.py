"""The front desk over a real Postgres: repeats, ends, seals, scope and lists."""

from typing import Any

import asyncpg
import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from msgspec.structs import replace

from backbone.postgres.states import taken
from backbone.rpc.channels import refusal_of
from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.place.v1.place_pb2 import Place, Point
from services.alarm.receipt.record import Outcome
from services.alarm.receipt.table import COLUMNS, project
from services.alarm.wiring import build_decider
from tests.cities import SOUTH
from tests.desks import (
    AUDITOR,
    DISPATCHER,
    EAST_GRID,
    GRID_MEMBER,
    HOTLINE_CLERK,
    STRANGER,
    TAKER,
    a_desk_city,
)
from tests.integration.alarm.conftest import NAME, NUMBER, Console
from tests.processes import Installation
from tests.proving import changed_by_hand

pytestmark = pytest.mark.asyncio(loop_scope="module")

Receipt = resources.Receipt
DECIDER = build_decider(a_desk_city)


async def refused(call: Any) -> Refusal:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = refusal_of(caught.value)
    assert refusal is not None
    return refusal


async def test_a_create_repeated_is_the_same_create(console: Console, tables: Any) -> None:
    first, trailing = await console.receive(key="k1")
    again, repeated = await console.receive(key="k1")
    assert again == first
    assert (trailing["liandong-replayed"], repeated["liandong-replayed"]) == ("false", "true")
    assert await tables.fetchval("SELECT count(*) FROM receipts") == 1
    other = await refused(console.receive(key="k1", narrative="别的事"))
    assert other.reason == "IDEMPOTENCY_KEY_REUSED"
    assert (first.grid.code, first.grid.name) == (EAST_GRID, "grid 1")
    assert first.code.startswith("990101")
    assert first.priority == "P2"
    assert first.suggestions.category[0].category == "traffic.accident.injury"
    assert not first.HasField("incident")
    assert first.outcome == Receipt.OUTCOME_UNSPECIFIED


async def test_a_receipt_that_says_the_same_already_keeps_its_version(
    console: Console, tables: Any
) -> None:
    first, _ = await console.receive()
    facts = pb.CallerFacts(number=NUMBER, name=NAME)
    said = {"caller": facts, "narrative": first.narrative, "place": first.place}
    request = pb.AmendReceiptRequest(receipt_id=first.id, **said)
    once, _ = await console.call("AmendReceipt", request)
    again, _ = await console.call("AmendReceipt", request)
    assert again.receipt.version == once.receipt.version
    request = pb.AmendReceiptRequest(receipt_id=first.id, caller=pb.CallerFacts(name="李四"))
    other, _ = await console.call("AmendReceipt", request)
    assert other.receipt.version == once.receipt.version + 1


async def test_the_second_caller_is_shown_the_first(console: Console, tables: Any) -> None:
    first, _ = await console.receive()
    near = Place(point=Point(longitude=0.151, latitude=0.05))
    second, _ = await console.receive(narrative="两车撞了,有人受伤", place=near)
    [found] = second.suggestions.repeats
    assert (found.receipt, found.code, found.incident) == (first.id, first.code, "")
    assert {reason.split()[0] for reason in found.reasons} >= {"SAME_NUMBER", "NEAR"}
    far = Place(point=Point(longitude=0.05, latitude=0.09))
    third, _ = await console.receive(caller=pb.CallerFacts(), place=far)
    assert not third.suggestions.repeats


@pytest.mark.parametrize("form", ["138-0000-1234", "+86 138 0000 1234", "0086138 0000 1234"])
async def test_a_number_is_recognised_in_every_form(
    console: Console, tables: Any, form: str
) -> None:
    first, _ = await console.receive()
    far = Place(point=Point(longitude=0.05, latitude=0.09))
    again, _ = await console.receive(caller=pb.CallerFacts(number=form), place=far)
    [found] = again.suggestions.repeats
    assert found.receipt == first.id and "SAME_NUMBER" in found.reasons


@pytest.mark.parametrize("amended", [False, True])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("13900139000、13800138000", "138-0013-8000"),
        ("13800138000", "13900139000 / 138 0013 8000"),
        ("13900139000,0571-88001234", "010-66001234；(0571)88001234"),
    ],
)
async def test_each_number_of_a_field_is_recognised(
    console: Console, tables: Any, one: str, other: str, amended: bool
) -> None:
    first, _ = await console.receive(caller=pb.CallerFacts(number="" if amended else one))
    if amended:
        change = pb.AmendReceiptRequest(receipt_id=first.id, caller=pb.CallerFacts(number=one))
        await console.call("AmendReceipt", change)
    far = Place(point=Point(longitude=0.05, latitude=0.09))
    again, _ = await console.receive(caller=pb.CallerFacts(number=other), place=far)
    [found] = again.suggestions.repeats
    assert found.receipt == first.id and "SAME_NUMBER" in found.reasons
    assert not (*again.caller.further, *again.caller.further_lines), "they are shown to no one"


@pytest.mark.parametrize("other", ["057188001234转8013", "0571-88001234"])
async def test_another_extension_is_perhaps_the_same_place(
    console: Console, tables: Any, other: str
) -> None:
    said = {"caller": pb.CallerFacts(number="0571-88001234-8012")}
    first, _ = await console.receive(**said)
    far = Place(point=Point(longitude=0.05, latitude=0.09))
    again, _ = await console.receive(caller=pb.CallerFacts(number=other), place=far)
    [found] = again.suggestions.repeats
    assert found.receipt == first.id and "SAME_LINE" in found.reasons
    assert "SAME_NUMBER" not in found.reasons


async def test_an_address_is_recognised_without_a_point_and_a_void_incident_is_not_suggested(
    home: Installation, console: Console, tables: Any
) -> None:
    nobody = {"caller": pb.CallerFacts()}
    first, _ = await console.receive(place=Place(text="长风路12号"), **nobody)
    await console.do("OpenIncident", first.id)
    second, _ = await console.receive(place=Place(text="长风路十二号门口"), **nobody)
    [found] = second.suggestions.repeats
    assert (found.incident, found.state) == (first.id, "PENDING")
    assert "SAME_PLACE 100%" in found.reasons
    third, _ = await console.receive(place=Place(text="长风路12#"), **nobody)
    assert {each.receipt for each in third.suggestions.repeats} == {first.id, second.id}
    await console.do("MarkInvalid", second.id, reason=Receipt.INVALID_REASON_HOAX)
    await changed_by_hand(
        tables,
        home.settings("alarm").keyring,
        "alarm.receipts",
        "UPDATE receipts SET doc = jsonb_set(doc::jsonb, '{incident,known,state}', '\"VOIDED\"')"
        " WHERE id = $1",
        first.id,
    )
    fourth, _ = await console.receive(place=Place(text="长风路12#"), **nobody)
    assert [each.receipt for each in fourth.suggestions.repeats] == [third.id]
    now = (await console.do("GetReceipt", third.id)).receipt
    assert not now.suggestions.repeats, "what became invalid or void is not suggested any more"


async def test_a_suggestion_is_shown_as_it_is_now(console: Console, tables: Any) -> None:
    first, _ = await console.receive()
    second, _ = await console.receive()
    [found] = second.suggestions.repeats
    assert (found.incident, found.state) == ("", "")
    await console.do("OpenIncident", first.id)
    [found] = (await console.do("GetReceipt", second.id)).receipt.suggestions.repeats
    assert (found.receipt, found.incident) == (first.id, first.id) and found.state


@pytest.mark.parametrize(
    "lie",
    [
        "jsonb_set(doc::jsonb, '{id}', '\"00000000-0000-0000-0000-000000000001\"')",
        "jsonb_set(doc::jsonb, '{report,narrative}', '\"两车相撞\"')",
        "jsonb_set(doc::jsonb, '{origin,receive_time}', '\"2026-11-29T08:00:00\"')",
        "jsonb_set(doc::jsonb, '{report,place}', '7')",
        "'[]'",
    ],
)
async def test_a_receipt_that_was_changed_by_hand_is_not_suggested(
    console: Console, tables: Any, lie: str
) -> None:
    sound, _ = await console.receive()
    forged, _ = await console.receive()
    await tables.execute(f"UPDATE receipts SET doc = ({lie})::text::json WHERE id = $1", forged.id)
    third, _ = await console.receive()
    assert [each.receipt for each in third.suggestions.repeats] == [sound.id]


async def test_times_of_a_call_name_their_field(console: Console, tables: Any) -> None:
    late = Timestamp(seconds=4_000_000_000)
    refusal = await refused(console.receive(answer_time=late))
    assert (refusal.reason, refusal.facts["field"]) == ("TIME_IN_FUTURE", "answer_time")
    ring, answer = Timestamp(seconds=1_700_000_001), Timestamp(seconds=1_700_000_000)
    refusal = await refused(console.receive(ring_time=ring, answer_time=answer))
    assert (refusal.reason, refusal.facts["field"]) == ("TIMES_OUT_OF_ORDER", "answer_time")


async def test_a_suggestion_does_not_tell_who_else_has_called(
    console: Console, tables: Any
) -> None:
    """A grid member cannot see the call, so the number of its caller tells him nothing either."""
    first, _ = await console.receive()
    report = {"kind": Receipt.KIND_GRID_REPORT}
    theirs, _ = await console.receive(GRID_MEMBER, **report)
    assert not theirs.suggestions.repeats
    again, _ = await console.receive(GRID_MEMBER, **report)
    assert [each.receipt for each in again.suggestions.repeats] == [theirs.id]
    over_both, _ = await console.receive(DISPATCHER)
    seen = {each.receipt for each in over_both.suggestions.repeats}
    assert seen == {first.id, theirs.id, again.id}


async def test_five_ways_to_end_add_up_and_a_second_is_refused(
    console: Console, tables: Any
) -> None:
    ids = [(await console.receive())[0].id for _ in range(6)]
    opened = await console.do("OpenIncident", ids[0])
    assert (opened.receipt.outcome, opened.receipt.incident.state) == (
        Receipt.OUTCOME_OPENED,
        "PENDING",
    )
    assert (opened.receipt.incident.id, opened.receipt.incident.code) == (
        ids[0],
        opened.receipt.code,
    )
    linked = await console.do("LinkRepeat", ids[1], incident=ids[0])
    assert linked.receipt.incident.id == ids[0]
    await console.do("AnswerAtDesk", ids[2], reply="已告知")
    passed = await console.do("PassTo12345", ids[3], to="12345")
    assert passed.receipt.passed_to == "hotline"
    await console.do("ReferToMediation", ids[4])
    await console.do("MarkInvalid", ids[5], reason=Receipt.INVALID_REASON_HOAX)
    for receipt in ids:
        second = await refused(console.do("AnswerAtDesk", receipt, reply="又一次"))
        assert second.reason == "ALREADY_ENDED"
        assert second.facts["outcome"] in set(Outcome)
    rows = await tables.fetch("SELECT outcome, count(*) FROM receipts GROUP BY outcome")
    counts = {row["outcome"]: row["count"] for row in rows}
    assert counts == {"OPENED": 1, "LINKED": 1, "ANSWERED": 1, "PASSED": 2, "INVALID": 1}
    again = await console.do("UnlinkRepeat", ids[1], reason="不是一回事")
    assert again.receipt.state == Receipt.STATE_RECEIVED


async def test_the_database_repeats_the_law(console: Console, tables: Any) -> None:
    receipt, _ = await console.receive()
    for lie in (
        "outcome = 'ANSWERED'",
        "state = 'ENDED'",
        "state = 'ENDED', outcome = 'OPENED'",
        "state = 'ENDED', outcome = 'OPENED', incident_id = id",
        "passed_to = 'hotline'",
        "incident_id = id",
        "priority = 'P9'",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await tables.execute(f"UPDATE receipts SET {lie} WHERE id = $1", receipt.id)


async def test_nobody_reads_the_caller_at_rest(console: Console, tables: Any) -> None:
    receipt, _ = await console.receive()
    await console.do("AmendReceipt", receipt.id, caller=pb.CallerFacts(number=NUMBER, name=NAME))
    names = await tables.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'alarm'"
    )
    for [table] in names:
        rows = await tables.fetch(f"SELECT to_jsonb(t)::text FROM {table} AS t")
        assert not any(NUMBER in row[0] or NAME in row[0] for row in rows), table
    payloads = await tables.fetch("SELECT payload FROM journal")
    assert payloads
    for [payload] in payloads:
        assert NUMBER.encode() not in payload
        assert NAME.encode() not in payload


async def test_answers_mask_and_only_a_purpose_reveals(console: Console, tables: Any) -> None:
    receipt, _ = await console.receive()
    assert (receipt.caller.number, receipt.caller.name) == ("138****1234", "王**")
    assert receipt.caller.number_index == ""
    hidden, _ = await console.receive(
        caller=pb.CallerFacts(number=NUMBER, name=NAME, protected=True)
    )
    assert hidden.caller == resources.Caller(protected=True)
    request = pb.RevealCallerRequest(receipt_id=hidden.id)
    assert (await refused(console.call("RevealCaller", request))).reason == "PURPOSE_MISSING"
    for who in (HOTLINE_CLERK, STRANGER):
        denied = await refused(console.call("RevealCaller", request, who, purpose="a"))
        assert denied.reason in ("MAY_NOT_REVEAL", "NO_SUCH_RECEIPT")
    plain, _ = await console.call("RevealCaller", request, purpose="回访")
    assert (plain.caller.number, plain.caller.name) == (NUMBER, NAME)
    payload = await tables.fetchval("SELECT payload FROM journal ORDER BY position DESC LIMIT 1")
    revealed = AlarmEvent.FromString(payload).revealed
    assert (revealed.user, revealed.unit, revealed.purpose) == (TAKER.user, TAKER.unit, "回访")
    audited, _ = await console.call("RevealCaller", request, AUDITOR, purpose="抽查")
    assert audited.caller.number == NUMBER


async def test_a_repeated_reveal_is_answered_only_while_the_right_is_there(
    console: Console, tables: Any
) -> None:
    receipt, _ = await console.receive()
    request = pb.RevealCallerRequest(receipt_id=receipt.id)

    async def reveal(who: Actor) -> tuple[Any, dict[str, str]]:
        return await console.call("RevealCaller", request, who, "see", purpose="回访")

    first, _ = await reveal(TAKER)
    again, trailing = await reveal(TAKER)
    assert (again, trailing["liandong-replayed"]) == (first, "true")
    moved = Actor(TAKER.user, "south", TAKER.role, SOUTH)
    assert (await refused(reveal(moved))).reason == "NO_SUCH_RECEIPT"
    retired = replace(TAKER, role="clerk")
    assert (await refused(reveal(retired))).reason == "MAY_NOT_REVEAL"
    assert (await reveal(TAKER))[0] == first, "the refusal of a repeat is not kept"
    revealed = "SELECT count(*) FROM journal WHERE kind = 'liandong.alarm.revealed.v1'"
    assert await tables.fetchval(revealed) == 1


async def test_a_repeat_gets_the_first_answer_whatever_has_happened_since(
    console: Console, tables: Any
) -> None:
    receipt, _ = await console.receive()
    request = pb.AmendReceiptRequest(receipt_id=receipt.id, narrative="三车相撞")
    first, _ = await console.call("AmendReceipt", request, key="amend")
    await console.do("AmendReceipt", receipt.id, narrative="四车相撞")
    await console.do("AnswerAtDesk", receipt.id, reply="已告知")
    again, trailing = await console.call("AmendReceipt", request, key="amend")
    assert (again, trailing["liandong-replayed"]) == (first, "true")
    assert trailing["liandong-version"] == "2"
    moved = Actor(TAKER.user, "south", TAKER.role, SOUTH)
    repeated = refused(console.call("AmendReceipt", request, moved, "amend"))
    assert (await repeated).reason == "NO_SUCH_RECEIPT"


async def test_the_journal_folds_to_the_row(console: Console, tables: Any) -> None:
    ids = [(await console.receive(recording="disk 1"))[0].id for _ in range(6)]
    await console.do("AmendReceipt", ids[0], caller=pb.CallerFacts(name=NAME, protected=True))
    await console.do("ClassifyReceipt", ids[0], priority="P1")
    await console.do("DispatchNow", ids[0], team="red", note="快")
    await console.do("OpenIncident", ids[0], to_unit="north")
    await console.do("LinkRepeat", ids[1], incident=ids[0])
    await console.do("UnlinkRepeat", ids[1], reason="不是一回事")
    await console.do("LinkRepeat", ids[1], incident=ids[0])
    await console.do("AnswerAtDesk", ids[2], reply="已告知", photos=["a", "b"])
    await console.do("RecordCallBack", ids[2], finding=resources.CallBack.FINDING_PARTLY)
    await console.do("ConfirmClass", ids[2], category="theft")
    await console.do("CloseReceipt", ids[2])
    await console.do("PassTo12345", ids[3], note="转办")
    await console.do("ReferToMediation", ids[4])
    await console.do("MarkInvalid", ids[5], reason=Receipt.INVALID_REASON_SILENT)
    rows = await tables.fetch("SELECT * FROM receipts")
    assert len(rows) == len(ids)
    for row in rows:
        journal = await tables.fetch(
            "SELECT payload, hash FROM journal WHERE aggregate_id = $1 ORDER BY version", row["id"]
        )
        folded = DECIDER.fold(each["payload"] for each in journal)
        assert folded == DECIDER.from_row(taken(row))
        assert (row["version"], row["hash"]) == (len(journal), journal[-1]["hash"])
        assert {name: row[name] for name in COLUMNS} == project(folded)


async def test_an_order_is_kept_while_the_emergency_service_is_away(console: Console) -> None:
    receipt, _ = await console.receive()
    sent = await console.do("DispatchNow", receipt.id, team="red")
    assert (sent.mission.state, sent.mission.team, sent.reachable) == (
        "PENDING_DELIVERY",
        "red",
        False,
    )
    twice = await refused(console.do("DispatchNow", receipt.id, team="red"))
    assert twice.reason == "ALREADY_DISPATCHED"
    unknown = await refused(console.do("DispatchNow", receipt.id, team="green"))
    assert unknown.reason == "UNKNOWN_TEAM"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"category": "unheard"}, "UNKNOWN_CATEGORY"),
        ({"place": Place(point=Point(longitude=9, latitude=9))}, "OUTSIDE_CITY"),
        ({"priority": "P0"}, "UNKNOWN_PRIORITY"),
        ({"kind": Receipt.KIND_UNSPECIFIED}, "KIND_MISSING"),
        ({"caller": pb.CallerFacts(name="长" * 101)}, "TEXT_TOO_LONG"),
    ],
)
async def test_bad_reports_are_refused_by_name(
    console: Console, parts: dict[str, Any], reason: str
) -> None:
    assert (await refused(console.receive(**parts))).reason == reason


async def test_lists_by_scope_filter_and_page(console: Console, tables: Any) -> None:
    taken = [(await console.receive())[0].id for _ in range(5)]
    await console.do("AnswerAtDesk", taken[0], reply="已告知")
    await console.do("PassTo12345", taken[1])

    async def listed(who: Any = TAKER, **parts: Any) -> Any:
        return (await console.call("ListReceipts", pb.ListReceiptsRequest(**parts), who))[0]

    first = await listed(page_size=3, count=True)
    assert [each.id for each in first.items] == taken[:1:-1]
    assert first.total_size == 5
    rest = await listed(page_size=3, page_token=first.next_page_token)
    assert ([each.id for each in rest.items], rest.next_page_token) == (taken[1::-1], "")
    assert [each.id for each in (await listed(outcome=Receipt.OUTCOME_ANSWERED)).items] == taken[:1]
    assert len((await listed(area=EAST_GRID, priority="P2", category="traffic")).items) == 5
    for wild in ("%", "_" * len(EAST_GRID)):
        assert not (await listed(category=wild)).items, "a text of a person is no pattern"
        assert not (await listed(area=wild)).items
    assert not (await listed(kind=Receipt.KIND_DEVICE)).items
    assert len((await listed(DISPATCHER)).items) == len((await listed(AUDITOR)).items) == 5
    assert [each.id for each in (await listed(HOTLINE_CLERK)).items] == [taken[1]]
    assert not (await listed(STRANGER)).items
    assert (await refused(console.do("GetReceipt", taken[0], STRANGER))).reason == "NO_SUCH_RECEIPT"
    assert (await refused(console.do("GetReceipt", "no id"))).reason == "NO_SUCH_RECEIPT"
    bad = pb.ListReceiptsRequest(page_token="?")
    assert (await refused(console.call("ListReceipts", bad))).reason == "BAD_PAGE_TOKEN"


async def test_an_accusation_by_telephone_is_known_to_the_desk_and_the_auditor_alone(
    console: Console, tables: Any
) -> None:
    plain, _ = await console.receive()
    accusing, _ = await console.receive(against="north", category="theft")
    assert accusing.against == "north"
    station = Actor("lu", "north", "duty_officer", GRID_MEMBER.area[:9])
    about = pb.GetReceiptRequest(receipt_id=accusing.id)
    for who in (station, GRID_MEMBER, STRANGER):
        hidden = await refused(console.call("GetReceipt", about, who))
        assert hidden.reason == "NO_SUCH_RECEIPT"
        listed, _ = await console.call("ListReceipts", pb.ListReceiptsRequest(), who)
        assert accusing.id not in {each.id for each in listed.items}
    for who in (TAKER, DISPATCHER, AUDITOR):
        await console.call("GetReceipt", about, who)
    repeated, _ = await console.receive()
    assert accusing.id not in {each.receipt for each in repeated.suggestions.repeats}
    await console.do("AmendReceipt", plain.id, against="north", reason="更正")
    now = (await console.do("GetReceipt", repeated.id)).receipt
    assert plain.id in {each.receipt for each in repeated.suggestions.repeats}
    assert plain.id not in {each.receipt for each in now.suggestions.repeats}
    again, _ = await console.receive(against="north")
    seen = {each.receipt for each in again.suggestions.repeats}
    assert {plain.id, accusing.id} <= seen
    wrong = await refused(console.do("OpenIncident", accusing.id, to_unit="north"))
    assert wrong.reason == "ACCUSED_UNIT"
    await console.do("OpenIncident", accusing.id)
    linked = await console.do("LinkRepeat", repeated.id, incident=accusing.id)
    assert linked.receipt.against == "north"
