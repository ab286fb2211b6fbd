"""The first hour of a call-taker over HTTP, word for word as the public page tells it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.gateway.accounts.coded import Coded
from services.gateway.accounts.loading import load_accounts
from tests.cities import COUNTY
from tests.desks import DESK, EAST_GRID
from tests.processes import Installation
from tests.servers import PLAIN

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICES = ("gateway", "alarm", "workflow", "emergency")
PASSWORD = "liandong-demo"
CALL = {
    "kind": "CALL",
    "caller": {"number": "13800000000", "name": "王某", "protected": False},
    "place": {"text": "青山镇长风路12号", "point": {"longitude": 0.15, "latitude": 0.05}},
    "category": "traffic.accident",
    "priority": "P1",
    "narrative": "两车相撞,有人受伤",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web(home: Installation) -> AsyncIterator[httpx.AsyncClient]:
    taker = {"user": "zhou", "name": "周", "role": "call_taker", "unit": DESK, "area": COUNTY}
    other = taker | {"user": "zhao", "name": "赵", "role": "dispatcher"}
    settings = home.settings("gateway")
    people = [{**each, "password": PASSWORD} for each in (taker, other)]
    await load_accounts(settings.database_url, Coded(settings.keyring), people, [])
    with home.started(*SERVICES):
        await home.ready(*SERVICES)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{home.port}", timeout=10, verify=PLAIN
        ) as web:
            signed = await web.post("/v1/sessions", json={"user": "zhou", "password": PASSWORD})
            web.headers["Authorization"] = f"Bearer {signed.json()['token']}"
            yield web


async def taken(web: httpx.AsyncClient, **parts: Any) -> dict[str, Any]:
    answer = await web.post("/v1/receipts", json=CALL | parts)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_call_is_taken_down(web: httpx.AsyncClient) -> None:
    receipt = await taken(web)
    assert receipt["kind"] == "CALL"
    assert receipt["grid"] == {"code": EAST_GRID, "name": "grid 1"}
    assert receipt["suggestions"]["category"][0]["category"] == "traffic.accident.injury"
    assert (receipt["outcome"], receipt["incident"], receipt["version"]) == (None, None, 1)
    assert receipt["caller"]["number"] == "138****0000"
    bare = await taken(web, place=None, category="")
    assert (bare["grid"], bare["place"]["point"]) == (None, None)


async def test_a_repeat_of_the_key_is_the_same_answer(web: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "call-1"}
    first = await web.post("/v1/receipts", json=CALL, headers=key)
    again = await web.post("/v1/receipts", json=CALL, headers=key)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.headers["ETag"] == '"1"'


async def test_the_five_ways_and_what_follows(web: httpx.AsyncClient) -> None:
    ways: list[tuple[str, dict[str, str], str]] = [
        ("open", {}, "OPENED"),
        ("answer", {"reply": "已告知"}, "ANSWERED"),
        ("pass", {"to": "12345"}, "PASSED"),
        ("refer", {}, "PASSED"),
        ("markInvalid", {"reason": "HOAX"}, "INVALID"),
    ]
    for verb, body, outcome in ways:
        receipt = await taken(web)
        answer = await web.post(f"/v1/receipts/{receipt['id']}:{verb}", json=body)
        assert (answer.status_code, answer.json()["outcome"]) == (200, outcome), answer.text
        second = await web.post(f"/v1/receipts/{receipt['id']}:answer", json={"reply": "又一次"})
        problem = second.json()
        assert (second.status_code, problem["reason"]) == (409, "ALREADY_ENDED")
        assert problem["outcome"] == outcome
        assert problem["time"]


async def test_opening_names_the_incident_at_once_and_a_repeat_is_linked(
    web: httpx.AsyncClient,
) -> None:
    elsewhere = {"text": "河西路", "point": {"longitude": 0.05, "latitude": 0.05}}
    receipt = await taken(web, category="theft", place=elsewhere)
    opened = (await web.post(f"/v1/receipts/{receipt['id']}:open")).json()
    incident = opened["incident"]
    assert (incident["id"], incident["code"]) == (receipt["id"], receipt["code"])
    assert (incident["state"], incident["unit"], incident["version"]) == ("OFFERED", "north", 3)
    repeat = await taken(web, category="theft", place=elsewhere)
    assert repeat["suggestions"]["repeats"][0]["incident"] == incident["id"]
    link = {"incident": incident["id"]}
    linked = await web.post(f"/v1/receipts/{repeat['id']}:link", json=link)
    assert linked.json()["outcome"] == "LINKED"
    unknown = await web.post(
        f"/v1/receipts/{(await taken(web))['id']}:link", json={"incident": "x"}
    )
    assert (unknown.status_code, unknown.json()["reason"]) == (422, "UNKNOWN_INCIDENT")


async def test_a_team_is_sent_by_one_key(web: httpx.AsyncClient) -> None:
    receipt = await taken(web)
    sent = await web.post(f"/v1/receipts/{receipt['id']}:dispatch", json={"team": "red"})
    assert sent.status_code == 202
    answer = sent.json()
    assert (answer["mission"]["state"], answer["reachable"]) == ("PENDING", False)
    assert answer["mission"]["seq"] >= 1


async def test_an_order_that_was_refused_does_not_stand(web: httpx.AsyncClient) -> None:
    first = await taken(web, category="theft")
    await web.post(f"/v1/receipts/{first['id']}:open")
    await web.post(f"/v1/receipts/{first['id']}:dispatch", json={"team": "red"})
    repeat = f"/v1/receipts/{(await taken(web, category='theft'))['id']}"
    await web.post(f"{repeat}:link", json={"incident": first["id"]})
    key = {"Idempotency-Key": "red-again"}
    for headers, given in ((key, 1), (key, 1), ({}, 2)):
        refused = await web.post(f"{repeat}:dispatch", json={"team": "red"}, headers=headers)
        assert (refused.status_code, refused.json()["reason"]) == (409, "ALREADY_DISPATCHED")
        assert refused.json()["state"] == "PENDING", "it hears of the mission, not of its own order"
        orders = (await web.get(repeat)).json()["dispatches"]
        assert len(orders) == given, "a repeat is the same order"
        assert {(each["team"], each["refused"]) for each in orders} == {
            ("red", "ALREADY_DISPATCHED")
        }
    await web.post(f"{repeat}:unlink", json={"reason": "不是一回事"})
    sent = await web.post(f"{repeat}:dispatch", json={"team": "red"})
    assert sent.json()["mission"]["state"] == "PENDING"
    *_, order = (await web.get(repeat)).json()["dispatches"]
    assert (order["refused"], order["again"]) == ("", 2)


@pytest.mark.parametrize(
    ("parts", "status", "reason"),
    [
        ({"category": "unheard"}, 422, "UNKNOWN_CATEGORY"),
        ({"place": {"point": {"longitude": 9.0, "latitude": 9.0}}}, 422, "OUTSIDE_CITY"),
        ({"kind": "SHOUT"}, 400, "UNKNOWN_VALUE"),
        ({"colour": "red"}, 400, "UNKNOWN_FIELD"),
        ({"narrative": "长" * 5_001}, 422, "TEXT_TOO_LONG"),
    ],
)
async def test_bad_reports(
    web: httpx.AsyncClient, parts: dict[str, Any], status: int, reason: str
) -> None:
    answer = await web.post("/v1/receipts", json=CALL | parts)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)


async def test_lists_and_reveals(web: httpx.AsyncClient) -> None:
    receipt = await taken(web)
    listed = (await web.get("/v1/receipts", params={"grid": EAST_GRID, "page_size": 1})).json()
    assert [each["id"] for each in listed["items"]] == [receipt["id"]]
    assert listed["next_page_token"]
    path = f"/v1/receipts/{receipt['id']}:reveal"
    refused = await web.post(path)
    assert (refused.status_code, refused.json()["reason"]) == (422, "PURPOSE_MISSING")
    plain = await web.post(path, headers={"Liandong-Purpose": "%E5%9B%9E%E8%AE%BF"})
    assert plain.json()["number"] == "13800000000"
    after = await web.get(f"/v1/receipts/{receipt['id']}")
    assert plain.headers["ETag"] == after.headers["ETag"] == f'"{receipt["version"] + 1}"'
    nobody = await web.get("/v1/receipts/00000000-0000-0000-0000-000000000000")
    assert (nobody.status_code, nobody.json()["reason"]) == (404, "NO_SUCH_RECEIPT")


async def by_dispatcher(web: httpx.AsyncClient) -> dict[str, str]:
    signed = await web.post("/v1/sessions", json={"user": "zhao", "password": PASSWORD})
    return {"Authorization": f"Bearer {signed.json()['token']}"}


async def test_a_caller_stays_protected_until_it_is_said_otherwise(web: httpx.AsyncClient) -> None:
    receipt = await taken(web, caller=CALL["caller"] | {"protected": True})  # type: ignore[operator]
    path = f"/v1/receipts/{receipt['id']}"
    for part in ({"number": "13900005678"}, {"name": "王某某"}, {"installed_address": "青山镇"}):
        amended = await web.post(f"{path}:amend", json={"caller": part})
        assert (amended.status_code, amended.json()["caller"]["protected"]) == (200, True)
    said = await web.post(f"{path}:amend", json={"caller": {"protected": False}})
    assert said.json()["caller"]["protected"] is False
    plain = await web.post(f"{path}:reveal", headers={"Liandong-Purpose": "callback"})
    assert (plain.json()["number"], plain.json()["name"]) == ("13900005678", "王某某")


async def test_a_wrong_mark_is_undone_by_another_person(web: httpx.AsyncClient) -> None:
    path = f"/v1/receipts/{(await taken(web))['id']}"
    early = await web.post(f"{path}:undoInvalid", json={"reason": "确有其事"})
    assert early.status_code == 409
    await web.post(f"{path}:markInvalid", json={"reason": "HOAX"})
    own = await web.post(f"{path}:undoInvalid", json={"reason": "确有其事"})
    assert (own.status_code, own.json()["reason"]) == (403, "ANOTHER_PERSON_NEEDED")
    headers = await by_dispatcher(web)
    undone = await web.post(f"{path}:undoInvalid", json={"reason": "确有其事"}, headers=headers)
    assert (undone.status_code, undone.json()["outcome"]) == (200, None)
    assert (await web.post(f"{path}:open")).json()["outcome"] == "OPENED"


async def test_the_desk_corrects_an_opened_matter_and_sets_its_priority(
    web: httpx.AsyncClient,
) -> None:
    receipt = await taken(web, category="theft", priority="P3")
    path, incident = f"/v1/receipts/{receipt['id']}", f"/v1/incidents/{receipt['id']}"
    await web.post(f"{path}:open")
    amended = await web.post(f"{path}:amend", json={"danger": "持刀", "narrative": "偷车"})
    assert (amended.status_code, amended.json()["danger"]) == (200, "持刀")
    found = await web.get(incident)
    assert (found.json()["danger"], found.json()["narrative"]) == ("持刀", "偷车")
    seen = {"If-Match": found.headers["ETag"]}
    urgent = {"priority": "P1", "reason": "有人受伤"}
    first = await web.post(f"{incident}:setPriority", json=urgent, headers=seen)
    assert (first.status_code, first.json()["priority"]) == (200, "P1")
    second = await web.post(
        f"{incident}:setPriority", json=urgent | {"priority": "P2"}, headers=seen
    )
    assert (second.status_code, second.json()["reason"]) == (412, "STALE_VERSION")
    missing = await web.post(f"{incident}:setPriority", json={"priority": "P2"})
    assert (missing.status_code, missing.json()["reason"]) == (422, "REASON_MISSING")
    timeline = (await web.get(f"{incident}/timeline")).json()["items"]
    assert [each["facts"]["changed"] for each in timeline[3:]] == [
        ["narrative", "danger"],
        ["priority"],
    ]
    headers = await by_dispatcher(web)
    await web.post(f"{incident}:void", json={"reason": "HOAX"}, headers=headers)
    over = await web.post(f"{path}:amend", json={"danger": "煤气"})
    assert (over.status_code, over.json()["reason"]) == (409, "INCIDENT_OVER")
