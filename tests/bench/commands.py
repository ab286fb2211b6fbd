"""B18: commands over HTTP in a closed loop against all services, with the processor time of each.

One incident is eight commands: received, opened, claimed, reported on three times, resolved and
verified. Each caller begins the next command when it has the answer of the last. Beside it, by the
same caller, the plain service of `plain`. Only HTTP, run.json and the process table are used, so
that it drives an installation of any commit.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import orjson
from shapely.geometry import shape

from tests.bench import filled, plain, processor
from tests.bench.caller import Http
from tests.bench.figures import LESS, MORE, Figure, percentiles
from tests.bench.plan import ROOT, Plan
from tests.bench.world import DESK, World

# How many incidents are lived through by so many callers; 64 is told for information.
INCIDENTS = {16: 320, 64: 384, 192: 576}
WARM_UP = 256, 64
PLAIN_TIMES = 3  # the plain service is quicker, and has to be measured for as long
SETTLING = 1.5  # seconds: what commands leave to be done afterwards is theirs too
CLERKS = 500  # nobody may hold as many as are claimed here
GATES = {16: 5.5}
COMMANDS = 8
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("claim", {}),
    ("report", {"text": "已到现场,正在了解情况。", "public": True}),
    ("report", {"text": "已联系当事人,双方同意协商。", "public": True}),
    ("report", {"text": "正在协商处理,预计今天办结。", "public": False}),
    ("resolve", {"outcome": "SOLVED", "reply": "双方自行协商,道路已恢复。"}),
)


@dataclass(slots=True)
class Stretch:
    """One closed loop: what it took, and the seconds of the processor by process."""

    wall: float = 0.0
    took: list[float] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict)
    caller: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.took) / self.wall

    def each(self, seconds: float) -> float:
        """Milliseconds of one command."""
        return 1000 * seconds / len(self.took)


class Loop:
    """Lives through incidents over HTTP, and notes how long every command took."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._http = Http(world.gateway, "")
        self._taker = self._http.speaking_for(world.key(DESK, "call_taker"))
        self._verifier = self._http.speaking_for(world.key(DESK, "dispatcher"))
        self._points, self._numbers = points(), count()
        self.took: list[float] = []

    async def live(self) -> None:
        """Raises RuntimeError for a refusal."""
        number = next(self._numbers)
        receipt = await self._say(self._taker, "/v1/receipts", call_of(number, self._points))
        one = receipt["id"]
        opened = await self._say(self._taker, f"/v1/receipts/{one}:open", {})
        clerk = self._http.speaking_for(self._world.key(opened["incident"]["unit"], "clerk"))
        person = {"liandong_person": f"bench-{number % CLERKS}"}
        for verb, body in STEPS:
            await self._say(clerk, f"/v1/incidents/{one}:{verb}", body, **person)
        await self._say(self._verifier, f"/v1/incidents/{one}:verify", {"solved": "YES"})

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


@dataclass(slots=True)
class Figures:
    """What is told of one number of callers."""

    callers: int
    at: str
    known: dict[str, Figure] = field(default_factory=dict)

    def note(self, ours: Stretch, peer: Stretch) -> None:
        rate = self._note("commands over HTTP", "commands/s", ours.rate, MORE)
        for name in ("p50", "p99"):
            self._note(f"a command, {name}", "ms", percentiles(ours.took)[name])
        spent = self._note("processor time of a command", "ms", ours.each(sum(ours.spent.values())))
        for process, seconds in ours.spent.items():
            self._note(f"of it {process}", "ms", ours.each(seconds)).judged = False
        self._note("the caller's own, apart", "ms", ours.each(ours.caller)).judged = False
        rate.limit = self._note("plain FastAPI + asyncpg", "commands/s", peer.rate, MORE)
        plainly = peer.each(sum(peer.spent.values()))
        spent.limit = self._note("processor time of a plain command", "ms", plainly)
        spent.gate = GATES.get(self.callers)

    def _note(self, what: str, unit: str, value: float, better: str = LESS) -> Figure:
        name = f"{what}, {self.callers} callers{self.at}"
        figure = self.known.setdefault(name, Figure("B18", name, unit, better))
        figure.runs.append(value)
        return figure


async def measure(world: World, plan: Plan) -> list[Figure]:
    """At every number of incidents that the plan asks for, in ascending order."""
    figures: list[Figure] = []
    loop = Loop(world)
    async with plain.serving(world) as service:
        peer = PlainLoop(service)
        await closed(loop, *WARM_UP)
        await lived_plainly(world, service, peer, WARM_UP[1])
        for incidents in sorted(plan.incidents):
            await filled.fill(world, incidents)
            await closed(loop, *WARM_UP)
            at = f", {incidents:,} incidents" if incidents else ""
            told = [Figures(callers, at) for callers in INCIDENTS]
            for _ in range(plan.runs):
                for each in told:
                    ours = await lived(world, loop, each.callers)
                    each.note(ours, await lived_plainly(world, service, peer, each.callers))
            figures += [figure for each in told for figure in each.known.values()]
    loop.close()
    return figures


async def lived(world: World, loop: Loop, callers: int) -> Stretch:
    run = world.city.run
    return await stretch(loop, INCIDENTS[callers], callers, lambda: processor.used(run))


async def lived_plainly(
    world: World, service: plain.Plain, loop: PlainLoop, callers: int
) -> Stretch:
    """The same to the plain service; its part of Postgres counts with it."""
    incidents = INCIDENTS[callers] * PLAIN_TIMES
    ids = [uuid4() for _ in range(incidents)]
    await service.rows(ids)
    loop.take(ids)
    postgres = world.city.run["processes"]["postgres"]["pid"]

    def spent() -> dict[str, float]:
        return {
            "plain": processor.of_family(service.pid),
            "postgres": processor.of_family(postgres),
        }

    return await stretch(loop, incidents, callers, spent)


async def stretch(
    loop: Loop | PlainLoop, incidents: int, callers: int, spent: Callable[[], dict[str, float]]
) -> Stretch:
    """One measured loop. What is still done for it after the last answer counts too."""
    found = Stretch()
    before, own = spent(), processor.own()
    loop.took = found.took
    start = time.perf_counter()
    await closed(loop, incidents, callers)
    found.wall = time.perf_counter() - start
    found.caller = processor.own() - own
    await asyncio.sleep(SETTLING)
    found.spent = processor.difference(before, spent())
    return found


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
