"""Passed is not gone: what the desk passes on is worked on elsewhere, and the result returns."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from operate.replay.client import Client
from tests.people import TOWNSHIP, Visit, act, refused, take_call
from tests.servers import Installed

MARKET, OFFICE = "990101-market", "990101-petition_office"
NOTE = {"note": "请先联系物业"}
ROAD = {"category": "", "priority": "P3", "narrative": "门前路灯坏了一个月没人修"}

BURNING = {"narrative": "楼道里有人堆垃圾,现在着火了,楼上老人出不来"}


async def until(client: Client, path: str, true: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(60):
        while not true(found := await client.get(path)):
            await asyncio.sleep(0.2)
    return found


def key_of(city: Installed, *words: str) -> str:
    """What an operator does: a key by the command line, shown once."""
    made = city.liandong("keys", "add", *words, "--json")
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout)["key"])


async def test_the_hotline_answers_a_ticket_with_its_own_key(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    key = key_of(visit.city, "--role", "partner", "--unit", "hotline")
    hotline = Client(visit.connection, key, "钱某")
    first, second = [await take_call(desk, **ROAD) for _ in range(2)]
    for receipt in (first, second):
        passed = await act(desk, f"/v1/receipts/{receipt['id']}:pass", {"to": "12345"})
        assert (passed["outcome"], passed["passed"]["state"]) == ("PASSED", "WAITING")
    tickets = {each["id"] async for each in hotline.items("/v1/tickets")}
    assert {first["id"], second["id"]} <= tickets

    one = f"/v1/tickets/{first['id']}"
    for _ in range(2):
        answered = await act(hotline, f"{one}:answer", {"answer": "已派工修复"})
        assert (answered["state"], answered["answer"]) == ("ANSWERED", "已派工修复")
    other = await refused(act(hotline, f"{one}:answer", {"answer": "不修"}))
    assert (other.status, other.reason) == (409, "TICKET_ANSWERED")
    shown = await desk.get(f"/v1/receipts/{first['id']}")
    assert shown["passed"]["answer"] == "已派工修复"
    assert shown["passed"]["answered_by"].endswith("/钱某")

    await act(hotline, f"/v1/tickets/{second['id']}:refuse", {"reason": "不属受理范围"})
    back = await desk.get(f"/v1/receipts/{second['id']}")
    assert (back["state"], back["passed"]["state"]) == ("RECEIVED", "RETURNED")

    for user in ("call_taker.990100-command", "dispatcher.990100-command"):
        inbox = await (await visit.person(user)).get("/v1/inbox?reason=PASSED_RETURNED")
        [waits] = [each["waits"] for each in inbox["items"] if each["id"] == second["id"]]
        assert waits[0]["passed_to_name"] == "云川市12345便民热线"
        assert (waits[0]["cause"], waits[0]["unit"]) == ("不属受理范围", "990100-command")
        by_code = await (await visit.person(user)).get(
            "/v1/inbox", code=second["code"], count="true"
        )
        assert [each["id"] for each in by_code["items"]] == [second["id"]]
        assert by_code["total_size"] == 1

    filed = await act(hotline, "/v1/receipts", ROAD | {"kind": "TICKET_12345", "reference": "T-1"})
    assert filed["unit"] == "990100-hotline"
    for path, body in (
        ("/v1/receipts", ROAD | {"kind": "CALL"}),
        (f"/v1/receipts/{filed['id']}:open", {}),
        (f"/v1/incidents/{filed['id']}:claim", {}),
        ("/v1/petitions", {"channel": "ONLINE", "subject": "x", "text": "x"}),
    ):
        assert (await refused(act(hotline, path, body))).status == 403, path


async def test_a_ticket_stands_in_the_inbox_of_its_partner_until_it_is_answered(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    names = ("--role", "partner", "--unit", "hotline", "--name", "hotline-inbox")
    hotline = Client(visit.connection, key_of(visit.city, *names))
    ticket = await take_call(desk, **ROAD)
    filed = await act(desk, f"/v1/receipts/{ticket['id']}:pass", {"to": "12345"})
    for path, shown_there in (
        ("/v1/inbox", True),
        ("/v1/inbox?reason=TICKET&priority=P3", True),
        (f"/v1/inbox?code={ticket['code']}&source=ALARM&from_time={ticket['receive_time']}", True),
        (f"/v1/inbox?area={ticket['place']['area']}", True),
        (f"/v1/inbox?to_time={ticket['receive_time']}", False),
        ("/v1/inbox?category=theft", False),
        ("/v1/inbox?state=OFFERED", False),
        ("/v1/inbox?overdue=true", False),
        ("/v1/inbox?reason=POOL", False),
    ):
        waiting = {each["id"]: each async for each in hotline.items(path)}
        assert (ticket["id"] in waiting) == shown_there, path
    [item] = [each async for each in hotline.items("/v1/inbox") if each["id"] == ticket["id"]]
    [wait], [due] = item["waits"], item["due"]
    assert wait["since"] == due["start_time"] and wait["sentence"].startswith("A ticket")
    assert due["due_time"] == filed["passed"]["due_time"]
    clerk = await visit.person("clerk.990101-market")
    assert ticket["id"] not in {each["id"] async for each in clerk.items("/v1/inbox")}
    assert (await refused(hotline.get("/v1/incidents"))).status == 403
    await act(hotline, f"/v1/tickets/{ticket['id']}:answer", {"answer": "已派工修复"})
    assert ticket["id"] not in {each["id"] async for each in hotline.items("/v1/inbox")}


async def test_a_danger_that_is_told_after_the_end_comes_back_to_the_desk(visit: Visit) -> None:
    """The call was answered, marked as invalid or passed to the hotline; now something burns."""
    desk = await visit.person("call_taker.990100-command")
    key = key_of(visit.city, "--role", "partner", "--unit", "hotline", "--name", "hotline-danger")
    hotline = Client(visit.connection, key)
    ends: list[tuple[str, dict[str, Any]]] = [
        ("answer", {"reply": "已告知物业"}),
        ("markInvalid", {"reason": "WRONG_NUMBER"}),
        ("pass", {"to": "12345"}),
    ]
    for verb, said in ends:
        receipt = await take_call(desk, **ROAD | {"priority": "P4"})
        path = f"/v1/receipts/{receipt['id']}"
        await act(desk, f"{path}:{verb}", said)
        back = await act(desk, f"{path}:amend", BURNING)
        assert (back["state"], back["priority"], back["outcome"]) == ("RECEIVED", "P1", None), verb
        assert {"open", "link"} <= {*back["actions"]}
        inbox = await desk.get("/v1/inbox?reason=DANGER_TOLD&priority=P1")
        [wait] = [each["waits"][0] for each in inbox["items"] if each["id"] == receipt["id"]]
        assert wait["cause"] and wait["sentence"]
        if verb == "pass":
            ticket = f"/v1/tickets/{receipt['id']}"
            assert (await hotline.get(ticket))["state"] == "RETURNED"
            late = await refused(act(hotline, f"{ticket}:answer", {"answer": "已清理"}))
            assert late.reason == "TICKET_RETURNED"
        opened = await act(desk, f"{path}:open")
        assert (opened["outcome"], opened["passed"]) == ("OPENED", None)
        inbox = await desk.get("/v1/inbox?reason=DANGER_TOLD")
        assert receipt["id"] not in {each["id"] for each in inbox["items"]}
        assert (await desk.get(f"/v1/incidents/{receipt['id']}"))["priority"] == "P1"


async def test_a_ticket_whose_report_begins_to_accuse_comes_back_to_the_desk(visit: Visit) -> None:
    """It would wait for an answer that no partner may give."""
    desk = await visit.person("call_taker.990100-command")
    key = key_of(visit.city, "--role", "partner", "--unit", "hotline", "--name", "hotline-accused")
    hotline = Client(visit.connection, key)
    late = {"against": "990100-hotline", "reason": "报警人称话务员骂人"}
    receipt = await take_call(desk, **ROAD | {"priority": "P4"})
    path = f"/v1/receipts/{receipt['id']}"
    await act(desk, f"{path}:pass", {"to": "12345"})
    back = await act(desk, f"{path}:amend", late)
    assert (back["state"], back["passed"]["state"]) == ("RECEIVED", "RETURNED")
    assert back["passed"]["answer"] == "ACCUSATION_TOLD" and back["passed"]["answer_name"]
    assert {"open", "pass", "answer"} <= {*back["actions"]}
    inbox = await desk.get("/v1/inbox?reason=ACCUSATION_TOLD")
    [wait] = [each["waits"][0] for each in inbox["items"] if each["id"] == receipt["id"]]
    assert wait["sentence"]
    assert (await refused(hotline.get(f"/v1/tickets/{receipt['id']}"))).status == 404
    await act(desk, f"{path}:open", {"to_unit": "990101-discipline"})
    inbox = await desk.get("/v1/inbox?reason=ACCUSATION_TOLD")
    assert receipt["id"] not in {each["id"] for each in inbox["items"]}
    mediated = await take_call(desk, **ROAD | {"priority": "P4"})
    await act(desk, f"/v1/receipts/{mediated['id']}:refer", {})
    needs = await refused(act(desk, f"/v1/receipts/{mediated['id']}:amend", late))
    assert (needs.status, needs.reason) == (403, "ACCUSATION_NEW_REPORT")


async def test_a_partner_reads_nothing_of_the_accusation_that_took_its_ticket_back(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    staff = await visit.person("clerk.990100-hotline")
    late = {"against": MARKET, "reason": "来电检举", "narrative": "收费后不开票"}
    for answered in (False, True):
        receipt = await take_call(desk, **ROAD | {"priority": "P4"})
        path, ticket = (f"/v1/{each}/{receipt['id']}" for each in ("receipts", "tickets"))
        await act(desk, f"{path}:pass", {"to": "12345"})
        if answered:
            await act(staff, f"{ticket}:answer", {"answer": "已清理"})
        assert (await staff.get(path))["id"] == receipt["id"]
        await act(desk, f"{path}:amend", late)
        for one in (path, ticket):
            assert (await refused(staff.get(one))).status == 404
        for each in ("receipts", "tickets"):
            for over in ("false", "true"):
                listed = await staff.get(f"/v1/{each}?closed={over}")
                assert receipt["code"] not in str(listed)


async def test_a_team_and_its_desk_hear_no_words_of_the_petition_that_a_call_became(
    visit: Visit,
) -> None:
    """They know the call; a petition is unknown to them, but where and how urgent it is counts."""
    desk = await visit.person("call_taker.990100-command")
    office = await visit.person(f"clerk.{OFFICE}")
    team = await visit.person("team_leader.990104-fire")
    receipt = await take_call(desk, **ROAD | {"narrative": "门口垃圾没人清"})
    path, petition = (f"/v1/{each}/{receipt['id']}" for each in ("receipts", "petitions"))
    await act(desk, f"{path}:pass", {"to": OFFICE})
    await until(desk, path, lambda found: found["passed"]["state"] == "REGISTERED")
    sent = await act(desk, f"{path}:dispatch", {"team": "990104-fire-team"})
    await act(office, f"{petition}:accept", {"kind": "ADVICE"})
    await act(office, f"{petition}:route", {"to_unit": MARKET})
    more = {"text": "其妻上访三次", "priority": "P2", "reason": "信访人补充"}
    await act(office, f"{petition}:amend", more)
    mission = f"/v1/missions/{sent['mission']['id']}"
    for each in (team, desk):
        told = await until(each, mission, lambda found: found["priority"] == "P2")
        assert told["narrative"] == "门口垃圾没人清"
        assert "上访" not in str(told) and "信访" not in str(told)
    # What the desk hears later reaches the team, and takes nothing of the other office back.
    await act(desk, f"{path}:amend", {"narrative": "垃圾堵住了消防通道"})
    told = await until(team, mission, lambda found: found["narrative"] == "垃圾堵住了消防通道")
    assert told["priority"] == "P2"


async def test_the_desk_sees_the_team_of_a_petition_that_was_declined(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    office = await visit.person(f"clerk.{OFFICE}")
    receipt = await take_call(desk, **ROAD)
    path, petition = (f"/v1/{each}/{receipt['id']}" for each in ("receipts", "petitions"))
    await act(desk, f"{path}:pass", {"to": OFFICE})
    await until(desk, path, lambda found: found["passed"]["state"] == "REGISTERED")
    sent = await act(desk, f"{path}:dispatch", {"team": "990104-fire-team"})
    await act(office, f"{petition}:decline", {"reason": "不属受理范围", "told_where": "住建部门"})

    def stands(page: Any) -> bool:
        return receipt["id"] in {each["id"] for each in page["items"]}

    inbox = "/v1/inbox?reason=TEAM_MATTER_LEFT"
    found = await until(desk, inbox, stands)
    [wait] = [each["waits"][0] for each in found["items"] if each["id"] == receipt["id"]]
    assert wait["mission_id"] == sent["mission"]["id"] and wait["sentence"]
    await act(desk, f"/v1/missions/{wait['mission_id']}:recall", {"reason": "该事项不予受理"})
    await until(desk, inbox, lambda page: not stands(page))


async def test_what_went_to_mediation_asks_for_a_new_report_of_a_danger(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    mediated = await take_call(desk, **ROAD | {"priority": "P4"})
    path = f"/v1/receipts/{mediated['id']}"
    await act(desk, f"{path}:refer", {})
    needs = await refused(act(desk, f"{path}:amend", BURNING))
    assert (needs.status, needs.reason) == (409, "NEW_REPORT_NEEDED")
    stays = await act(desk, f"{path}:amend", BURNING | {"confirm_priority": True})
    assert (stays["state"], stays["priority"]) == ("ENDED", "P4")


async def test_a_unit_and_a_petition_office_get_a_matter(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")

    to_unit = await take_call(desk, **ROAD)
    note = NOTE
    await act(desk, f"/v1/receipts/{to_unit['id']}:pass", {"to": MARKET, **note})
    clerk = await visit.person(f"clerk.{MARKET}")
    found = await until(
        clerk, f"/v1/inbox?code={to_unit['code']}", lambda page: len(page["items"]) == 1
    )
    assert found["items"][0]["due"], "a sign-in clock runs"
    assert found["items"][0]["note"] == note["note"]
    one = f"/v1/incidents/{to_unit['id']}"
    await act(clerk, f"{one}:claim")
    await act(clerk, f"{one}:report", {"text": "已到场", "public": True})
    await act(clerk, f"{one}:resolve", {"outcome": "SOLVED", "reply": "已责令整改"})
    await until(
        desk,
        f"/v1/receipts/{to_unit['id']}",
        lambda receipt: (
            (receipt["passed"]["state"], receipt["passed"]["answer"]) == ("RESOLVED", "已责令整改")
        ),
    )

    to_office = await take_call(desk, **ROAD)
    await act(desk, f"/v1/receipts/{to_office['id']}:pass", {"to": OFFICE, **note})
    office = await visit.person(f"clerk.{OFFICE}")
    petitions = f"/v1/petitions?code={to_office['code']}"
    await until(office, petitions, lambda page: len(page["items"]) == 1)
    petition = await office.get(f"/v1/petitions/{to_office['id']}")
    assert petition["passed_from"] == to_office["code"]
    assert petition["text"].endswith(f"转办说明：{note['note']}")
    declined = {"reason": "不属受理范围", "told_where": "住房建设部门"}
    await act(office, f"/v1/petitions/{to_office['id']}:decline", declined)
    told = await until(
        desk,
        f"/v1/receipts/{to_office['id']}",
        lambda receipt: receipt["passed"]["state"] == "DECLINED",
    )
    assert "住房建设部门" in told["passed"]["answer"]


async def test_mediation_gets_a_dispute(visit: Visit) -> None:
    desk, note = await visit.person("call_taker.990100-command"), NOTE
    to_mediation = await take_call(desk, **ROAD | {"category": "dispute.neighbour"})
    await act(desk, f"/v1/receipts/{to_mediation['id']}:refer", note)
    mediator = await visit.person(f"mediator.{TOWNSHIP}-mediation")
    await until(
        mediator, f"/v1/disputes?code={to_mediation['code']}", lambda page: len(page["items"]) == 1
    )
    dispute = f"/v1/disputes/{to_mediation['id']}"
    assert (await mediator.get(dispute))["text"].endswith(f"转办说明：{note['note']}")
    await act(mediator, f"{dispute}:accept", {"mediation": "PEOPLE"})
    await until(
        desk,
        f"/v1/receipts/{to_mediation['id']}",
        lambda receipt: receipt["passed"]["state"] == "ACCEPTED",
    )
