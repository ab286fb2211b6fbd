"""Between units: handed off and refused, handed off and accepted, asked back, decided above."""

import asyncio

from tests.killing import killed
from tests.people import TOWNSHIP, Visit, act, open_incident, refused

POLICE, CITY_HALL = f"{TOWNSHIP}-police", f"{TOWNSHIP}-urban_management"
MARKET = f"{TOWNSHIP}-market"


async def test_the_giver_stays_accountable_until_somebody_accepts(visit: Visit) -> None:
    desk = visit.system("990100-command", "call_taker")
    dispatcher = await visit.person("dispatcher.990100-command")
    police = await visit.person(f"clerk.{POLICE}")
    urban = await visit.person(f"clerk.{CITY_HALL}")
    incident = await open_incident(desk)
    one = f"/v1/incidents/{incident['id']}"
    await act(police, f"{one}:claim")

    offer = {"to_unit": CITY_HALL, "reason": "路面清理属城管职责"}
    offered = await act(police, f"{one}:handOff", offer)
    assert offered["accountable_unit"] == POLICE
    assert offered["hand_off"]["to_unit"] == CITY_HALL
    assert incident["id"] in {each["id"] async for each in urban.items("/v1/inbox", page_size=100)}
    refusal = await act(urban, f"{one}:refuseHandOff", {"reason": "事故尚未处理完"})
    assert (refusal["hand_off"], refusal["holder"]) == (None, f"clerk.{POLICE}")

    await asyncio.gather(act(police, f"{one}:handOff", offer), killed(visit.city, "workflow"))
    accepted = await act(urban, f"{one}:acceptHandOff")
    assert accepted["accountable_unit"] == accepted["unit"] == CITY_HALL
    assert accepted["holder"] == f"clerk.{CITY_HALL}"
    over = await refused(act(police, f"{one}:report", {"text": "还在处理"}))
    assert (over.status, over.reason) == (403, "NOT_THE_HOLDER")

    asked = await act(urban, f"{one}:requestReturn", {"reason": "现场无需清理"})
    assert asked["accountable_unit"] == CITY_HALL
    sender = asked["pending_return"]["to_unit"]
    assert sender == POLICE
    returned = await act(police, f"{one}:acceptReturn")
    assert (returned["state"], returned["accountable_unit"]) == ("TRIAGE", POLICE)
    decided = {"to_unit": MARKET, "reason": "经核实属市场监管职责"}
    designated = await act(dispatcher, f"{one}:designate", decided)
    assert (designated["state"], designated["unit"]) == ("OFFERED", MARKET)


async def test_a_claim_is_answered_with_the_stream_processor_away(visit: Visit) -> None:
    desk = visit.system("990100-command", "call_taker")
    clerk = visit.system(POLICE, "clerk", "经办一")
    incidents = [await open_incident(desk) for _ in range(3)]
    await asyncio.to_thread(visit.city.liandong, "stop", "workflow-stream")
    try:
        for incident in incidents:
            async with asyncio.timeout(5):
                claimed = await act(clerk, f"/v1/incidents/{incident['id']}:claim")
            assert claimed["state"] == "CLAIMED"
    finally:
        await asyncio.to_thread(visit.city.liandong, "start", "workflow-stream")
