"""A call, from the first ring to the closed incident, with the whole city restarted in between."""

import asyncio
from typing import Any

from operate.replay.client import Client
from tests.people import TOWNSHIP, Listener, Visit, act, open_incident, refused, take_call

POLICE = f"{TOWNSHIP}-police"
LIFE = [
    "IncidentOpened",
    "IncidentRouted",
    "IncidentOffered",
    "IncidentClaimed",
    "ProgressReported",
    "IncidentResolved",
    "IncidentVerified",
    "IncidentClosed",
]


async def test_a_call_becomes_an_incident_that_is_claimed_worked_and_closed(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    dispatcher = await visit.person("dispatcher.990100-command")
    clerk = await visit.person(f"clerk.{POLICE}")

    receipt, incident = await taken_and_opened(desk)
    claimed = await claimed_live(dispatcher, clerk, incident)
    await asyncio.to_thread(restart, visit)
    one = f"/v1/incidents/{incident['id']}"
    assert await clerk.get(one) == claimed
    await worked_and_closed(desk, clerk, one)

    timeline = (await dispatcher.get(f"{one}/timeline"))["items"]
    assert [int(each["version"]) for each in timeline] == list(range(1, len(timeline) + 1))
    assert [each["kind"] for each in timeline] == LIFE
    await follows(visit, receipt["id"])


async def taken_and_opened(desk: Client) -> tuple[Any, Any]:
    receipt = await take_call(desk)
    assert receipt["grid"]["code"].startswith(TOWNSHIP)
    assert receipt["code"].startswith("9901") and receipt["outcome"] is None
    opened = await act(desk, f"/v1/receipts/{receipt['id']}:open")
    incident = opened["incident"]
    assert (opened["outcome"], incident["code"]) == ("OPENED", receipt["code"])
    assert (incident["state"], incident["unit"]) == ("OFFERED", POLICE)
    return receipt, incident


async def claimed_live(dispatcher: Client, clerk: Client, incident: Any) -> Any:
    """The clerk finds it in the inbox and claims it; a dispatcher who listens sees it happen."""
    changes = Listener(dispatcher, "/v1/changes")
    listening = asyncio.create_task(
        changes.until("change", kind="IncidentClaimed", id=incident["id"])
    )
    inbox = [each async for each in clerk.items("/v1/inbox", state="OFFERED", page_size=50)]
    assert incident["id"] in {each["id"] for each in inbox}
    claim = f"/v1/incidents/{incident['id']}:claim"
    claimed = await act(clerk, claim, version=incident["version"])
    assert (claimed["state"], claimed["holder"]) == ("CLAIMED", f"clerk.{POLICE}")
    assert (await asyncio.wait_for(listening, 20))["unit"] == POLICE
    await changes.close()
    return claimed


async def worked_and_closed(desk: Client, clerk: Client, one: str) -> None:
    reported = await act(clerk, f"{one}:report", {"text": "已到场", "public": True})
    assert reported["state"] == "HANDLING"
    done = {"outcome": "SOLVED", "reply": "已处理,双方同意自行理赔"}
    assert (await act(clerk, f"{one}:resolve", done))["state"] == "RESOLVED"
    early = await refused(act(desk, f"{one}:close"))
    assert (early.status, early.reason) == (409, "NOT_VERIFIED")
    await act(desk, f"{one}:verify", {"solved": "YES"})
    assert (await act(desk, f"{one}:close"))["state"] == "CLOSED"


async def follows(visit: Visit, receipt: str) -> None:
    """The receipt hears a moment later how its incident ended."""
    desk = visit.system("990100-command", "call_taker")
    async with asyncio.timeout(20):
        while (found := await desk.get(f"/v1/receipts/{receipt}"))["incident"]["state"] != "CLOSED":
            await asyncio.sleep(0.1)
    assert found["incident"]["outcome"] == "SOLVED"


async def test_a_repeat_is_suggested_and_linked_and_each_receipt_ends_once(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    first = await open_incident(desk, narrative="长风路大货车侧翻,货物散落,堵住两条车道")
    second = await take_call(desk, narrative="大货车在长风路侧翻了,货物散落一地")
    suggested = second["suggestions"]["repeats"]
    assert first["id"] in {each["incident"] for each in suggested}
    linked = await act(desk, f"/v1/receipts/{second['id']}:link", {"incident": first["id"]})
    assert linked["outcome"] == "LINKED"
    twice = await refused(act(desk, f"/v1/receipts/{second['id']}:answer", {"reply": "已告知"}))
    assert (twice.status, twice.reason) == (409, "ALREADY_ENDED")


def restart(visit: Visit) -> None:
    """All processes are stopped at once, and started again."""
    visit.city.down()
    visit.city.up()
