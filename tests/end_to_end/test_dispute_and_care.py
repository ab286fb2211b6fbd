"""A quarrel that goes from the 110 desk to an agreement, and a need that names no person."""

import asyncio
from typing import Any

from operate.replay.client import Client
from tests.killing import killed
from tests.people import TOWNSHIP, Visit, act, refused, take_call

MEDIATION = f"{TOWNSHIP}-mediation"
QUARREL = {
    "category": "dispute.neighbour",
    "priority": "P3",
    "narrative": "楼上漏水到我家,邻居不开门,吵起来了",
}
PARTIES = [{"side": "APPLICANT", "name": "钱某"}, {"side": "RESPONDENT", "name": "孙某"}]
AGREEMENT = {"oral": True, "terms": "楼上三日内修好水管,赔偿墙面粉刷费用。"}


async def test_a_quarrel_is_referred_mediated_and_filed(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    mediator = await visit.person(f"mediator.{MEDIATION}")
    receipt = await take_call(desk, **QUARREL)
    referred = await act(desk, f"/v1/receipts/{receipt['id']}:refer")
    assert (referred["outcome"], referred["passed_to"]) == ("PASSED", MEDIATION)
    await killed(visit.city, "dispute")

    dispute = await referral(mediator, receipt["code"])
    one = f"/v1/disputes/{dispute['id']}"
    await act(mediator, f"{one}:parties", {"parties": PARTIES})
    accepted = await act(mediator, f"{one}:accept", {"mediation": "PEOPLE"})
    assert accepted["state"] == "ACCEPTED"
    early = await refused(act(mediator, f"{one}:agreement", {"agreement": {"oral": True}}))
    assert (early.status, early.reason) == (422, "AGREEMENT_INCOMPLETE")
    held = await act(mediator, f"{one}:session", {"text": "双方到场,愿意协商。"})
    assert held["state"] == "MEDIATING"
    agreed = await act(mediator, f"{one}:agreement", {"agreement": AGREEMENT})
    assert agreed["state"] == "AGREED"
    assert "钱某" not in str(agreed["parties"])


async def test_a_need_enters_the_flow_without_a_name(visit: Visit) -> None:
    sender = await visit.person(f"clerk.{TOWNSHIP}-justice")
    head = await visit.person(f"head.{TOWNSHIP}-township")
    worker = await visit.person(f"care_worker.{TOWNSHIP}-township")
    handed = await act(
        sender,
        "/v1/care-cases",
        {
            "programme": "MINOR_PROTECTION",
            "legal_basis": "未成年人保护法,民政局函〔2026〕3号",
            "person": {"name": "李小明", "contact": "13700000000"},
            "to_unit": f"{TOWNSHIP}-township",
        },
    )
    one = f"/v1/care-cases/{handed['id']}"
    entrusted = {"care_workers": [f"care_worker.{TOWNSHIP}-township"]}
    assert (await act(head, f"{one}:receive", entrusted))["state"] == "ACTIVE"
    named = await refused(act(worker, f"{one}:requestService", {"text": "李小明需要助学金"}))
    assert (named.status, named.reason) == (422, "NAMES_THE_PERSON")
    asked = await act(worker, f"{one}:requestService", {"text": "一名儿童需要助学金"})
    service = asked["services"][0]
    incident = await opened(await visit.person(f"leader.{TOWNSHIP}-township"), service["id"])
    assert incident["code"] == service["code"] != handed["code"]
    assert "李小明" not in str(incident)
    dispatcher = visit.system("990100-command", "dispatcher")
    for hidden in (one, f"/v1/incidents/{service['id']}"):
        assert (await refused(dispatcher.get(hidden))).status in (403, 404)
    auditor = await visit.person("auditor.990100-government")
    assert (await auditor.get(one))["programme"] == "MINOR_PROTECTION"


async def referral(mediator: Client, code: str) -> Any:
    """The dispute that registers itself from the desk's event."""
    async with asyncio.timeout(30):
        while True:
            async for dispute in mediator.items("/v1/disputes", page_size=50):
                if code in (dispute["code"], (dispute["origin"] or {}).get("code")):
                    return dispute
            await asyncio.sleep(0.2)


async def opened(dispatcher: Client, incident: str) -> Any:
    async with asyncio.timeout(20):
        while True:
            found = [
                each
                async for each in dispatcher.items("/v1/incidents", page_size=200)
                if each["id"] == incident
            ]
            if found:
                return found[0]
            await asyncio.sleep(0.1)
