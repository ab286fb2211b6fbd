"""The two callers of B18: one lives through incidents of the city, one drives the plain service.

Only HTTP and run.json are used, so that an installation of any commit can be driven.
"""

import asyncio
import time
from collections.abc import Awaitable, Iterator, Sequence
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import orjson
from shapely.geometry import shape

from tests.bench import plain
from tests.bench.caller import Http
from tests.bench.plan import ROOT
from tests.bench.world import DESK, World

CLERKS = 500  # the claim cap limits how many incidents one clerk holds
COMMANDS = 8
PAUSE = 0.2
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("claim", {}),
    ("report", {"text": "已到现场,正在了解情况。", "public": True}),
    ("report", {"text": "已联系当事人,双方同意协商。", "public": True}),
    ("report", {"text": "正在协商处理,预计今天办结。", "public": False}),
    ("resolve", {"outcome": "SOLVED", "reply": "双方自行协商,道路已恢复。"}),
)


class Loop:
    """Lives through incidents over HTTP, and notes how long every command took."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._http = Http(world.gateway, "")
        self._taker = self._http.speaking_for(world.key(DESK, "call_taker"))
        self._verifier = self._http.speaking_for(world.key(DESK, "dispatcher"))
        self._points, self._numbers = points(), count()
        self.took: list[float] = []
        self.pending = 0

    async def live(self) -> str:
        """From the call to the verification; returns the incident. Raises RuntimeError for a
        refusal."""
        number, one, unit = await self.open()
        clerk = self._http.speaking_for(self._world.key(unit, "clerk"))
        person = {"liandong_person": f"bench-{number % CLERKS}"}
        for verb, body in STEPS:
            await self._say(clerk, f"/v1/incidents/{one}:{verb}", body, **person)
        await self._say(self._verifier, f"/v1/incidents/{one}:verify", {"solved": "YES"})
        return one

    async def open(self) -> tuple[int, str, str]:
        """A call, and its incident in the pool of a unit: its number, the incident, the unit."""
        number = next(self._numbers)
        receipt = await self._say(self._taker, "/v1/receipts", call_of(number, self._points))
        opened = await self._say(self._taker, f"/v1/receipts/{receipt['id']}:open", {})
        one, unit = receipt["id"], opened["incident"]["unit"]
        self.pending += not unit  # the desk's answer did not wait for the flow
        while not unit:
            await asyncio.sleep(PAUSE)
            told = await self._verifier.get(f"/v1/incidents/{one}")
            unit = told.body["unit"] if told.status == 200 else ""
        return number, one, unit

    async def finish(self) -> str:
        """The same, and closed."""
        one = await self.live()
        await self._say(self._verifier, f"/v1/incidents/{one}:close", {})
        return one

    async def _say(self, http: Http, path: str, body: Any, **headers: str) -> Any:
        start = time.perf_counter()
        answer = await http.post(path, body, idempotency_key=uuid4().hex, **headers)
        self.took.append(time.perf_counter() - start)
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {answer.body}")
        return answer.body

    def close(self) -> None:
        self._http.close()


class PlainLoop:
    """As many commands to the plain service."""

    def __init__(self, service: plain.Plain) -> None:
        self._http = service.http
        self._ids: Iterator[UUID] = iter(())
        self.took: list[float] = []
        self.pending = 0

    def take(self, ids: Sequence[UUID]) -> None:
        self._ids = iter(ids)

    async def live(self) -> None:
        one = next(self._ids)
        for number in range(COMMANDS):
            body = {"text": "双方自行协商,道路已恢复。", "actor": f"bench-{number}"}
            start = time.perf_counter()
            answer = await self._http.post(f"/incidents/{one}/step-{number}", body)
            self.took.append(time.perf_counter() - start)
            if answer.status != 200:
                raise RuntimeError(f"{answer.status} {answer.body}")


async def closed(loop: Loop | PlainLoop, incidents: int, callers: int) -> None:
    """So many incidents by so many callers, each of which has one command under way."""
    left = iter(range(incidents))

    async def call() -> None:
        for _ in left:
            await loop.live()

    calls: list[Awaitable[None]] = [call() for _ in range(callers)]
    await asyncio.gather(*calls)


def call_of(number: int, places: Sequence[tuple[float, float]]) -> dict[str, Any]:
    longitude, latitude = places[number * 7 % len(places)]
    return {
        "kind": "CALL",
        "caller": {"number": f"199{number % 10**8:08}", "name": "王某"},
        "place": {
            "text": f"青山镇长风路{number % 900}号",
            "point": {"longitude": longitude, "latitude": latitude},
        },
        "category": "traffic.accident",
        "priority": "P3",
        "narrative": "两车相撞,无人受伤,堵住路口",
    }


def points() -> list[tuple[float, float]]:
    """One in each grid of the demo city, so that calls come from all over it."""
    document = orjson.loads((ROOT / "deploy/city/demo/grids.geojson").read_bytes())
    inside = [shape(each["geometry"]).representative_point() for each in document["features"]]
    return [(round(point.x, 6), round(point.y, 6)) for point in inside]
