"""Stories of the field: missions and teams, and the care for people."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.golden.incidents import CALL
from tests.golden.people import DISPATCHER, HALL, JUSTICE, TAKER, City

TEAM = "990101001-emergency-team"
LEADER, MEMBER = "team_leader.990101001-emergency", "team_member.990101001-emergency"
FLOOD = {"category": "hazard.flood", "priority": "P1", "narrative": "长风路内涝,水还在涨"}
LATE = {"device_time": "2026-01-01T08:00:00Z"}
SENDER, HEAD, WORKER = f"clerk.{JUSTICE}", f"head.{HALL}", f"care_worker.{HALL}"
CARE = {
    "legal_basis": "未成年人保护法,民政局函〔2026〕3号",
    "person": {"name": "李小明", "contact": "13700000000", "id_number": "99010120150101001X"},
    "to_unit": HALL,
}


async def play_missions(city: City) -> None:
    """A mission in each state; the first two are pushed again until the city goes down."""
    await _dispatched(city)
    await city.post(LEADER, f"{await _dispatched(city)}:received", LATE)
    steps = ("received", "acknowledge", "enRoute", "onScene")
    for upto in (2, 3, 4, 5):
        one = await _dispatched(city)
        for step in steps[:upto]:
            await city.post(LEADER, f"{one}:{step}", LATE)
    await city.post(MEMBER, f"{one}:clear", {"result": "积水排除"})
    await city.post(MEMBER, f"{one}:clear", {"result": "另一结果"}, refused="ALREADY_CLEARED")
    at_once = await _dispatched(city)
    await city.post(LEADER, f"{at_once}:clear")
    await city.post(LEADER, f"{at_once}:clear", {"result": "无需处置"})
    no = await _dispatched(city)
    await city.post(LEADER, f"{no}:refuse", {"reason": "另有任务"})
    await city.post(LEADER, f"{no}:enRoute", refused="INVALID_TRANSITION")
    await _sent_twice(city)
    await _duties(city)


async def _dispatched(city: City) -> str:
    receipt = await city.post(TAKER, "/v1/receipts", CALL | FLOOD)
    order = {"team": TEAM, "note": "带抽水泵"}
    sent = await city.post(TAKER, f"/v1/receipts/{receipt['id']}:dispatch", order)
    return f"/v1/missions/{sent['mission']['id']}"


async def _sent_twice(city: City) -> None:
    """The desk of a repeat sends the team that the first desk has sent already: refused."""
    first, repeat = [await city.post(TAKER, "/v1/receipts", CALL | FLOOD) for _ in range(2)]
    await city.post(TAKER, f"/v1/receipts/{first['id']}:open")
    await city.post(TAKER, f"/v1/receipts/{first['id']}:dispatch", {"team": TEAM})
    await city.post(TAKER, f"/v1/receipts/{repeat['id']}:link", {"incident": first["id"]})
    order = f"/v1/receipts/{repeat['id']}:dispatch"
    await city.post(TAKER, order, {"team": TEAM}, refused="ALREADY_DISPATCHED")


async def _duties(city: City) -> None:
    resting = {"duty": "RESTING", "note": "换班"}
    await city.post(DISPATCHER, "/v1/teams/990100-fire-team:setStatus", resting)
    await city.post(LEADER, f"/v1/teams/{TEAM}:setStatus", resting)
    await city.post(LEADER, f"/v1/teams/{TEAM}:setStatus", {"duty": "AVAILABLE"})
    out = {"duty": "OUT_OF_SERVICE", "note": "车辆检修"}
    await city.post(DISPATCHER, "/v1/teams/990100-police-team:setStatus", out)


async def play_care(city: City) -> None:
    """A case in each state, of each programme; a hand-over and a visit that are overdue."""
    await _handed_over(city, "COMMUNITY_CORRECTION")
    await _handed_over(city, "POST_RELEASE_SUPPORT", hand_over_due_time=_in(3))
    ended = await _received(city, "MENTAL_DISORDER_CARE", term_end_time=_in(86_400))
    await city.post(HEAD, f"{ended}:close", {"reason": "期满解除"})
    sealed = await _received(city, "MINOR_PROTECTION")
    await city.post(HEAD, f"{sealed}:close", {"reason": "已满十八周岁"})
    await city.post(HEAD, f"{sealed}:seal")
    migrant = await _received(city, "MIGRANT_SERVICE")
    visit = {"activity": "FAMILY_VISIT", "due_time": _in(86_400)}
    await city.post(WORKER, f"{migrant}:planVisit", visit, refused="PROGRAMME_HAS_NO_VISITS")
    await _cared_for(city, await _received(city, "DRUG_REHABILITATION"))


async def _cared_for(city: City, one: str) -> None:
    decided = {"care_class": "YELLOW", "office": "DOCTOR", "decided_by": "孙医生"}
    await city.post(WORKER, f"{one}:setClass", decided, refused="DOCUMENT_MISSING")
    await city.post(WORKER, f"{one}:setClass", decided | {"document": "评估书〔2026〕2号"})
    await city.post(HEAD, f"{one}:entrust", {"care_workers": [WORKER]})
    await city.post(WORKER, f"{one}:reveal", purpose="上门探访")
    for seconds in (86_400, 3, 4):
        visit = {"activity": "FAMILY_VISIT", "due_time": _in(seconds)}
        case = await city.post(WORKER, f"{one}:planVisit", visit)
    await asyncio.sleep(7)
    kept, _, late = (each["id"] for each in case["visits"])
    for visited in (kept, late):
        found = {"visit_id": visited, "finding": "情况稳定"}
        await city.post(WORKER, f"{one}:recordVisit", found)
    await _served(city, one)


async def _served(city: City, one: str) -> None:
    """Two needs: one is handled and its result written down, the other lies in a pool."""
    need = {"text": "一名居民需要就业培训", "category": "care", "priority": "P3"}
    await city.post(WORKER, f"{one}:requestService", {"text": "李小明需要培训"},
                    refused="NAMES_THE_PERSON")  # fmt: skip
    for _ in range(2):
        case = await city.post(WORKER, f"{one}:requestService", need)
    service = case["services"][0]["id"]
    incident = f"/v1/incidents/{service}"
    unit = await city.until(lambda: _unit_of(city, incident))
    clerk = f"clerk.{unit}"
    await city.post(clerk, f"{incident}:claim")
    done = {"outcome": "SOLVED", "reply": "已安排培训"}
    await city.post(clerk, f"{incident}:resolve", done)

    async def resolved() -> bool:
        services = (await city.get(WORKER, one))["services"]
        [own] = [each for each in services if each["id"] == service]
        return bool(own["incident"]) and own["incident"]["state"] == "RESOLVED"

    await city.until(resolved)
    await city.post(WORKER, f"{one}:recordResult", {"service_id": service})


async def _unit_of(city: City, incident: str) -> str:
    found = await city.get(DISPATCHER, incident)
    unit: str = found.get("unit", "")
    return unit


async def _handed_over(city: City, programme: str, **parts: Any) -> str:
    case = await city.post(SENDER, "/v1/care-cases", CARE | {"programme": programme} | parts)
    return f"/v1/care-cases/{case['id']}"


async def _received(city: City, programme: str, **parts: Any) -> str:
    one = await _handed_over(city, programme, **parts)
    await city.post(HEAD, f"{one}:receive", {"care_workers": [WORKER]})
    return one


def _in(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
