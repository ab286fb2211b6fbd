"""Stories of incidents: every verb of the flow, every state and every lapse of a clock."""

import asyncio
from functools import partial
from typing import Any

from tests.golden.people import (
    CLERK,
    COUNTY,
    DISPATCHER,
    HALL,
    MARKET,
    POINT,
    POLICE,
    TAKER,
    URBAN,
    City,
)

CALL = {
    "kind": "CALL",
    "caller": {"number": "13800000000", "name": "王某"},
    "place": {"text": "青山镇长风路12号", "point": POINT},
    "category": "traffic.accident",
    "priority": "P2",
    "narrative": "两车相撞,无人受伤",
}
NOWHERE = {"place": {"text": "不清楚在哪里"}, "category": "", "narrative": "听不清,有人求助"}
HAND_OFF = {"to_unit": URBAN, "reason": "路面清理属城管职责"}
ORDER = {"unit": MARKET, "instruction": "三日内核查并报告"}
URBAN_CLERK, MARKET_CLERK = f"clerk.{URBAN}", f"clerk.{MARKET}"


async def play(city: City) -> None:
    """Everything that needs no waiting."""
    first = await _whole_life(city)
    await _refused(city, first)
    for story in (
        _triage, _released, _returned, _handed_off, _bounced, _assigned, _reassigned, _ended,
    ):  # fmt: skip
        await story(city)
    await _left_open(city)


async def opened(city: City, to_unit: str = "", **parts: Any) -> str:
    """Take a call and open its incident; its path."""
    receipt = await city.post(TAKER, "/v1/receipts", CALL | parts)
    body = {"to_unit": to_unit} if to_unit else {}
    await city.post(TAKER, f"/v1/receipts/{receipt['id']}:open", body)
    return f"/v1/incidents/{receipt['id']}"


async def claimed(city: City, **parts: Any) -> str:
    one = await opened(city, **parts)
    await city.post(CLERK, f"{one}:claim")
    return one


async def _whole_life(city: City) -> str:
    one = await opened(city)
    await city.post(CLERK, f"{one}:claim", key="golden-claim", seen="3")
    await city.post(CLERK, f"{one}:claim", key="golden-claim", seen="3")  # the first answer again
    await city.post(CLERK, f"{one}:report", {"text": "已到现场", "public": True})
    await city.post(CLERK, f"{one}:report", {"text": "等待拖车", "public": False})
    await _resolved(city, one)
    await city.post(TAKER, f"{one}:close", refused="NOT_VERIFIED")
    await city.post(TAKER, f"{one}:verify", {"solved": "YES", "note": "报警人满意"})
    await city.post(TAKER, f"{one}:close")
    return one


async def _resolved(city: City, one: str) -> None:
    done = {"outcome": "SOLVED", "reply": "双方同意自行理赔,道路已恢复"}
    await city.post(CLERK, f"{one}:resolve", done)


async def _refused(city: City, closed: str) -> None:
    """One refusal of each kind that HTTP tells apart."""
    one = await opened(city)
    await city.post(URBAN_CLERK, f"{one}:claim", refused="NO_SUCH_INCIDENT")
    await city.post(CLERK, f"{one}:claim", seen="1", refused="STALE_VERSION")
    await city.post(CLERK, f"{one}:claim")
    await city.post(f"{POLICE}/clerk", f"{one}:claim", refused="ALREADY_CLAIMED")
    await city.post(CLERK, f"{one}:requestReturn", {"reason": ""}, refused="REASON_MISSING")
    await city.post(CLERK, f"{closed}:claim", refused="INVALID_TRANSITION")
    gone = "/v1/incidents/00000000-0000-4000-8000-000000000000:claim"
    await city.post(CLERK, gone, refused="NO_SUCH_INCIDENT")


async def _triage(city: City) -> None:
    """No rule matches; asked again it stays; designated it is offered. A third stays in triage."""
    one = await opened(city, **NOWHERE)
    await city.post(DISPATCHER, f"{one}:route")
    to = {"to_unit": MARKET, "reason": "经核实属市场监管职责"}
    await city.post(DISPATCHER, f"{one}:designate", to)
    await city.post(MARKET_CLERK, "/v1/inbox:takeNext")
    await city.post(MARKET_CLERK, "/v1/inbox:takeNext", refused="")  # 204: the pool is empty
    await opened(city, **NOWHERE)


async def _released(city: City) -> None:
    one = await claimed(city)
    await city.post(CLERK, f"{one}:release", {"reason": "另有紧急任务"})


async def _returned(city: City) -> None:
    """Rejected; accepted and back in triage; asked from the pool and still open."""
    one = await claimed(city)
    await city.post(CLERK, f"{one}:requestReturn", {"reason": "不属本所"})
    await city.post(TAKER, f"{one}:rejectReturn", {"reason": "事发地在辖区内"})
    await city.post(CLERK, f"{one}:report", {"text": "继续处理", "public": True})
    other = await claimed(city)
    await city.post(CLERK, f"{other}:requestReturn", {"reason": "不属本所"})
    await city.post(TAKER, f"{other}:acceptReturn")
    asked = await opened(city)
    await city.post(CLERK, f"{asked}:requestReturn", {"reason": "不属本所"})


