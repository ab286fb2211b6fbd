"""An accusation by telephone: neither the accused nor who watches the area learns of it."""

import asyncio
from typing import Any

from tests.people import TOWNSHIP, Visit, act, refused, take_call

STATION, COUNTY_POLICE = f"{TOWNSHIP}-police", "990101-police"
DISCIPLINE = "990101-discipline"
AGAINST: dict[str, Any] = {
    "category": "theft",
    "priority": "P2",
    "narrative": "派出所民警收了钱不立案",
    "against": COUNTY_POLICE,
}


async def test_it_stays_between_the_desk_and_the_body_that_it_names(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{DISCIPLINE}")
    users = (f"clerk.{STATION}", "supervisor.990101-government", f"leader.{TOWNSHIP}-township")
    outside = [await visit.person(user) for user in users]
    receipt = await take_call(desk, **AGAINST)
    one, incident = f"/v1/receipts/{receipt['id']}", f"/v1/incidents/{receipt['id']}"
    for unit in (STATION, COUNTY_POLICE):
        for verb, field in (("open", "to_unit"), ("pass", "to")):
            wrong = await refused(act(desk, f"{one}:{verb}", {field: unit}))
            assert (wrong.status, wrong.reason) == (403, "ACCUSED_UNIT")
    apart = await refused(act(desk, f"{one}:refer"))
    assert apart.reason == "ACCUSATION_APART"
    await act(desk, f"{one}:open", {"to_unit": DISCIPLINE})
    claimed = await act(clerk, f"{incident}:claim")
    assert claimed["state"] == "CLAIMED"
    wrong = await refused(act(clerk, f"{incident}:handOff", {"to_unit": STATION, "reason": "请办"}))
    assert wrong.reason == "ACCUSED_UNIT"
    for each in outside:
        for path in (one, incident):
            hidden = await refused(each.get(path))
            assert hidden.status == 404, path
        for path in ("/v1/receipts", "/v1/incidents"):
            assert receipt["id"] not in {row["id"] async for row in each.items(path)}
    reports: list[str] = []
    async with asyncio.timeout(30):  # the receipt follows its incident a moment later
        while not reports:
            reports = [row["id"] async for row in clerk.items(f"{incident}/reports")]
            await asyncio.sleep(0.2)
    assert reports == [receipt["id"]]
