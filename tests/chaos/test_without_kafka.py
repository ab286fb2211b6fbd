"""With Kafka stopped, corrections, links and ends reach the team; Kafka repeats them in vain."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from operate.replay.client import Client
from tests.killing import present
from tests.people import CALL, Listener, Visit, act, take_call, visiting
from tests.servers import Installed

HOAX = {"reason": "HOAX", "confirm_priority": True}
TEAM = "990101-fire-team"
ENDED = {"void": "VOIDED", "close": "CLOSED"}
FLOOD = {"category": "hazard.flood", "priority": "P1", "narrative": "长风路内涝,有人被困"}


@pytest.fixture(scope="module")
def without_kafka(whole_city: Installed) -> Iterator[Installed]:
    """The city while its Kafka is stopped."""
    whole_city.liandong("stop", "kafka")
    try:
        yield whole_city
    finally:
        whole_city.liandong("start", "kafka")
        asyncio.run(present(whole_city))


@pytest.fixture
async def visit(without_kafka: Installed) -> AsyncIterator[Visit]:
    async with visiting(without_kafka) as visit:
        yield visit


async def next_of(terminal: Listener, **facts: Any) -> Any:
    return await asyncio.wait_for(terminal.until("mission", **facts), 10)


async def sent(desk: Client, receipt: Any) -> str:
    order = await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": TEAM})
    return str(order["mission"]["id"])


async def test_what_changes_reaches_the_team(visit: Visit) -> None:
    desk = await visit.person("dispatcher.990100-command")
    leader = await visit.person("team_leader.990101-fire")
    terminal = Listener(leader, f"/v1/teams/{TEAM}/stream?device=cab")
    await asyncio.wait_for(terminal.until("welcome"), 10)
    receipt = await take_call(desk, **FLOOD)
    of = f"/v1/receipts/{receipt['id']}"
    await act(desk, f"{of}:open", {"confirm_priority": True})
    mission = await sent(desk, receipt)
    await next_of(terminal, mission=mission, kind="MISSION")

    place = {**CALL["place"], "text": "青山镇长风路21号"}
    await act(desk, f"{of}:amend", {"place": place})
    revision = await next_of(terminal, mission=mission, kind="REVISION")
    assert revision["place"]["text"] == "青山镇长风路21号"

    second = await take_call(desk, **{**FLOOD, "narrative": "长风路有水", "priority": "P2"})
    other = await sent(desk, second)
    await next_of(terminal, mission=other, kind="MISSION")
    said = {"incident": receipt["id"], "confirm_priority": True}
    await act(desk, f"/v1/receipts/{second['id']}:link", said)
    joined = await next_of(terminal, mission=other, kind="RECALL")
    assert joined["recall"]["cause"] == "SAME_MATTER"

    await act(desk, f"/v1/incidents/{receipt['id']}:void", HOAX)
    recall = await next_of(terminal, mission=mission, kind="RECALL")
    assert recall["recall"]["cause"] == "INCIDENT_VOIDED"
    await terminal.close()


@pytest.mark.parametrize("end", ["void", "close"])
async def test_an_end_calls_back_the_teams_of_what_was_merged_into_it(
    visit: Visit, end: str
) -> None:
    desk = await visit.person("dispatcher.990100-command")
    first, second = await take_call(desk, **FLOOD), await take_call(desk, **FLOOD)
    for each in (first, second):
        await act(desk, f"/v1/receipts/{each['id']}:open", {"confirm_priority": True})
    mission = await sent(desk, second)
    said = {"into": first["id"], "reason": "同一处积水", "confirm_priority": True}
    await act(desk, f"/v1/incidents/{second['id']}:merge", said)
    host = f"/v1/incidents/{first['id']}"
    if end == "void":
        await act(desk, f"{host}:void", HOAX)
    else:
        await closed(visit, desk, host)
    shown = await desk.get(f"/v1/missions/{mission}")
    assert (shown["state"], shown["recall"]["cause"]) == ("RECALLED", f"INCIDENT_{ENDED[end]}")


async def closed(visit: Visit, desk: Client, incident: str) -> None:
    unit = (await desk.get(incident))["unit"]
    clerk = visit.system(unit, "clerk")
    await act(clerk, f"{incident}:claim")
    await act(clerk, f"{incident}:resolve", {"outcome": "SOLVED", "reply": "积水已退"})
    await act(desk, f"{incident}:verify", {"solved": "YES"})
    await act(desk, f"{incident}:close")


async def test_a_mark_as_invalid_calls_the_team_back(visit: Visit) -> None:
    desk = await visit.person("dispatcher.990100-command")
    receipt = await take_call(desk, **FLOOD)
    mission = await sent(desk, receipt)
    said = {"reason": "HOAX", "confirm_priority": True}
    await act(desk, f"/v1/receipts/{receipt['id']}:markInvalid", said)
    shown = await desk.get(f"/v1/missions/{mission}")
    assert (shown["state"], shown["recall"]["cause"]) == ("RECALLED", "RECEIPT_INVALID")


async def test_a_mission_that_joins_has_the_facts_of_the_incident(visit: Visit) -> None:
    desk = await visit.person("dispatcher.990100-command")
    first = await take_call(desk, **FLOOD)
    await act(desk, f"/v1/receipts/{first['id']}:open", {"confirm_priority": True})
    second = await take_call(desk, **{**FLOOD, "narrative": "有水", "priority": "P2"})
    mission = await sent(desk, second)
    own = await desk.get(f"/v1/missions/{mission}")
    said = {"incident": first["id"], "confirm_priority": True}
    await act(desk, f"/v1/receipts/{second['id']}:link", said)
    async with asyncio.timeout(10):
        while True:
            shown = await desk.get(f"/v1/missions/{mission}")
            incident = await desk.get(f"/v1/incidents/{first['id']}")
            if shown["narrative"] == incident["narrative"]:
                break
            await asyncio.sleep(0.1)
    assert (own["priority"], shown["priority"]) == ("P2", "P1")
    assert shown["revision"] > own["revision"]
    await act(desk, f"/v1/receipts/{second['id']}:unlink", {"reason": "不是一回事"})
    async with asyncio.timeout(10):
        while (await desk.get(f"/v1/missions/{mission}"))["priority"] != "P2":
            await asyncio.sleep(0.1)
    await act(desk, f"/v1/receipts/{second['id']}:markInvalid", {"reason": "HOAX"})
    assert (await desk.get(f"/v1/missions/{mission}"))["state"] == "RECALLED"
