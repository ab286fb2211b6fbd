"""Danger at the desk, over HTTP: heard, taken, teams recommended with their state, and the word."""

import asyncio
from typing import Any

from tests.people import TOWNSHIP, Client, Listener, Visit, act, refused, take_call

TEAM, UNIT = "990101001-emergency-team", "990101001-emergency"


async def test_a_call_about_danger_is_taken_and_one_key_sends_a_recommended_team(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    leader = visit.system(UNIT, "team_leader", team=TEAM)
    terminal = Listener(leader, f"/v1/teams/{TEAM}/stream?device=danger")
    await asyncio.wait_for(terminal.until("welcome"), 20)
    receipt = await taken(desk, "我家着火了,老人还在屋里")
    danger = receipt["suggestions"]["danger"]
    assert (danger["category"], danger["priority"]) == ("fire.building", "P1")
    assert (receipt["category"], receipt["priority"]) == ("fire.building", "P1")
    opened = await act(desk, f"/v1/receipts/{receipt['id']}:open")
    best = opened["recommended"]
    assert best, "a row with linkage recommends"
    assert {each["duty"] for each in best} == {"AVAILABLE"}
    mine = next(each for each in best if each["team"] == TEAM)
    assert mine["connected"] is True
    assert mine["metres"] >= 0
    assert "Its terminal is connected" in mine["reasons"]
    await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": TEAM})
    push = await asyncio.wait_for(terminal.until("mission", code=receipt["code"]), 20)
    await act(leader, f"/v1/missions/{push['mission']}:acknowledge")
    await terminal.close()


async def test_a_team_off_duty_is_shown_as_such_before_the_key(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    dispatcher = await visit.person("dispatcher.990100-command")
    path = f"/v1/teams/{TEAM}:setStatus"
    receipt = await taken(desk, "仓库起火了")
    await act(dispatcher, path, {"duty": "OUT_OF_SERVICE", "note": "检修"})
    try:
        opened = await act(desk, f"/v1/receipts/{receipt['id']}:open")
        assert TEAM not in [each["team"] for each in opened["recommended"][:1]]
        off = [each for each in opened["recommended"] if each["team"] == TEAM]
        assert all("Out of service" in each["reasons"] for each in off)
    finally:
        await act(dispatcher, path, {"duty": "AVAILABLE", "note": ""})


async def test_an_end_below_the_danger_is_refused_until_a_person_says_so(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    receipt = await taken(desk, "有人拿刀砍人,快来", category="consultation", priority="P4")
    path = f"/v1/receipts/{receipt['id']}"
    refusal = await refused(act(desk, f"{path}:open"))
    assert (refusal.status, refusal.reason) == (409, "DANGER_UNCONFIRMED")
    opened = await act(desk, f"{path}:open", {"confirm_priority": True})
    assert opened["priority_confirmed"]["confirmed_by"] == "call_taker.990100-command"


async def test_danger_is_taken_back_by_a_word_alone_and_a_new_one_raises_what_was_lowered(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    dispatcher = await visit.person("dispatcher.990100-command")
    receipt = await taken(desk, "我家着火了,老人还在屋里")
    path, incident = f"/v1/receipts/{receipt['id']}", f"/v1/incidents/{receipt['id']}"
    await act(desk, f"{path}:open")
    harmless = {"narrative": "其实是来咨询办证的"}
    refusal = await refused(act(desk, f"{path}:amend", harmless))
    assert (refusal.status, refusal.reason) == (409, "DANGER_UNCONFIRMED")
    amended = await act(desk, f"{path}:amend", harmless | {"confirm_priority": True})
    assert amended["suggestions"]["danger"] is None
    assert amended["priority_confirmed"]["priority"] == "P1"
    lowered = await act(dispatcher, f"{incident}:setPriority", {"priority": "P4", "reason": "误报"})
    assert lowered["priority"] == "P4"
    await act(desk, f"{path}:amend", {"narrative": "那边有人拿刀砍人"})
    assert (await desk.get(incident))["priority"] == "P1"


async def test_an_incident_falls_below_a_heard_danger_by_a_persons_word_alone(visit: Visit) -> None:
    """Set on the incident, by the receipt after a dispatcher's word, and by a merge."""
    desk = await visit.person("call_taker.990100-command")
    dispatcher = await visit.person("dispatcher.990100-command")
    fire, lesser = await taken(desk, "我家着火了"), await taken(desk, "路灯不亮", priority="P4")
    for each in (fire, lesser):
        await act(desk, f"/v1/receipts/{each['id']}:open")
    incident, low = f"/v1/incidents/{fire['id']}", {"priority": "P3", "reason": "已扑灭"}
    assert (await dispatcher.get(incident))["heard"]["priority"] == "P1"
    merge = {"into": lesser["id"], "reason": "同一地点"}
    for verb, said in (("setPriority", low), ("merge", merge)):
        refusal = await refused(act(dispatcher, f"{incident}:{verb}", said))
        assert (refusal.status, refusal.reason) == (409, "DANGER_UNCONFIRMED")
    word = {"confirm_priority": True}
    assert (await act(dispatcher, f"{incident}:setPriority", low | word))["priority"] == "P3"
    steps = [each async for each in dispatcher.items(f"{incident}/timeline")]
    [lowered] = [each["facts"] for each in steps if each["kind"] == "IncidentAmended"]
    assert lowered["confirmed"]["priority"] == "P1"
    assert (await act(dispatcher, f"{incident}:merge", merge | word))["state"] == "MERGED"


async def test_each_way_to_p1_recommends_teams_in_its_answer(visit: Visit) -> None:
    """`team_minutes` later it would stand in the inbox (tests/integration/alarm/test_teamless)."""
    desk = await visit.person("call_taker.990100-command")
    dispatcher = await visit.person("dispatcher.990100-command")
    second = await visit.person(f"leader.{TOWNSHIP}-township")
    calm = await taken(desk, "请来人看一下灶台", category="fire.alarm", priority="P3")
    path, incident = f"/v1/receipts/{calm['id']}", f"/v1/incidents/{calm['id']}"
    assert (await act(desk, f"{path}:open"))["recommended"] == []
    low = {"priority": "P1", "reason": "冒烟了"}
    raised = await act(dispatcher, f"{incident}:setPriority", low)
    best = raised["recommended"][0]
    assert best["reasons"][0] == "It has the skill that is asked for" and best["team_name"]
    assert (await desk.get(path))["recommended"], "as long as no team is under way"
    await act(desk, f"{path}:dispatch", {"team": TEAM})
    assert (await desk.get(path))["recommended"] == []
    await act(dispatcher, f"{incident}:void", {"reason": "TEST", "confirm_priority": True})
    again = await act(second, f"{incident}:undoVoid", {"reason": "是真的"})
    assert again["recommended"] == [], "a leader sends no team"
    async with asyncio.timeout(20):  # the receipt hears that its incident goes on
        while not (await desk.get(path))["recommended"]:
            await asyncio.sleep(0.2)
    assert "TEAM_MISSING" not in f"{await desk.get('/v1/inbox?code=' + calm['code'])}", "not yet"


async def test_every_danger_is_heard_when_the_call_comes_in_and_named_to_whom_it_concerns(
    visit: Visit,
) -> None:
    """Before, a comma in an amendment was needed for the second one."""
    desk = await visit.person("call_taker.990100-command")
    dispatcher = await visit.person("dispatcher.990100-command")
    said = "厨房着火,我老公还拿刀追我"
    receipt = await taken(desk, said)
    path, incident = f"/v1/receipts/{receipt['id']}", f"/v1/incidents/{receipt['id']}"
    danger = receipt["suggestions"]["danger"]
    assert "violence.weapon" in [each["category"] for each in danger["others"]]
    await act(desk, f"{path}:classify", {"category": "fire.alarm", "priority": "P3"})
    opened = await act(desk, f"{path}:open", {"confirm_priority": True})
    confirmed = opened["priority_confirmed"]
    assert confirmed["others"] == danger["others"]
    assert (await dispatcher.get(incident))["heard"]["others"] == danger["others"]
    await act(desk, f"{path}:amend", {"narrative": said.replace(",", "，") + "。"})
    assert (await dispatcher.get(incident))["priority"] == "P3", "a comma is no news"
    low = {"priority": "P4", "reason": "误报"}
    refusal = await refused(act(dispatcher, f"{incident}:setPriority", low))
    assert refusal.reason == "DANGER_UNCONFIRMED"
    for each in (danger, *danger["others"]):
        assert each["name"] in str(refusal)


async def taken(desk: Client, narrative: str, **parts: str) -> Any:
    return await take_call(desk, narrative=narrative, **{"category": "", "priority": "", **parts})
