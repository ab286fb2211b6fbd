"""An accusation by telephone: neither the accused nor who watches the area learns of it."""

import asyncio
from typing import Any

from tests.people import TOWNSHIP, Listener, Visit, act, refused, take_call

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


async def test_a_team_of_the_accused_that_joins_by_a_link_is_called_back_unheard(
    visit: Visit,
) -> None:
    """It was sent for another report, before that one was linked to the accusation."""
    unit, team = f"{TOWNSHIP}-emergency", f"{TOWNSHIP}-emergency-team"
    desk = await visit.person("call_taker.990100-command")
    leader = visit.system(unit, "team_leader", team=team)
    terminal = Listener(leader, f"/v1/teams/{team}/stream?device=accused")
    await asyncio.wait_for(terminal.until("welcome"), 20)
    words = {"narrative": "救援队私收钱财见死不救", "against": unit}
    accusing = await take_call(desk, **AGAINST | words)
    await act(desk, f"/v1/receipts/{accusing['id']}:open", {"to_unit": DISCIPLINE})
    other = await take_call(desk, category="theft", priority="P2", narrative="堤边有人争吵")
    one = f"/v1/receipts/{other['id']}"
    await act(desk, f"{one}:dispatch", {"team": team})
    first = await asyncio.wait_for(terminal.until("mission", code=other["code"]), 20)
    own = {"mission": first["mission"]}  # earlier tests may have left others
    await act(desk, f"{one}:link", {"incident": accusing["id"]})
    recall = await asyncio.wait_for(terminal.until("mission", kind="RECALL", **own), 20)
    assert recall["recall"]["reason"] == "ARRANGED_OTHERWISE"
    mission = await leader.get(f"/v1/missions/{recall['mission']}")
    assert "见死不救" not in f"{terminal.seen} {mission}"
    assert (await desk.get(one))["dispatches"][0]["state"] == "RECALLED"
    await terminal.close()


async def test_a_report_that_begins_to_accuse_leaves_the_accused(visit: Visit) -> None:
    """After its end: the station that has it loses it, and who watches the area sees it no more."""
    desk = await visit.person("call_taker.990100-command")
    station = await visit.person(f"clerk.{STATION}")
    watcher = await visit.person("supervisor.990101-government")
    receipt = await take_call(desk, category="theft", priority="P2", narrative="被偷了，没人管")
    one, incident = f"/v1/receipts/{receipt['id']}", f"/v1/incidents/{receipt['id']}"
    await act(desk, f"{one}:open", {"to_unit": STATION})
    await act(station, f"{incident}:claim")
    for each in (station, watcher):
        assert (await each.get(incident))["holder"] == f"clerk.{STATION}"
    late = {"against": COUNTY_POLICE}
    assert (await refused(act(desk, f"{one}:amend", late))).reason == "REASON_MISSING"
    amended = await act(desk, f"{one}:amend", late | {"reason": "报警人称民警收钱不立案"})
    assert amended["against"] == COUNTY_POLICE
    for each in (station, watcher):
        for path in (one, incident):
            assert (await refused(each.get(path))).status == 404, path
    shown = await desk.get(incident)
    assert (shown["state"], shown["accountable_unit"]) == ("TRIAGE", "990100-command")
    again = await refused(act(desk, f"{one}:amend", late | {"reason": "再改"}))
    assert again.reason == "ALREADY_ENDED"
    dispatcher = await visit.person("dispatcher.990100-command")
    named = {"to_unit": DISCIPLINE, "reason": "回避"}
    assert (await act(dispatcher, f"{incident}:designate", named))["unit"] == DISCIPLINE
