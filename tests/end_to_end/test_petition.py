"""A petition, from its registration to the reply that the citizen reads with code and PIN."""

import asyncio
from typing import Any

import httpx

from operate.replay.client import Client
from tests.killing import killed
from tests.people import TOWNSHIP, Visit, act, refused
from tests.servers import PLAIN

URBAN = f"{TOWNSHIP}-urban_management"
PETITION = {
    "channel": "VISIT",
    "subject": "村口路灯半年不亮",
    "text": "村口到学校的路灯半年不亮,孩子放学不安全,多次反映没有结果。",
    "petitioners": [{"name": "赵某", "contact": "13900000000"}],
    "place": {"text": "青山镇和源村村口", "area": TOWNSHIP},
    "category": "urban.lamp",
}


async def test_a_petition_is_followed_to_its_reply(visit: Visit) -> None:
    office = await visit.person("clerk.990101-petition_office")
    registered = await act(office, "/v1/petitions", PETITION)
    one = f"/v1/petitions/{registered['id']}"
    code, pin = registered["code"], registered["pin"]
    assert registered["state"] == "REGISTERED" and pin
    assert "赵某" not in str(registered["petitioners"])
    accepted = {"kind": "CLAIM", "lawful_channel": "PETITION"}
    assert (await act(office, f"{one}:accept", accepted))["state"] == "ACCEPTED"
    routed = await act(office, f"{one}:route")
    assert routed["incident"]["unit"] == URBAN

    clerk = await visit.person(f"clerk.{URBAN}")
    incident = f"/v1/incidents/{registered['id']}"
    assert (await act(clerk, f"{incident}:claim"))["code"] == code
    early = await refused(act(office, f"{one}:reply"))
    assert (early.status, early.reason) == (409, "NOT_RESOLVED")
    await killed(visit.city, "petition")
    await act(clerk, f"{incident}:report", {"text": "已安排维修", "public": True})
    await act(clerk, f"{incident}:report", {"text": "配件缺货,内部协调", "public": False})
    done = {"outcome": "SOLVED", "reply": "路灯已修复并通电。"}
    await act(clerk, f"{incident}:resolve", done)

    await until(office, one, "RESOLVED")
    replied = await act(office, f"{one}:reply")
    assert (replied["state"], replied["reply"]) == ("REPLIED", "路灯已修复并通电。")
    assert (await act(office, f"{one}:close"))["state"] == "CLOSED"

    tracked = await track(visit, code, pin)
    assert tracked["reply"] == "路灯已修复并通电。"
    assert [step["text"] for step in tracked["progress"]] == ["已安排维修"]
    assert "赵某" not in str(tracked)


async def test_what_the_counter_mistyped_reaches_who_handles_it(visit: Visit) -> None:
    office = await visit.person("clerk.990101-petition_office")
    registered = await act(office, "/v1/petitions", PETITION)
    one, incident = (f"/v1/{kind}/{registered['id']}" for kind in ("petitions", "incidents"))
    await act(office, f"{one}:accept", {"kind": "CLAIM", "lawful_channel": "PETITION"})
    await act(office, f"{one}:route")
    clerk = await visit.person(f"clerk.{URBAN}")
    await act(clerk, f"{incident}:claim")
    assert "amend" in (await office.get(one))["actions"]
    corrections = {
        "subject": "校门口路灯不亮",
        "place": {"text": "青山镇和源小学门口"},
        "petitioners": [{"contact": "13911112222"}],
    }
    amended = await act(office, f"{one}:amend", corrections)
    assert (amended["subject"], amended["place"]["area"]) == ("校门口路灯不亮", TOWNSHIP)
    [person] = amended["petitioners"]
    assert (person["name"], person["contact"]) == ("赵*", "139****2222")
    held = await clerk.get(incident)
    assert (held["title"], held["place"]["text"]) == ("校门口路灯不亮", "青山镇和源小学门口")
    assert (held["holder"], held["unit"]) == (f"clerk.{URBAN}", URBAN)
    timeline = (await clerk.get(f"{incident}/timeline"))["items"]
    assert timeline[-1]["kind"] == "IncidentAmended"
    for wrong, reason in (
        ({}, "NOTHING_TO_CHANGE"),
        ({"petitioners": [{"number": 3, "name": "钱某"}]}, "UNKNOWN_PETITIONER"),
        ({"against_unit": "990101-nowhere"}, "UNKNOWN_UNIT"),
    ):
        assert (await refused(act(office, f"{one}:amend", wrong))).reason == reason
    await act(clerk, f"{incident}:resolve", {"outcome": "SOLVED", "reply": "已修复"})
    await until(office, one, "RESOLVED")
    await act(office, f"{one}:reply")
    await act(office, f"{one}:close")
    late = await refused(act(office, f"{one}:amend", {"text": "又及"}))
    assert (late.status, late.reason) == (409, "PETITION_OVER")
    assert registered["code"] in late.problem["detail"]


async def test_without_the_pin_a_code_tells_nothing(visit: Visit) -> None:
    office = visit.system("990101-petition_office", "clerk")
    registered = await act(office, "/v1/petitions", PETITION)
    guess = {"code": registered["code"], "pin": "00000000"}
    wrong = await visit.citizen().post("/v1/track", json=guess)
    assert (wrong.status_code, wrong.json()["reason"]) == (404, "NO_SUCH_CODE")


async def test_code_and_pin_are_read_as_people_type_them_and_a_guesser_locks_nobody_else(
    visit: Visit,
) -> None:
    office = visit.system("990101-petition_office", "clerk")
    registered = await act(office, "/v1/petitions", PETITION)
    code, pin = registered["code"], registered["pin"]
    wide = {at: at + 0xFEE0 for at in range(0x21, 0x7F)}
    assert (await track(visit, code.replace("-", ""), pin.translate(wide)))["code"] == code
    guesser = httpx.AsyncHTTPTransport(local_address="127.0.0.2", verify=PLAIN)
    async with httpx.AsyncClient(base_url=visit.http.base_url, transport=guesser) as stranger:
        right, guess = {"code": code, "pin": pin}, {"code": code, "pin": "guess"}
        said = [(await stranger.post("/v1/track", json=guess)).json()["reason"] for _ in range(6)]
        assert said == ["NO_SUCH_CODE"] * 5 + ["TRACKING_LOCKED"]
        assert (await stranger.post("/v1/track", json=right)).status_code == 429
    assert (await track(visit, code, pin))["code"] == code


async def test_a_clerk_of_another_county_does_not_see_it(visit: Visit) -> None:
    office = visit.system("990101-petition_office", "clerk")
    other = visit.system("990102-petition_office", "clerk")
    registered = await act(office, "/v1/petitions", PETITION)
    hidden = await refused(other.get(f"/v1/petitions/{registered['id']}"))
    assert (hidden.status, hidden.reason) == (404, "NO_SUCH_PETITION")


async def until(client: Client, path: str, state: str) -> None:
    """The petition follows its incident a moment later."""
    async with asyncio.timeout(20):
        while (await client.get(path))["incident"]["state"] != state:
            await asyncio.sleep(0.1)


async def track(visit: Visit, code: str, pin: str) -> Any:
    answer = await visit.citizen().post("/v1/track", json={"code": code, "pin": pin})
    assert answer.status_code == 200, answer.text
    return answer.json()
