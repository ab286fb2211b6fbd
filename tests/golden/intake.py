"""Stories of the desks: receipts of every kind and end, petitions, disputes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.golden.incidents import CALL, claimed, opened
from tests.golden.people import (
    CLERK,
    DISCIPLINE,
    DISPATCHER,
    HALL,
    MEDIATION,
    OFFICE,
    POLICE,
    TAKER,
    TOWNSHIP,
    URBAN,
    City,
)

DESK = f"clerk.{OFFICE}"
MEDIATOR = f"mediator.{MEDIATION}"
QUARREL = {"category": "dispute.neighbour", "priority": "P3", "narrative": "楼上漏水,邻居吵起来了"}
LAMP = {
    "channel": "VISIT",
    "subject": "村口路灯半年不亮",
    "text": "村口到学校的路灯半年不亮,多次反映没有结果。",
    "petitioners": [{"name": "赵某", "contact": "13900000000", "id_number": "99010119800101001X"}],
    "place": {"text": "青山镇和源村村口", "area": TOWNSHIP},
    "category": "urban.lamp",
}
ACCUSED = {
    "channel": "LETTER",
    "subject": "镇领导收受好处",
    "text": "镇领导收受商户好处,请查处。",
    "petitioners": [{"name": "钱某", "contact": "13900000001"}],
    "place": {"text": "青山镇", "area": TOWNSHIP},
    "against": "周某",
    "against_unit": HALL,
}
CLAIM = {"kind": "CLAIM", "lawful_channel": "PETITION"}
PARTIES = [
    {"side": "APPLICANT", "name": "钱某", "contact": "13900000002"},
    {"side": "RESPONDENT", "name": "孙某"},
]
DISPUTE = {
    "kind": "NEIGHBOURS",
    "subject": "楼上漏水",
    "text": "楼上漏水,墙面受损。",
    "parties": PARTIES,
    "place": {"text": "青山镇", "area": TOWNSHIP},
}
WRITTEN = {
    "document": "青调〔2026〕1号",
    "facts": "楼上水管破裂",
    "liability": "楼上承担",
    "terms": "三日内修好水管,赔偿墙面粉刷费用。",
    "performance": "现金,调解室",
    # Whenever the stories are played, it lies ahead.
    "performance_due_time": f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%dT%H:%M:%SZ}",
}


async def received(city: City, **parts: Any) -> str:
    receipt = await city.post(TAKER, "/v1/receipts", CALL | parts)
    return f"/v1/receipts/{receipt['id']}"


async def play_receipts(city: City) -> None:
    """Receipts of every kind and of the five outcomes; amended, linked and called back ones."""
    await _amended(city)
    await _linked(city)
    await _answered(city)
    await city.post(TAKER, f"{await received(city, kind='TICKET_12345', reference='T1')}:pass")
    passed = await received(city, kind="DEVICE", reference="摄像头07")
    await city.post(TAKER, f"{passed}:pass", {"to": POLICE, "note": "请就近查看"})
    hoax = {"reason": "HOAX", "note": "无人应答"}
    await city.post(TAKER, f"{await received(city)}:markInvalid", hoax)
    duty = f"duty_officer.{HALL}"
    walk_in = CALL | {"kind": "WALK_IN", "caller": {"name": "李某", "protected": True}}
    await city.post(duty, "/v1/receipts", walk_in)
    grid = CALL | {"kind": "GRID_REPORT", "category": "urban.lamp", "priority": "P4"}
    await city.post("grid_leader.990101001001-village", "/v1/receipts", grid)


async def _amended(city: City) -> None:
    """Still open: corrected, classed, called back, its caller shown."""
    ring = {"ring_time": "2026-01-01T08:00:00Z", "answer_time": "2026-01-01T08:00:05.250Z"}
    call = {"hang_up_time": "2026-01-01T08:03:00Z", "recording": "rec/1"}
    subscriber = {"subscriber": "王某某", "installed_address": "长风路12号"}
    caller = {"number": "02988880000", "name": "王某", **subscriber}
    one = await received(city, caller=caller, **ring)
    await city.post(TAKER, f"{one}:amend", {"narrative": "两车相撞,一人轻伤", **call})
    await city.post(TAKER, f"{one}:amend", {"caller": {"number": "13800000009", "name": "王五"}})
    await city.post(TAKER, f"{one}:classify", {"category": "traffic", "priority": "P3"})
    await city.post(TAKER, f"{one}:callBack", {"finding": "NOT_REACHED", "note": "关机"})
    await city.post(TAKER, f"{one}:reveal", purpose="回拨核实")
    await city.post(TAKER, f"{one}:close", refused="NOT_ENDED")


async def _linked(city: City) -> None:
    """Linked; linked, taken back and open again; linked to an incident that is closed later."""
    incident = await opened(city)
    to = {"incident": incident.rpartition("/")[2]}
    await city.post(TAKER, f"{await received(city)}:link", to)
    undone = await received(city, kind="TEXT_MESSAGE")
    await city.post(TAKER, f"{undone}:link", to)
    await city.post(TAKER, f"{undone}:unlink", {"reason": "不是同一事故"})
    await city.post(TAKER, f"{undone}:answer", {"reply": ""}, refused="REPLY_MISSING")


async def _answered(city: City) -> None:
    for closed in (False, True):
        one = await received(city)
        photos = ["https://files.example/1.jpg"]
        await city.post(TAKER, f"{one}:answer", {"reply": "已告知理赔流程", "photos": photos})
        await city.post(TAKER, f"{one}:answer", {"reply": "再答"}, refused="ALREADY_ENDED")
        if closed:
            await city.post(TAKER, f"{one}:confirmClass", {"category": "traffic.accident"})
            await city.post(TAKER, f"{one}:callBack", {"finding": "SATISFIED", "note": ""})
            await city.post(TAKER, f"{one}:close")


async def play_petitions(city: City) -> None:
    """One petition in each state, of each kind, and what a citizen reads of one."""
    channels = iter(("LETTER", "VISIT", "ONLINE", "HOTLINE", "VIDEO", "PROXY", "GREEN_POST"))
    registered = await _registered(city, next(channels))
    await city.post(DESK, f"{registered}:reveal", purpose="电话联系")
    lacking = {"kind": "CLAIM"}
    await city.post(DESK, f"{registered}:accept", lacking, refused="LAWFUL_CHANNEL_MISSING")
    advice = await _registered(city, next(channels), head_count=7)
    await city.post(DESK, f"{advice}:accept", {"kind": "ADVICE"})
    await city.post(DESK, f"{advice}:progress", {"text": "已转研究", "public": False})
    told = {"reason": "属诉讼途径", "told_where": "青岚区人民法院"}
    await city.post(DESK, f"{await _registered(city, next(channels))}:decline", told)
    referred = await _registered(city, next(channels))
    await city.post(DESK, f"{referred}:accept", CLAIM | {"lawful_channel": "ARBITRATION"})
    to = {"to": "劳动人事争议仲裁委员会", "reason": "劳动争议"}
    await city.post(DESK, f"{referred}:refer", to)
    await _accusation(city)
    routed = [await _routed(city, channel) for channel in (*channels, "RECEPTION")]
    await city.post(f"clerk.{URBAN}", f"{_incident(routed[0])}:claim")
    for closed in (False, True):
        await _replied(city, await _routed(city, "LETTER"), closed)


async def _registered(city: City, channel: str, **parts: Any) -> str:
    petition = await city.post(DESK, "/v1/petitions", LAMP | {"channel": channel} | parts)
    right = {name: petition[name] for name in ("code", "pin")}
    wrong = right | {"pin": "00000000"}  # counted, as an attempt with the right one is
    await city.post("", "/v1/track", wrong, refused="NO_SUCH_CODE")
    await city.post("", "/v1/track", right)
    return f"/v1/petitions/{petition['id']}"


def _incident(petition: str) -> str:
    return petition.replace("petitions", "incidents")


async def _routed(city: City, channel: str) -> str:
    one = await _registered(city, channel)
    await city.post(DESK, f"{one}:accept", CLAIM)
    await city.post(DESK, f"{one}:route")
    return one


async def _accusation(city: City) -> None:
    petition = await city.post(DESK, "/v1/petitions", ACCUSED)
    one = f"/v1/petitions/{petition['id']}"
    await city.post(DESK, f"{one}:accept", {"kind": "ACCUSATION"})
    await city.post(DESK, f"{one}:route", {"to_unit": HALL}, refused="ACCUSED_UNIT")
    await city.post(DESK, f"{one}:route", {"to_unit": DISCIPLINE})
    await city.post(f"clerk.{DISCIPLINE}", f"{_incident(one)}:claim")
    hidden = f"{_incident(one)}:assign"
    order = {"unit": f"{TOWNSHIP}001-village", "instruction": "查明"}
    await city.post(f"leader.{HALL}", hidden, order, refused="NO_SUCH_INCIDENT")


async def _replied(city: City, one: str, closed: bool) -> None:
    clerk, incident = f"clerk.{URBAN}", _incident(one)
    await city.post(clerk, f"{incident}:claim")
    await city.post(DESK, f"{one}:reply", refused="NOT_RESOLVED")
    await city.post(clerk, f"{incident}:report", {"text": "已安排维修", "public": True})
    await city.post(clerk, f"{incident}:resolve", {"outcome": "SOLVED", "reply": "路灯已修复。"})
    await heard(city, DESK, one, "RESOLVED")
    await city.post(DESK, f"{one}:reply")
    if closed:
        await city.post(DESK, f"{one}:close")


async def heard(city: City, user: str, path: str, state: str) -> None:
    """Return when the record knows that its incident has come so far."""

    async def looked() -> bool:
        incident = (await city.get(user, path))["incident"]
        return bool(incident) and incident["state"] == state

    await city.until(looked)


async def play_disputes(city: City) -> None:
    """One dispute in each state, one of them referred by the 110 desk."""
    await _referral(city)
    registered = await _dispute(city, source="COURT", level=1)
    await city.post(MEDIATOR, f"{registered}:parties", {"parties": PARTIES[:1]})
    await city.post(MEDIATOR, f"{registered}:reveal", purpose="约定调解时间")
    violent = await _dispute(city, kind="FAMILY", violence=True)
    people = {"mediation": "PEOPLE"}
    await city.post(MEDIATOR, f"{violent}:accept", people, refused="VIOLENCE_NOT_MEDIATED")
    told = {"reason": "家庭暴力不适用调解", "told_where": "派出所、妇联"}
    await city.post(MEDIATOR, f"{violent}:refuse", told)
    kinds = ("ADMINISTRATIVE", "COMMISSION", "JUDICIAL", "PEOPLE", "PEOPLE", "PEOPLE")
    accepted, routed, held, *ends = [await _accepted(city, kind) for kind in kinds]
    await city.post(MEDIATOR, f"{accepted}:agreement", {"agreement": {"oral": True}},
                    refused="AGREEMENT_INCOMPLETE")  # fmt: skip
    await city.post(MEDIATOR, f"{routed}:route", {"to_unit": MEDIATION})
    await city.post(MEDIATOR, f"{held}:session", {"text": "双方到场,愿意协商。"})
    await city.post(MEDIATOR, f"{ends[0]}:session", {"text": "一次调解。"})
    await city.post(MEDIATOR, f"{ends[0]}:agreement", {"agreement": WRITTEN})
    failed = {"reason": "分歧过大", "told_where": "人民法院"}
    await city.post(MEDIATOR, f"{ends[1]}:fail", failed)
    oral = {"oral": True, "terms": "楼上三日内修好水管。"}
    await city.post(MEDIATOR, f"{ends[2]}:agreement", {"agreement": oral})
    await city.post(MEDIATOR, f"{ends[2]}:close")


async def _dispute(city: City, **parts: Any) -> str:
    dispute = await city.post(MEDIATOR, "/v1/disputes", DISPUTE | parts)
    return f"/v1/disputes/{dispute['id']}"


async def _accepted(city: City, mediation: str) -> str:
    one = await _dispute(city)
    await city.post(MEDIATOR, f"{one}:accept", {"mediation": mediation})
    return one


async def _referral(city: City) -> None:
    receipt = await received(city, **QUARREL)
    code = (await city.post(TAKER, f"{receipt}:refer", {"note": "请尽快"}))["code"]

    async def looked() -> Any:
        found = await city.get(MEDIATOR, "/v1/disputes", page_size=50)
        return [each for each in found["items"] if (each["origin"] or {}).get("code") == code]

    [dispute] = await city.until(looked)
    one = f"/v1/disputes/{dispute['id']}"
    await city.post(MEDIATOR, f"{one}:parties", {"parties": PARTIES})
    await city.post(MEDIATOR, f"{one}:accept", {"mediation": "PEOPLE"})
    await city.post(MEDIATOR, f"{one}:route")
    await city.post(MEDIATOR, f"{_incident_of(one)}:claim")


def _incident_of(dispute: str) -> str:
    return dispute.replace("disputes", "incidents")


async def play_receipts_again(city: City) -> None:
    """What hears of an incident that has gone on: a repeat, and a receipt that may be filed."""
    incident = await claimed(city)
    receipt = incident.replace("incidents", "receipts")
    repeat = await received(city)
    await city.post(TAKER, f"{repeat}:link", {"incident": incident.rpartition("/")[2]})
    await city.post(TAKER, f"{receipt}:close", refused="INCIDENT_STILL_OPEN")
    done = {"outcome": "EXPLAINED", "reply": "已说明"}
    await city.post(CLERK, f"{incident}:resolve", done)
    await city.post(DISPATCHER, f"{incident}:verify", {"solved": "CANNOT_EXPLAINED"})
    await city.post(DISPATCHER, f"{incident}:close")
    for one in (receipt, repeat):
        await heard(city, TAKER, one, "CLOSED")
