"""B18: commands over HTTP in a closed loop against all services, with the processor time of each.

One incident is eight commands: received, opened, claimed, reported on three times, resolved and
verified. Each caller begins the next command when it has the answer of the last. Beside it, by the
same caller, the plain service of `plain`. Several installations are driven in turn, stretch by
stretch, so that what else this machine does falls on all of them alike.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from uuid import uuid4

from tests.bench import filled, plain, processor, stages
from tests.bench.figures import LESS, MORE, Figure, percentiles
from tests.bench.loops import Loop, PlainLoop, closed
from tests.bench.plan import Plan
from tests.bench.world import World

# How many incidents are lived through by so many callers; 64 is told for information.
INCIDENTS = {16: 320, 64: 384, 192: 576}
PROFILED = (16, 64)
WARM_UP, WARM_CALLERS = 256, 64
PLAIN_TIMES = 3  # the plain service is quicker, and has to be measured for as long
SETTLING = 1.5  # seconds: what commands leave to be done afterwards is theirs too
GATES = {16: 5.5}
# A part of a command below this many milliseconds is told with its process alone.
SMALLEST_PART = 0.01


@dataclass(slots=True)
class Stretch:
    """One closed loop: what it took, and the seconds of the processor by process."""

    wall: float = 0.0
    took: list[float] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict)
    caller: float = 0.0
    pending: int = 0

    @property
    def rate(self) -> float:
        return len(self.took) / self.wall

    def each(self, seconds: float) -> float:
        """Milliseconds of one command."""
        return 1000 * seconds / len(self.took)


@dataclass(slots=True)
class Figures:
    """The figures of a run with this number of callers."""

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
        self._note("opened before its unit was known", "incidents", ours.pending).judged = False
        rate.limit = self._note("plain FastAPI + asyncpg", "commands/s", peer.rate, MORE)
        plainly = peer.each(sum(peer.spent.values()))
        spent.limit = self._note("processor time of a plain command", "ms", plainly)
        spent.gate = GATES.get(self.callers)

    def break_down(self, found: stages.Shares) -> None:
        """The parts of each process: the shares of a profiler, which costs time itself, of what
        the process took without it."""
        for process, shares in found.items():
            whole = self._note(f"of it {process}", "ms").median
            for stage, share in shares.items():
                if whole * share >= SMALLEST_PART:
                    what = f"inside {process}: {stage}"
                    self._note(what, "ms", whole * share).judged = False

    def _note(self, what: str, unit: str, value: float | None = None, better: str = LESS) -> Figure:
        name = f"{what}, {self.callers} callers{self.at}"
        figure = self.known.setdefault(name, Figure("B18", name, unit, better))
        if value is not None:
            figure.runs.append(value)
        return figure


class Session:
    """One installation under B18, with a plain service on its Postgres."""

    def __init__(self, world: World, service: plain.Plain) -> None:
        self._world, self._service = world, service
        self._loop, self._peer = Loop(world), PlainLoop(service)
        self._told: dict[tuple[int, int], Figures] = {}

    async def prepare(self, incidents: int) -> None:
        """So many incidents in the tables, and everything warm."""
        await filled.fill(self._world, incidents, self._loop)
        await closed(self._loop, WARM_UP, WARM_CALLERS)
        await self._plainly(WARM_CALLERS)

    async def run(self, callers: int, incidents: int) -> None:
        at = f", {incidents:,} incidents" if incidents else ""
        told = self._told.setdefault((incidents, callers), Figures(callers, at))
        run = self._world.city.run
        ours = await stretch(self._loop, INCIDENTS[callers], callers, lambda: processor.used(run))
        told.note(ours, await self._plainly(callers))

    async def profile(self, callers: int) -> None:
        """One stretch more under a profiler, for the stages inside the processes."""
        told, run = self._told[(0, callers)], self._world.city.run
        async with stages.recorded(run) as found:
            await closed(self._loop, INCIDENTS[callers], callers)
        told.break_down(found)

    async def _plainly(self, callers: int) -> Stretch:
        """The same to the plain service; its part of Postgres counts with it."""
        incidents = INCIDENTS[callers] * PLAIN_TIMES
        ids = [uuid4() for _ in range(incidents)]
        await self._service.rows(ids)
        self._peer.take(ids)
        postgres = self._world.city.run["processes"]["postgres"]["pid"]

        def spent() -> dict[str, float]:
            families = {"plain": self._service.pid, "postgres": postgres}
            return {name: processor.of_family(pid) for name, pid in families.items()}

        return await stretch(self._peer, incidents, callers, spent)

    @property
    def figures(self) -> list[Figure]:
        return [figure for told in self._told.values() for figure in told.known.values()]

    def close(self) -> None:
        self._loop.close()


async def measure(world: World, plan: Plan) -> list[Figure]:
    return (await in_turn([world], plan))[0]


async def in_turn(worlds: Sequence[World], plan: Plan) -> list[list[Figure]]:
    """The figures of each installation, at every number of incidents that the plan asks for."""
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(session_of(world)) for world in worlds]
        for incidents in sorted(plan.incidents):
            for each in sessions:
                await each.prepare(incidents)
            for _, callers, each in product(range(plan.runs), INCIDENTS, sessions):
                await each.run(callers, incidents)
            for callers, each in product(PROFILED if not incidents else (), sessions):
                await each.profile(callers)
        return [each.figures for each in sessions]


@asynccontextmanager
async def session_of(world: World) -> AsyncIterator[Session]:
    async with plain.serving(world) as service:
        session = Session(world, service)
        try:
            yield session
        finally:
            session.close()


async def stretch(
    loop: Loop | PlainLoop, incidents: int, callers: int, spent: Callable[[], dict[str, float]]
) -> Stretch:
    """One measured loop, with the processor time that services spend after its last answer."""
    found = Stretch()
    before, own = spent(), processor.own()
    loop.took, loop.pending = found.took, 0
    start = time.perf_counter()
    await closed(loop, incidents, callers)
    found.wall = time.perf_counter() - start
    found.caller, found.pending = processor.own() - own, loop.pending
    await asyncio.sleep(SETTLING)
    found.spent = processor.difference(before, spent())
    return found
