"""What comes too late, twice or at the same time: each hears a clear answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from operate.replay.client import Client
from tests.people import TOWNSHIP, Visit, act, refused, take_call

STATION, COUNTY_POLICE = f"{TOWNSHIP}-police", "990101-police"
TEAM = f"{TOWNSHIP}-emergency-team"
STREAMED = 100_000_000


@pytest.fixture
async def desk(visit: Visit) -> Client:
    return await visit.person("call_taker.990100-command")


async def closed(visit: Visit, desk: Client) -> dict[str, Any]:
    """A receipt whose incident was handled, called back and closed."""
    receipt: dict[str, Any] = await take_call(desk, category="theft", priority="P3")
    incident = f"/v1/incidents/{receipt['id']}"
    clerk = await visit.person(f"clerk.{STATION}")
    await act(desk, f"/v1/receipts/{receipt['id']}:open", {"to_unit": STATION})
    await act(clerk, f"{incident}:claim")
    await act(clerk, f"{incident}:resolve", {"outcome": "SOLVED", "reply": "已追回"})
    dispatcher = await visit.person("dispatcher.990100-command")
    await act(dispatcher, f"{incident}:verify", {"solved": "YES"})
    await act(dispatcher, f"{incident}:close")
    return receipt


async def test_an_amendment_after_the_closing_and_an_accusation_then(
    visit: Visit, desk: Client
) -> None:
    receipt = await closed(visit, desk)
    one, incident = f"/v1/receipts/{receipt['id']}", f"/v1/incidents/{receipt['id']}"
    late = await refused(act(desk, f"{one}:amend", {"narrative": "又及"}))
    assert (late.status, late.reason) == (409, "INCIDENT_OVER")
    said = {"against": COUNTY_POLICE, "reason": "事后控告民警收钱"}
    async with asyncio.timeout(20):  # the receipt hears of the end a moment later
        while (await desk.get(one))["state"] != "CLOSED":
            await asyncio.sleep(0.1)
    mere = await refused(act(desk, f"{one}:amend", said))
    assert (mere.status, mere.reason) == (403, "ROLE_MAY_NOT")
    lead = await visit.person("dispatcher.990100-command")
    before = await lead.get(incident)
    amended = await act(lead, f"{one}:amend", said)
    assert (amended["against"], amended["state"]) == (COUNTY_POLICE, "CLOSED")
    for user in (f"clerk.{STATION}", "supervisor.990101-government"):
        outsider = await visit.person(user)
        for path in (one, incident):
            assert (await refused(outsider.get(path))).status == 404, path
    after = await lead.get(incident)
    moved = ("state", "unit", "holder", "accountable_unit")
    assert [after.get(name) for name in moved] == [before.get(name) for name in moved]


async def test_a_recall_of_a_mission_that_is_over(visit: Visit, desk: Client) -> None:
    receipt = await take_call(desk)
    order = await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": TEAM})
    one = f"/v1/missions/{order['mission']['id']}"
    leader = visit.system(f"{TOWNSHIP}-emergency", "team_leader", team=TEAM)
    await act(leader, f"{one}:clear", {"result": "已处置"})
    late = await refused(act(desk, f"{one}:recall", {"reason": "不用了"}))
    assert (late.status, late.reason) == (409, "MISSION_OVER")


async def test_two_desks_that_amend_at_once(visit: Visit, desk: Client) -> None:
    receipt = await take_call(desk)
    one, version = f"/v1/receipts/{receipt['id']}:amend", int(receipt["version"])
    other = await visit.person("dispatcher.990100-command")
    answers = await asyncio.gather(
        *(
            act(who, one, {"narrative": f"第{number}句"}, version)
            for number, who in enumerate((desk, other))
        ),
        return_exceptions=True,
    )
    lost = [each for each in answers if isinstance(each, BaseException)]
    assert [getattr(each, "reason", each) for each in lost] == ["STALE_VERSION"]
    [won] = [each for each in answers if not isinstance(each, BaseException)]
    assert (await desk.get(f"/v1/receipts/{receipt['id']}"))["narrative"] == won["narrative"]


async def test_a_hundred_megabytes(visit: Visit, desk: Client) -> None:
    """With its length, and without one: refused before it has been read."""

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(STREAMED // 1_000_000):
            yield b"x" * 1_000_000

    for headers in ({"content-length": str(STREAMED)}, {}):
        given = {**desk._headers, **headers, "content-type": "application/json"}
        given["idempotency-key"] = uuid4().hex
        try:
            answer = await visit.http.post("/v1/receipts", content=stream(), headers=given)
        except (httpx.WriteError, httpx.ReadError):
            continue  # the door was shut while the rest was still on its way
        assert answer.status_code == 413, answer.text
        assert answer.json()["reason"] == "BODY_TOO_LARGE"
    assert (await take_call(desk))["outcome"] is None


async def test_a_place_that_names_two_counties_lies_in_what_both_lie_in(
    visit: Visit, desk: Client
) -> None:
    both = await take_call(desk, place={"text": "青岚区和望川县交界的长风路口"})
    assert (both["state"], both["place"]["area"]) == ("RECEIVED", "990100")
    amended = await act(
        desk, f"/v1/receipts/{both['id']}:amend", {"place": {"text": "望川县长风路口"}}
    )
    assert amended["place"]["area"] == "990102"
