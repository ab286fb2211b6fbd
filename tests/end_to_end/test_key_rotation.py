"""Keys are rotated while the city runs: the services that seal start again, nothing is lost."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx

from operate.replay.client import Client
from tests.end_to_end.test_petition import PETITION, track
from tests.people import TOWNSHIP, Visit, act, open_incident, take_call

TAKER, CLERK = "call_taker.990100-command", "clerk.990101-petition_office"
POLICE = f"clerk.{TOWNSHIP}-police"
CALLER = {"number": "13811112222", "name": "李某", "protected": False}
SEALING = {
    "alarm", "petition", "dispute", "population", "emergency", "workflow", "workflow-stream",
}  # fmt: skip


async def test_a_rotation_in_a_running_city(visit: Visit) -> None:
    desk, office = await visit.person(TAKER), await visit.person(CLERK)
    receipt = await take_call(desk, caller=CALLER)
    petition = await act(office, "/v1/petitions", PETITION)
    await rotated(visit)
    await resealed(visit)

    told = await revealed(visit, TAKER, f"/v1/receipts/{receipt['id']}:reveal")
    assert (told["number"], told["name"]) == (CALLER["number"], CALLER["name"])
    again = await take_call(desk, caller=CALLER, narrative="两车相撞,无人受伤,又来电")
    assert receipt["id"] in {each["receipt"] for each in again["suggestions"]["repeats"]}
    told = await revealed(visit, CLERK, f"/v1/petitions/{petition['id']}:reveal")
    assert [each["name"] for each in told["petitioners"]] == ["赵某"]
    tracked = await track(visit, petition["code"], petition["pin"])
    assert tracked["code"] == petition["code"]
    await claimed_by_the_stream(visit, desk)


async def rotated(visit: Visit) -> None:
    before = visit.city.run["processes"]
    done = await asyncio.to_thread(visit.city.liandong, "seals", "rotate")
    assert done.returncode == 0, done.stderr
    after = visit.city.run["processes"]
    assert {name for name in after if after[name]["pid"] != before[name]["pid"]} == SEALING
    assert all(name in done.stdout for name in SEALING)
    told = await asyncio.to_thread(visit.city.liandong, "seals", "list", "--json")
    keys: list[dict[str, Any]] = json.loads(told.stdout)
    assert [key["seals"] for key in keys if key["service"] == "alarm"] == [False, True]


async def resealed(visit: Visit) -> None:
    """What was sealed before the rotation comes under the new keys while the city works."""
    done = await asyncio.to_thread(visit.city.liandong, "seals", "reseal")
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert "alarm: 1 keys wrapped anew" in told and told[-1].startswith("0 keys remain")


async def claimed_by_the_stream(visit: Visit, desk: Client) -> None:
    """The stream processor takes what the front signs with its new key."""
    incident = await open_incident(desk)
    path, roads = f"/v1/incidents/{incident['id']}", []
    for step, said in [("claim", {}), *[("report", {"text": "已到现场"})] * 20]:
        answer = await sent(visit, POLICE, f"{path}:{step}", said)
        roads.append(answer.headers["liandong-road"])
        if "stream" in roads:  # on a busy machine the direct road may answer first
            return
    raise AssertionError(f"the stream processor takes no command any more: {roads}")


async def revealed(visit: Visit, user: str, path: str) -> Any:
    return (await sent(visit, user, path, {}, **{"liandong-purpose": "%E5%9B%9E%E8%AE%BF"})).json()


async def sent(visit: Visit, user: str, path: str, body: Any, **more: str) -> httpx.Response:
    account = next(row for row in visit.city.run["accounts"] if row["user"] == user)
    said = {"user": user, "password": account["password"]}
    token = (await visit.http.post("/v1/sessions", json=said)).json()["token"]
    headers = {"authorization": f"Bearer {token}", "idempotency-key": uuid4().hex, **more}
    answer = await visit.http.post(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer
