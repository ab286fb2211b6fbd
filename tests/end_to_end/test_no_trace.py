"""An accusation leaves no trace with the accused: in a merged matter, a supervision, a list."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from operate.replay.client import Client, Refused
from tests.people import TOWNSHIP, Visit, act, refused, take_call

STATION, UNIT = f"{TOWNSHIP}-police", f"{TOWNSHIP}-township"
WORDS = "处警民警收了对方的钱，故意拖延"


async def until(asked: Callable[[], Awaitable[bool]]) -> None:
    """Services hear of each other a moment later."""
    async with asyncio.timeout(20):
        while not await asked():
            await asyncio.sleep(0.1)


async def status(client: Client, path: str) -> int:
    try:
        await client.get(path)
    except Refused as error:
        return error.status
    return 200


async def hidden(client: Client, path: str) -> None:
    async def gone() -> bool:
        return await status(client, path) == 404

    await until(gone)


async def opened(desk: Client, unit: str, **parts: Any) -> str:
    receipt = await take_call(desk, narrative="来电反映一事", **parts)
    await act(desk, f"/v1/receipts/{receipt['id']}:open", {"to_unit": unit})
    return str(receipt["id"])


async def merged(visit: Visit, desk: Client) -> tuple[str, str]:
    """Two incidents of the station; the second is merged into the first."""
    dispatcher = await visit.person("dispatcher.990100-command")
    host, guest = [await opened(desk, STATION) for _ in range(2)]
    await act(dispatcher, f"/v1/incidents/{guest}:merge", {"into": host, "reason": "同一事"})

    return host, guest


def accusing(unit: str, **parts: Any) -> dict[str, Any]:
    return {"against": unit, "reason": "来电检举", **parts}


async def test_a_merged_report_begins_no_accusation_inside_the_other_matter(visit: Visit) -> None:
    """Neither before nor after its receipt has heard of the merge."""
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{STATION}")
    host, guest = await merged(visit, desk)
    one = f"/v1/receipts/{guest}"
    at_once = await refused(act(desk, f"{one}:amend", accusing(STATION)))
    assert (at_once.status, at_once.reason) == (403, "ACCUSATION_APART")

    async def follows() -> bool:
        return bool((await desk.get(one))["incident"]["id"] == host)

    await until(follows)
    for said in (accusing(STATION), accusing(STATION, narrative=WORDS)):
        wrong = await refused(act(desk, f"{one}:amend", said))
        assert (wrong.status, wrong.reason) == (403, "ACCUSATION_APART")
    for path in (f"/v1/incidents/{host}", f"/v1/incidents/{host}/timeline", one):
        assert WORDS not in f"{await clerk.get(path)}"


async def test_what_was_merged_into_an_accusation_is_hidden_from_the_accused_with_it(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{STATION}")
    second = await visit.person("duty_officer.990100-command")
    host, guest = await merged(visit, desk)
    assert await status(clerk, f"/v1/incidents/{guest}") == 200
    await act(desk, f"/v1/receipts/{host}:amend", accusing(STATION))
    assert await status(clerk, f"/v1/incidents/{host}") == 404
    for path in (f"/v1/incidents/{guest}", f"/v1/receipts/{guest}"):
        await hidden(clerk, path)
    listed = {row["id"] async for row in clerk.items("/v1/incidents?closed=true")}
    assert not {host, guest} & listed
    undone = await act(second, f"/v1/incidents/{guest}:undoMerge", {"reason": "不是一回事"})
    assert (undone["state"], undone["accountable_unit"]) == ("TRIAGE", "990100-command")
    assert await status(clerk, f"/v1/incidents/{guest}") == 404
