"""Keys are rotated while the city runs: the services that seal start again, nothing is lost."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from tests.end_to_end.test_petition import PETITION, track
from tests.people import Visit, act, take_call

REPEAT = {"narrative": "两车相撞,有人受伤,又来电"}


async def test_a_rotation_in_a_running_city(visit: Visit) -> None:
    desk = visit.system("990100-command", "call_taker", "%E6%9D%8E")
    office = await visit.person("clerk.990101-petition_office")
    caller = {"number": "13811112222", "name": "李某", "protected": False}
    before = await take_call(desk, caller=caller)
    petition = await act(office, "/v1/petitions", PETITION)
    processes = visit.city.run["processes"]

    done = await asyncio.to_thread(visit.city.liandong, "seals", "rotate")
    assert done.returncode == 0, done.stderr
    for name in ("alarm", "petition", "dispute", "population"):
        assert name in done.stdout
        assert visit.city.run["processes"][name]["pid"] != processes[name]["pid"]
    for name in ("gateway", "workflow", "emergency", "directory", "kafka", "postgres"):
        assert visit.city.run["processes"][name]["pid"] == processes[name]["pid"]
    told = await asyncio.to_thread(visit.city.liandong, "seals", "list", "--json")
    keys: list[dict[str, Any]] = json.loads(told.stdout)
    assert [key["seals"] for key in keys if key["service"] == "alarm"] == [False, True]

    assert await revealed(desk, f"/v1/receipts/{before['id']}:reveal") == caller
    after = await take_call(desk, caller=caller, **REPEAT)
    assert before["id"] in {each["receipt"] for each in after["suggestions"]["repeats"]}
    people = (await revealed(office, f"/v1/petitions/{petition['id']}:reveal"))["petitioners"]
    assert [each["name"] for each in people] == ["赵某"]
    assert (await track(visit, petition["code"], petition["pin"]))["code"] == petition["code"]


async def revealed(client: Any, path: str) -> Any:
    return (await client.post(path, uuid4().hex, {"purpose": "回访"})).body
