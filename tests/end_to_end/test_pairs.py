"""A record and its incident end together: a dispute, a petition, and the way back."""

import asyncio
from typing import Any

import pytest

from operate.replay.client import Client
from tests.end_to_end.test_dispute_and_care import AGREEMENT, PARTIES
from tests.end_to_end.test_petition import PETITION, URBAN
from tests.people import TOWNSHIP, Visit, act

MEDIATION = f"{TOWNSHIP}-mediation"
DISPUTE = {
    "kind": "NEIGHBOURS",
    "source": "WALK_IN",
    "subject": "楼上漏水",
    "text": "楼上漏水泡了我家天花板",
    "parties": PARTIES,
    "place": {"text": "青山镇长风路12号", "area": TOWNSHIP},
}
FAILURE = {"reason": "分歧过大", "told_where": "可以向人民法院起诉。"}
DONE = {"outcome": "SOLVED", "reply": "路灯已修复并通电。"}


async def a_routed_dispute(visit: Visit) -> tuple[Client, Client, str]:
    """Its desk, its mediator who holds the incident, and its id."""
    desk = await visit.person("receptionist.990101001-township")
    mediator = await visit.person(f"mediator.{MEDIATION}")
    dispute = await act(desk, "/v1/disputes", DISPUTE)
    one = f"/v1/disputes/{dispute['id']}"
    await act(desk, f"{one}:accept", {"mediation": "PEOPLE"})
    await act(desk, f"{one}:route", {"to_unit": MEDIATION})
    await act(mediator, f"/v1/incidents/{dispute['id']}:claim")
    await until(desk, one, lambda found: found["incident"]["state"] == "CLAIMED")
    return desk, mediator, dispute["id"]


async def until(client: Client, path: str, holds: Any) -> Any:
    async with asyncio.timeout(20):
        while not holds(found := await client.get(path)):
            await asyncio.sleep(0.05)
    return found


@pytest.mark.parametrize(
    ("verb", "body", "outcome"),
    [
        ("agreement", {"agreement": AGREEMENT}, "SOLVED"),
        ("fail", FAILURE, "NOT_SOLVED"),
    ],
)
async def test_a_mediation_that_ends_ends_the_handling_at_once(
    visit: Visit, verb: str, body: dict[str, Any], outcome: str
) -> None:
    desk, mediator, dispute = await a_routed_dispute(visit)
    one, incident = f"/v1/disputes/{dispute}", f"/v1/incidents/{dispute}"
    await act(mediator, f"{one}:session", {"text": "双方到场，愿意协商。"})
    await until(mediator, incident, lambda found: found["state"] == "HANDLING")
    clocks = [each["clock"] for each in (await mediator.get(f"{incident}/clocks"))["items"]]
    assert clocks == ["FEEDBACK"], "a matter in hand has its clock"

    await act(mediator, f"{one}:{verb}", body)
    ended = await mediator.get(incident)  # no wait: a person's road
    assert (ended["state"], ended["outcome"], ended["due"]) == ("RESOLVED", outcome, [])
    await act(desk, f"{one}:close")
    assert (await desk.get(incident))["state"] == "CLOSED"


async def test_without_the_call_the_event_ends_the_handling(visit: Visit) -> None:
    _, mediator, dispute = await a_routed_dispute(visit)
    await asyncio.to_thread(visit.city.liandong, "stop", "workflow")
    try:
        await act(mediator, f"/v1/disputes/{dispute}:agreement", {"agreement": AGREEMENT})
    finally:
        await asyncio.to_thread(visit.city.liandong, "start", "workflow")
    incident = f"/v1/incidents/{dispute}"
    found = await until(mediator, incident, lambda found: found["state"] == "RESOLVED")
    steps = await mediator.get(f"{incident}/timeline")
    kinds = [each["kind"] for each in steps["items"]]
    assert kinds.count("IncidentResolved") == 1 and found["outcome"] == "SOLVED"


async def test_a_void_gives_the_dispute_back_to_its_desk(visit: Visit) -> None:
    desk, mediator, dispute = await a_routed_dispute(visit)
    dispatcher = await visit.person("dispatcher.990100-command")
    await act(mediator, f"/v1/disputes/{dispute}:session", {"text": "双方到场。"})
    await act(dispatcher, f"/v1/incidents/{dispute}:void", {"reason": "DUPLICATE"})
    one = f"/v1/disputes/{dispute}"
    await until(desk, one, lambda found: found["state"] == "ACCEPTED")
    await act(desk, f"{one}:fail", FAILURE)
    assert (await act(desk, f"{one}:close"))["state"] == "CLOSED"


async def a_resolved_petition(visit: Visit) -> tuple[Client, str]:
    office = await visit.person("clerk.990101-petition_office")
    clerk = await visit.person(f"clerk.{URBAN}")
    petition = await act(office, "/v1/petitions", PETITION)
    one, incident = f"/v1/petitions/{petition['id']}", f"/v1/incidents/{petition['id']}"
    await act(office, f"{one}:accept", {"kind": "CLAIM", "lawful_channel": "PETITION"})
    await act(office, f"{one}:route")
    await act(clerk, f"{incident}:claim")
    await act(clerk, f"{incident}:resolve", DONE)
    await until(office, one, lambda found: found["incident"]["state"] == "RESOLVED")
    return office, petition["id"]


async def test_a_petition_that_is_filed_files_its_incident(visit: Visit) -> None:
    office, petition = await a_resolved_petition(visit)
    await act(office, f"/v1/petitions/{petition}:reply")
    await act(office, f"/v1/petitions/{petition}:close")
    assert (await office.get(f"/v1/incidents/{petition}"))["state"] == "CLOSED"


async def test_an_incident_that_is_filed_files_its_petition_with_the_verified_reply(
    visit: Visit,
) -> None:
    office, petition = await a_resolved_petition(visit)
    verifier = await visit.person("head.990101-petition_office")
    incident = f"/v1/incidents/{petition}"
    await act(verifier, f"{incident}:verify", {"solved": "YES"})
    await act(verifier, f"{incident}:close")
    closed = await until(
        office, f"/v1/petitions/{petition}", lambda found: found["state"] == "CLOSED"
    )
    assert closed["reply"] == DONE["reply"]