async def _handed_off(city: City) -> None:
    """Accepted; asked back by the receiver; offered and still open."""
    one = await claimed(city)
    await city.post(CLERK, f"{one}:handOff", HAND_OFF)
    await city.post(CLERK, f"{one}:release", {"reason": "另有任务"}, refused="ANSWER_PENDING")
    await city.post(URBAN_CLERK, f"{one}:acceptHandOff")
    await city.post(URBAN_CLERK, f"{one}:requestReturn", {"reason": "现场无需清理"})
    asked = await claimed(city)
    await city.post(CLERK, f"{asked}:handOff", HAND_OFF)


async def _bounced(city: City) -> None:
    """Refused up to the cap, so that the common superior designates; a second one has."""
    for designated in (False, True):
        one = await claimed(city)
        for _ in range(3):
            await city.post(CLERK, f"{one}:handOff", HAND_OFF)
            await city.post(URBAN_CLERK, f"{one}:refuseHandOff", {"reason": "事故未处理完"})
        await city.post(CLERK, f"{one}:handOff", HAND_OFF, refused="TOO_MANY_BOUNCES")
        if designated:
            to = {"to_unit": URBAN, "reason": "由执法队清理"}
            await city.post(DISPATCHER, f"{one}:designate", to)


async def _assigned(city: City) -> None:
    """A superior's order, left in the pool; and one that is handled."""
    for reported in (False, True):
        one = await opened(city)
        await city.post(f"leader.{HALL}", f"{one}:assign", ORDER)
        await city.post(CLERK, f"{one}:claim", refused="NOT_YOUR_UNIT")
        if reported:
            await city.post(MARKET_CLERK, f"{one}:claim")
            await city.post(MARKET_CLERK, f"{one}:report", {"text": "已核查", "public": True})
    await city.post(f"supervisor.{COUNTY}", f"{one}:assign", ORDER, refused="ROLE_MAY_NOT")


async def _reassigned(city: City) -> None:
    """A colleague takes it over; no release before 0.2.0 can."""
    if not await city.has("/v1/incidents/{incident_id}:reassign"):
        return
    one = await claimed(city)
    await city.post(f"{POLICE}/clerk", f"{one}:reassign", {"reason": "经办人休假"})


async def _ended(city: City) -> None:
    """Resolved; sent back and in the pool; sent back and resolved again; voided from two states."""
    await _resolved(city, await claimed(city))
    for again in (False, True):
        one = await claimed(city)
        await _resolved(city, one)
        await city.post(TAKER, f"{one}:verify", {"solved": "NO", "note": "仍占道"})
        await city.post(TAKER, f"{one}:rework", {"reason": "x"}, refused="SECOND_PERSON_NEEDED")
        await city.post(DISPATCHER, f"{one}:rework", {"reason": "车辆仍占道"})
        if again:
            await city.post(CLERK, f"{one}:claim")
            await _resolved(city, one)
            await city.post(TAKER, f"{one}:verify", {"solved": "PARTLY", "note": ""})
    await city.post(DISPATCHER, f"{await opened(city)}:void", {"reason": "TEST"})
    await city.post(DISPATCHER, f"{await claimed(city)}:void", {"reason": "DUPLICATE"})


async def _left_open(city: City) -> None:
    await opened(city, to_unit=MARKET, priority="P4")  # named by the desk
    await claimed(city, priority="P1")


async def play_lapses(city: City) -> None:
    """Under clocks of one minute: each clock runs out by itself, and the matters go on."""
    waiting = await _with_short_clocks(city)
    idle, offered, asked = [await claimed(city) for _ in range(3)]
    decided, kept = [await claimed(city) for _ in range(2)]
    for one in (offered, decided):
        await city.post(CLERK, f"{one}:handOff", HAND_OFF)
    for one in (asked, kept):
        await city.post(CLERK, f"{one}:requestReturn", {"reason": "不属本所"})
    await asyncio.sleep(60)
    for one, kind in (
        (waiting, "SignInLapsed"),
        (idle, "ClaimLapsed"),
        (offered, "HandOffLapsed"),
        (decided, "HandOffLapsed"),
        (asked, "ReturnLapsed"),
        (kept, "ReturnLapsed"),
    ):
        await city.until(partial(happened, city, one, kind))
    await city.post(DISPATCHER, f"{decided}:designate", {"to_unit": URBAN, "reason": "上级指定"})
    await city.post(TAKER, f"{kept}:rejectReturn", {"reason": "由派出所继续办理"})


async def happened(city: City, one: str, kind: str) -> bool:
    """Whether the timeline of the incident holds an event of this kind."""
    timeline = await city.get(DISPATCHER, f"{one}/timeline")
    return kind in {each["kind"] for each in timeline["items"]}


async def _with_short_clocks(city: City) -> str:
    """The first incident that was opened under the pack with the short clocks."""
    while True:
        await asyncio.sleep(2)
        one = await opened(city)
        if (await city.get(DISPATCHER, one))["due"][0]["minutes"] == 1:
            return one
