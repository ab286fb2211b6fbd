"""One matter, one truth: a correction and an end reach the team, each device, the receipt."""

import asyncio
from typing import Any

from operate.replay.client import Client
from tests.people import CALL, Listener, Visit, act, refused, take_call

HOAX = {"reason": "HOAX", "confirm_priority": True}
TEAM, OTHER_TEAM = "990101001-emergency-team", "990104-medical-team"
FIRE = {"category": "hazard.flood", "priority": "P1", "narrative": "长风路内涝,有人被困"}


async def next_of(terminal: Listener, name: str, **facts: Any) -> Any:
    return await asyncio.wait_for(terminal.until(name, **facts), 30)


async def kinds(reader: Client, incident: str) -> list[str]:
    timeline = (await reader.get(f"/v1/incidents/{incident}/timeline"))["items"]
    return [each["kind"] for each in timeline]


async def both(terminals: list[Listener], name: str, **facts: Any) -> Any:
    """What each device of the team hears: the same. Earlier tests may have left missions."""
    heard = [await next_of(each, name, **facts) for each in terminals]
    assert heard[0] == heard[1]
    return heard[0]


async def test_what_the_desk_corrects_and_ends_reaches_every_device(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    leader = await visit.person("team_leader.990101001-emergency")
    stream = f"/v1/teams/{TEAM}/stream?device="
    devices = [Listener(leader, f"{stream}{device}") for device in ("cab", "phone")]
    for terminal in devices:
        await next_of(terminal, "welcome")

    receipt = await take_call(desk, **FIRE)
    of = f"/v1/receipts/{receipt['id']}"
    await act(desk, f"{of}:open")
    order = await act(desk, f"{of}:dispatch", {"team": TEAM, "note": "带冲锋舟"})
    one = f"/v1/missions/{order['mission']['id']}"
    first = await both(devices, "mission", code=receipt["code"])
    assert (first["kind"], first["revision"]) == ("MISSION", 1)
    await act(leader, f"{one}:acknowledge", {"revision": 1})
    step = await both(devices, "step", mission=first["mission"])
    assert (step["kind"], step["acknowledged_revision"]) == ("ACKNOWLEDGED", 1)

    await corrected(desk, leader, receipt, one, devices)
    await ended(visit, desk, leader, receipt, one, devices)
    for terminal in devices:
        await terminal.close()


async def corrected(
    desk: Client, leader: Client, receipt: Any, one: str, devices: list[Listener]
) -> None:
    """A new address is shown beside the old one, and signed for again."""
    place = {**CALL["place"], "text": "青山镇长风路21号"}
    await act(desk, f"/v1/receipts/{receipt['id']}:amend", {"place": place})
    revision = await both(devices, "mission", kind="REVISION", mission=one.rpartition("/")[2])
    assert revision["place"]["text"] == "青山镇长风路21号"
    assert revision["correction"]["changed"] == ["place"]
    assert revision["correction"]["was"]["place"]["text"] == receipt["place"]["text"]
    assert revision["narrative"] == f"{FIRE['narrative']}\n带冲锋舟"
    assert (revision["asks"], revision["state"]) == (True, "ACKNOWLEDGED")
    stale = await act(leader, f"{one}:acknowledge", {"revision": 1})
    assert stale["answer"] == "STALE_REVISION"
    assert (await act(leader, f"{one}:acknowledge", {"revision": 2}))["answer"] == "APPLIED"


async def ended(
    visit: Visit, desk: Client, leader: Client, receipt: Any, one: str, devices: list[Listener]
) -> None:
    """A void calls the team back; what crosses it is recorded; receipt and timeline tell."""
    dispatcher = await visit.person("dispatcher.990100-command")
    await act(dispatcher, f"/v1/incidents/{receipt['id']}:void", HOAX)
    recall = await both(devices, "mission", kind="RECALL", mission=one.rpartition("/")[2])
    assert recall["recall"]["cause"] == "INCIDENT_VOIDED"
    crossed = await refused(act(leader, f"{one}:enRoute"))
    assert (crossed.status, crossed.reason) == (409, "RECALLED_MEANWHILE")
    assert (await act(leader, f"{one}:confirmRecall"))["recall"]["confirm_time"]
    twice = await refused(act(desk, f"{one}:recall", {"reason": "误报"}))
    assert twice.reason == "ALREADY_RECALLED"

    [shown] = (await desk.get(f"/v1/receipts/{receipt['id']}"))["dispatches"]
    assert (shown["state"], shown["recall"]["cause"]) == ("RECALLED", "INCIDENT_VOIDED")
    told = await kinds(dispatcher, receipt["id"])
    steps = ["MissionDispatched", "MissionAcknowledged", "TeamEnRoute", "RecallConfirmed"]
    assert [kind for kind in told if kind in steps] == steps
    assert told.index("IncidentAmended") < told.index("MissionRecalled")
    await undone(visit, desk, receipt["id"], one)


async def undone(visit: Visit, desk: Client, matter: str, mission: str) -> None:
    """The team stays recalled, and the inbox of the desk says so until it sends another one."""
    second = await visit.person("leader.990101001-township")
    await act(second, f"/v1/incidents/{matter}:undoVoid", {"reason": "确有火情"})
    again = await desk.get(f"/v1/receipts/{matter}")
    assert again["state"] == "ENDED", "the desk can correct and send at once"
    inbox = "/v1/inbox?reason=TEAM_MATTER_REOPENED"

    async def waits() -> list[Any]:
        items = (await desk.get(inbox))["items"]
        return [each["waits"][0] for each in items if each["id"] == matter]

    async with asyncio.timeout(20):
        while not (found := await waits()):
            await asyncio.sleep(0.2)
    assert found[0]["mission_id"] == mission.rpartition("/")[2]
    assert found[0]["sentence"].startswith("The void was undone")
    assert (await desk.get(mission))["recall"]["reopen_time"]
    await act(desk, f"/v1/receipts/{matter}:dispatch", {"team": OTHER_TEAM})
    assert not await waits()


async def test_the_words_of_a_report_that_leaves_the_matter_leave_the_order(visit: Visit) -> None:
    """Without a note of the desk the narrative of the matter begins the one that the team has."""
    desk = await visit.person("call_taker.990100-command")
    smoke = {**FIRE, "narrative": "仓库冒烟起火"}
    first = await take_call(desk, **smoke)
    await act(desk, f"/v1/receipts/{first['id']}:open")
    order = await act(desk, f"/v1/receipts/{first['id']}:dispatch", {"team": OTHER_TEAM})
    mission = f"/v1/missions/{order['mission']['id']}"
    second = await take_call(desk, **{**smoke, "narrative": "我看到烟了"})
    link = {"incident": first["id"], "confirm_priority": True}
    await act(desk, f"/v1/receipts/{second['id']}:link", link)

    async def told(narrative: str) -> int:
        for _ in range(150):
            found = await desk.get(mission)
            if found["narrative"].startswith(narrative) and (
                ("我看到烟了" in found["narrative"]) == ("【" in narrative)
            ):
                return int(found["revision"])
            await asyncio.sleep(0.2)
        raise AssertionError(found["narrative"])

    linked = await told(f"仓库冒烟起火\n【关联接警单 {second['code']}】")
    await act(desk, f"/v1/receipts/{second['id']}:unlink", {"reason": "不是一处"})
    assert await told("仓库冒烟起火") == linked + 1
    assert (await desk.get(mission))["narrative"] == "仓库冒烟起火"
