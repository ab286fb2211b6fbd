"""Silence is heard: a team that cannot be sent is told before, one that is silent is told of."""

import asyncio
import time
from typing import Any

from operate.replay.client import Client
from tests.people import Listener, Visit, act, refused, take_call

TEAM, UNIT = "990104005-emergency-team", "990104005-emergency"
FLOOD = {
    "category": "hazard.flood",
    "priority": "P1",
    "narrative": "长风路内涝,水已经进了便民超市,还在涨",
}


async def alert_of(desk: Client, mission: str, rung: int, patience: float = 60) -> Any:
    """The alert of a mission once this rung has told the desk."""
    async with asyncio.timeout(patience):
        while True:
            for alert in (await desk.get("/v1/alerts"))["items"]:
                if alert["mission_id"] == mission and alert["rung"] >= rung:
                    return alert
            await asyncio.sleep(0.25)


async def in_inbox(desk: Client, mission: str, **asked: Any) -> Any:
    """What stands in the inbox because of a mission, over all pages; else None."""
    async for each in desk.items("/v1/inbox", **asked):
        if any(why["mission_id"] == mission for why in each["waits"]):
            return each
    return None


async def test_a_forced_order_without_an_answer_climbs_until_a_person_ends_it(visit: Visit) -> None:
    desk = await visit.person("dispatcher.990100-command")
    live = Listener(desk, "/v1/changes")
    receipt = await take_call(desk, **FLOOD)
    await act(desk, f"/v1/teams/{TEAM}:setStatus", {"duty": "OUT_OF_SERVICE", "note": "车辆检修"})
    shown = await desk.get("/v1/team-statuses", teams=TEAM)
    assert (shown["items"][0]["duty"], shown["items"][0]["on_duty"] > 0) == ("OUT_OF_SERVICE", True)

    order = f"/v1/receipts/{receipt['id']}:dispatch"
    refusal = await refused(act(desk, order, {"team": TEAM}))
    assert (refusal.status, refusal.reason) == (409, "TEAM_OUT_OF_SERVICE")
    assert refusal.problem["errors"][0]["field"] == "team"

    start = time.monotonic()
    forced = await act(desk, order, {"team": TEAM, "force_reason": "附近只有这支队伍"})
    mission = forced["mission"]["id"]
    change = await asyncio.wait_for(live.until("change", kind="MissionUnanswered", id=mission), 20)
    assert change["source"] == "emergency"
    alert = await alert_of(desk, mission, 4)
    assert time.monotonic() - start > 29
    told = {each["who"]: each for each in alert["told"]}
    assert told["DEPUTY"]["users"] == [f"head.{UNIT}"]
    assert all((*told["DEPUTY"]["user_names"], *told["DUTY_OFFICER"]["user_names"]))
    assert TEAM not in [each["team"] for each in alert["next_teams"]]
    assert "SAME_SKILL" in alert["next_teams"][0]["reasons"]

    stopped = await act(desk, f"/v1/missions/{mission}:stopLadder", {"reason": "已电话通知队长"})
    assert (stopped["force_reason"], stopped["stop_reason"]) == (
        "附近只有这支队伍",
        "已电话通知队长",
    )
    assert mission not in [each["mission_id"] for each in (await desk.get("/v1/alerts"))["items"]]
    again = await refused(act(desk, f"/v1/missions/{mission}:stopLadder", {"reason": "x"}))
    assert again.reason == "LADDER_STOPPED"
    await act(desk, f"/v1/teams/{TEAM}:setStatus", {"duty": "AVAILABLE"})
    await live.close()


async def test_a_refusal_stands_on_the_board_at_once(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    leader = visit.system(UNIT, "team_leader", team=TEAM)
    receipt = await take_call(desk, **FLOOD)
    sent = await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": TEAM})
    mission = sent["mission"]["id"]
    await act(leader, f"/v1/missions/{mission}:refuse", {"reason": "车辆故障"})
    alert = await alert_of(desk, mission, 1, patience=5)
    assert (alert["reason"], alert["refuse_reason"]) == ("REFUSED", "车辆故障")
    waiting = await in_inbox(desk, mission)
    assert (waiting["id"], waiting["code"]) == (receipt["id"], receipt["code"])
    [why] = waiting["waits"]
    assert (why["reason"], why["cause"], why["since"]) == (
        "TEAM_REFUSED",
        "车辆故障",
        alert["since"],
    )
    assert (why["team"], why["overdue"]) == (TEAM, True) and why["sentence"] and why["team_name"]
    assert await in_inbox(desk, mission, reason="TEAM_REFUSED", page_size=1) == waiting
    assert await in_inbox(desk, mission, reason="TRIAGE") is None
    assert waiting["category"] == FLOOD["category"] and waiting["open_time"]
    for narrow in (
        {"code": receipt["code"]},
        {"area": receipt["place"]["area"][:6]},
        {"source": "ALARM"},
        {"category": "hazard"},
        {"from_time": "2026-01-01T00:00:00Z"},
        {"priority": "P1", "overdue": "true"},
    ):
        assert await in_inbox(desk, mission, **narrow) == waiting, narrow
    for narrow in ({"source": "DISPUTE"}, {"to_time": waiting["open_time"]}, {"category": "theft"}):
        assert await in_inbox(desk, mission, **narrow) is None, narrow
    other = alert["next_teams"][0]["team"]
    await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": other})
    assert await in_inbox(desk, mission) is None
    assert mission not in [each["mission_id"] for each in (await desk.get("/v1/alerts"))["items"]]
