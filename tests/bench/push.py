"""B5: a call is received over HTTP, a team is sent, its terminal shows the frame; 35 a second.

The time runs from the moment at which the call was meant to come in, over the receipt and the
order, to the frame on the team's event stream. Every push is acknowledged, as in life.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import orjson

from tests.bench.caller import Http
from tests.bench.echo import Echo, echoing
from tests.bench.figures import Figure, percentiles
from tests.bench.openloop import offered
from tests.bench.plan import Plan
from tests.bench.world import DESK, World

RATE = 35
TEAMS = 12
GATES = {"p50": 30.0, "p99": 150.0}


class Terminals:
    """The open streams of some teams; tells when each code was shown."""

    def __init__(self, world: World) -> None:
        rows = world.teams()[:TEAMS]
        self.teams = [row["team"] for row in rows]
        self._http = {row["team"]: Http(world.gateway, row["key"]) for row in rows}
        self.shown: dict[str, asyncio.Future[float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        for team in self.teams:
            reader = await self._http[team].open_stream(f"/v1/teams/{team}/stream")
            self._keep(self._listen(team, reader))

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    def expect(self, code: str) -> "asyncio.Future[float]":
        return self.shown.setdefault(code, asyncio.get_running_loop().create_future())

    async def _listen(self, team: str, reader: asyncio.StreamReader) -> None:
        is_mission = False
        while line := await reader.readline():
            if line.startswith(b"event:"):
                is_mission = line == b"event: mission\n"
            elif is_mission and line.startswith(b"data:"):
                now, push = time.perf_counter(), orjson.loads(line[5:])
                shown = self.expect(push["code"])
                if not shown.done():
                    shown.set_result(now)
                    self._keep(self._acknowledge(team, push["mission"]))

    async def _acknowledge(self, team: str, mission: str) -> None:
        await self._http[team].post(f"/v1/missions/{mission}:acknowledge", {})

    def _keep(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def measure(world: World, plan: Plan) -> list[Figure]:
    names = ("p50", "p99", "p99.9")
    limits = {name: Figure("B5", f"SSE echo and commit, {RATE}/s {name}", "ms") for name in names}
    ours = {
        name: Figure(
            "B5",
            f"call received → frame, {RATE}/s {name}",
            "ms",
            gate=GATES.get(name),
            limit=limits[name],
        )
        for name in names
    }
    desk, terminals = Http(world.gateway, world.key(DESK, "call_taker")), Terminals(world)
    await terminals.open()
    async with echoing(world) as echo:
        for is_warm in plan.rounds():
            called = await pushed(desk, terminals, RATE * plan.seconds)
            echoed = await repeated(echo, RATE * plan.seconds)
            if is_warm:
                note(ours, called)
                note(limits, echoed)
    terminals.close()
    return [*ours.values(), *limits.values()]


async def pushed(desk: Http, terminals: Terminals, count: int) -> list[float]:
    """Seconds from the intended call to its frame."""

    async def call(number: int) -> float:
        receipt = await taken(desk, number)
        shown = terminals.expect(receipt["code"])
        team = terminals.teams[number % len(terminals.teams)]
        await sent(desk, receipt["id"], team)
        async with asyncio.timeout(30):
            at = await shown
        return time.perf_counter() - at

    found = await offered(RATE, list(range(count)), call)
    # What the answer to the order took beyond the frame is not the terminal's time.
    return [each.seconds - each.result for each in found]


async def taken(desk: Http, number: int) -> Any:
    body = {
        "kind": "CALL",
        "caller": {"number": f"1990000{number % 10_000:04}", "name": "王某"},
        "place": {"text": f"青山镇长风路{number % 200}号", "point": point_of(number)},
        "category": "traffic.accident.injury",
        "priority": "P1",
        "narrative": "两车相撞,有人受伤",
    }
    return await demanded(desk, "/v1/receipts", body)


def point_of(number: int) -> dict[str, float]:
    """Calls come from all over a county, as on a busy day, and not from one corner."""
    return {
        "longitude": 108.85 + number * 37 % 100 / 1_000,
        "latitude": 34.18 + number * 61 % 100 / 1_000,
    }


async def sent(desk: Http, receipt: str, team: str) -> Any:
    return await demanded(desk, f"/v1/receipts/{receipt}:dispatch", {"team": team})


async def demanded(http: Http, path: str, body: Any) -> Any:
    """Raises RuntimeError for a refusal."""
    answer = await http.post(path, body, idempotency_key=uuid4().hex)
    if answer.status >= 300:
        raise RuntimeError(f"{answer.status} {answer.body}")
    return answer.body


async def repeated(echo: Echo, count: int) -> list[float]:
    return [each.seconds for each in await offered(RATE, list(range(count)), echo.once)]


def note(figures: dict[str, Figure], seconds: Sequence[float]) -> None:
    for name, value in percentiles(seconds).items():
        figures[name].runs.append(value)
