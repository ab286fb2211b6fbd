"""Danger: a team is sent, its terminal shows it, loses its link, is pushed again, and answers."""

import asyncio

from tests.killing import killed
from tests.people import CALL, Listener, Visit, act, open_incident, take_call

TEAM, UNIT = "990101001-emergency-team", "990101001-emergency"
FLOOD = {
    "category": "hazard.flood",
    "priority": "P1",
    "narrative": "长风路内涝,水已经进了便民超市,还在涨",
}


async def test_a_mission_is_pushed_until_it_is_answered_and_survives_its_service(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    leader = await visit.person("team_leader.990101001-emergency")
    terminal = Listener(leader, f"/v1/teams/{TEAM}/stream?device=one")
    await asyncio.wait_for(terminal.until("welcome"), 20)

    receipt = await take_call(desk, **FLOOD)
    order = await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": TEAM})
    push = await asyncio.wait_for(terminal.until("mission", code=receipt["code"]), 20)
    assert order["reachable"] is True
    assert (push["attempt"], push["priority"]) == (1, "P1")
    assert push["narrative"] == FLOOD["narrative"]
    assert push["caller_number"] == CALL["caller"]["number"], "the city gives it for P1"
    assert push["mission"] == order["mission"]["id"]

    # The team does not answer: the same entry again, as a second attempt.
    again = await asyncio.wait_for(terminal.until("mission", mission=push["mission"]), 40)
    assert (again["seq"], again["attempt"] > 1) == (push["seq"], True)

    # The service dies; the terminal stays connected, or comes back by itself.
    await killed(visit.city, "emergency")
    one = f"/v1/missions/{push['mission']}"
    assert (await act(leader, f"{one}:received", {"seq": push["seq"]}))["state"] == "DELIVERED"
    for verb, state in (
        ("acknowledge", "ACKNOWLEDGED"),
        ("enRoute", "EN_ROUTE"),
        ("onScene", "ON_SCENE"),
    ):
        assert (await act(leader, f"{one}:{verb}"))["state"] == state
    cleared = await act(leader, f"{one}:clear", {"result": "积水排除"})
    assert (cleared["state"], cleared["implied"]) == ("CLEARED", [])

    await resumes_without_repeat(visit, terminal)


async def resumes_without_repeat(visit: Visit, terminal: Listener) -> None:
    """While the link is away another one is sent: it comes, what was answered does not."""
    desk = await visit.person("call_taker.990100-command")
    seen = len(terminal.named("mission"))
    later = await take_call(desk, **FLOOD)
    await killed(visit.city, "gateway")
    await act(desk, f"/v1/receipts/{later['id']}:dispatch", {"team": TEAM})
    push = await asyncio.wait_for(terminal.until("mission", code=later["code"]), 40)
    between = [each["code"] for each in terminal.named("mission")[seen:]]
    assert set(between) == {later["code"]}
    leader = visit.system(UNIT, "team_leader", team=TEAM)
    refusal = await act(leader, f"/v1/missions/{push['mission']}:refuse", {"reason": "另有任务"})
    assert refusal["state"] == "REFUSED"
    await terminal.close()


async def test_a_team_that_nobody_hears_gets_it_on_connecting(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    receipt = await take_call(desk, **FLOOD)
    team = "990104006-emergency-team"
    order = await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": team})
    assert order["reachable"] is False
    leader = visit.system("990104006-emergency", "team_leader", team=team)
    terminal = Listener(leader, f"/v1/teams/{team}/stream")
    push = await asyncio.wait_for(terminal.until("mission", code=receipt["code"]), 20)
    await act(leader, f"/v1/missions/{push['mission']}:acknowledge")
    await terminal.close()


async def test_calls_and_orders_go_on_without_kafka(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    clerk = visit.system("990101001-emergency", "clerk")
    leader = visit.system(UNIT, "team_leader", team=TEAM)
    terminal = Listener(leader, f"/v1/teams/{TEAM}/stream?device=two")
    await asyncio.wait_for(terminal.until("welcome"), 20)
    await asyncio.to_thread(visit.city.liandong, "stop", "kafka")
    try:
        receipt = await take_call(desk, **FLOOD)
        await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": TEAM})
        push = await asyncio.wait_for(terminal.until("mission", code=receipt["code"]), 10)
        await act(leader, f"/v1/missions/{push['mission']}:acknowledge")
        incident = await open_incident(desk, **FLOOD)
        claimed = await act(clerk, f"/v1/incidents/{incident['id']}:claim")
        assert claimed["state"] == "CLAIMED"
    finally:
        await asyncio.to_thread(visit.city.liandong, "start", "kafka")
    await terminal.close()
