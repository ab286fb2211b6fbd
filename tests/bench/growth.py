"""`python -m tests.bench.growth [incidents workers streams]`: what a command costs as a city grows.

Each axis has an installation of its own, is measured at each of its places in turn, and becomes a
curve and a table in `docs/performance`. The words about them stand in `docs/performance.md`.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import psutil
import pygal
import uvloop

from tests.bench import claims, commands, filled, flow, processor
from tests.bench.__main__ import OURS, installed
from tests.bench.caller import Http
from tests.bench.figures import lines, machine, percentiles, shown
from tests.bench.loops import Loop, closed
from tests.bench.openloop import offered
from tests.bench.plan import ROOT
from tests.bench.world import UNIT, World
from tests.servers import free_base

OUT = ROOT / "docs" / "performance"
RUNS = 3
MEBIBYTE = 2**20
CLAIMS_A_SECOND, SECONDS = 50, 8
OPENED_AT_ONCE = 100


@dataclass(slots=True)
class Axis:
    """The figures along one axis: by name, at each place the median of the runs."""

    name: str
    places: list[int]
    figures: dict[str, list[float]] = field(default_factory=dict)

    def note(self, name: str, runs: Sequence[float]) -> None:
        self.figures.setdefault(name, []).append(statistics.median(runs))

    def draw(self) -> None:
        chart = pygal.Line(x_title=self.name, title=f"by {self.name}", width=720, height=400)
        chart.x_labels = [f"{place:,}" for place in self.places]
        for name, values in self.figures.items():
            chart.add(name, [round(value, 2) for value in values])
        chart.render_to_file(str(OUT / f"{self.name.replace(' ', '-')}.svg"))

    def table(self) -> str:
        head = [self.name, *self.figures]
        rows = zip(*self.figures.values(), strict=True)
        told = [
            [f"{place:,}", *(shown(value) for value in row)]
            for place, row in zip(self.places, rows, strict=True)
        ]
        return lines([head, ["---"] * len(head), *told])


async def by_incidents(world: World, places: list[int]) -> Axis:
    """Commands in a closed loop over tables that already hold so many incidents."""
    axis, loop = Axis("incidents in the tables", places), Loop(world)
    for incidents in places:
        await filled.fill(world, incidents, loop)
        await closed(loop, commands.WARM_UP, commands.WARM_CALLERS)
        for callers in (16, 64):
            found = [
                await commands.stretch(
                    loop, commands.INCIDENTS[callers], callers, lambda: processor.used(world.run)
                )
                for _ in range(RUNS)
            ]
            took = [each.each(sum(each.spent.values())) for each in found]
            axis.note(f"ms of processor, {callers} callers", took)
            p50 = [percentiles(each.took)["p50"] for each in found]
            axis.note(f"ms until the answer, p50, {callers} callers", p50)
    loop.close()
    return axis


async def by_workers(world: World, places: list[int]) -> Axis:
    """Commands from the topic to the table with so many stream processors."""
    axis = Axis("stream workers", places)
    with ExitStack() as stack:
        for number, workers in enumerate(places):
            more = workers - (places[number - 1] if number else 1)
            for _ in range(more):
                stack.enter_context(one_more(world, "workflow-stream"))
            await asyncio.sleep(15)  # Kafka hands the partitions out anew
            records = [flow.lives(2_000) for _ in range(RUNS)]
            took = [len(each) / await flow.drained(world, each) for each in records]
            axis.note("commands/s, topic to table", took)
    return axis


@contextmanager
def one_more(world: World, service: str) -> Iterator[None]:
    """Another process of a running service, with the same settings."""
    like = psutil.Process(world.run["processes"][service]["pid"])
    environ = {**like.environ(), "LIANDONG_PORT": str(free_base())}
    command = [sys.executable, "-m", "services", service]
    process = subprocess.Popen(
        command, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


async def by_streams(world: World, places: list[int]) -> Axis:
    """Claims at a steady rate while so many live streams are open and read."""
    axis = Axis("open streams", places)
    http = Http(world.gateway, world.key(UNIT))
    readers = [http.speaking_for(row["key"]) for row in world.run["api_keys"]]
    gateway = world.run["processes"]["gateway"]["pid"]
    async with streams(readers) as grow:
        for number in places:
            await grow(number)
            took, used = [], []
            for _ in range(RUNS):
                incidents = await world.incidents(CLAIMS_A_SECOND * SECONDS)
                before, start = processor.of_family(gateway), time.perf_counter()
                found = await offered(
                    CLAIMS_A_SECOND, incidents, lambda one: claims.claim(http, one)
                )
                took.append(percentiles([each.seconds for each in found]))
                spent = processor.of_family(gateway) - before
                used.append(100 * spent / (time.perf_counter() - start))
            axis.note("claim p50, ms", [each["p50"] for each in took])
            axis.note("claim p99, ms", [each["p99"] for each in took])
            axis.note("gateway, % of a core", used)
            size = psutil.Process(gateway).memory_info().rss / MEBIBYTE
            axis.note("gateway, MiB", [size])
    http.close()
    return axis


@asynccontextmanager
async def streams(readers: Sequence[Http]) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Open streams of all units of the city in turn, each read as its changes come."""
    reading: list[asyncio.Task[None]] = []
    turn = cycle(readers)

    async def read(http: Http) -> None:
        reader = await http.open_stream("/v1/changes")
        while await reader.read(65_536):
            pass

    async def grow(number: int) -> None:
        while len(reading) < number:
            room = min(OPENED_AT_ONCE, number - len(reading))
            reading.extend(asyncio.create_task(read(next(turn))) for _ in range(room))
            await asyncio.sleep(0.5)
        await asyncio.sleep(2)
        for each in reading:
            if each.done():
                each.result()
                raise RuntimeError("a stream has ended")

    try:
        yield grow
    finally:
        for each in reading:
            each.cancel()
        await asyncio.gather(*reading, return_exceptions=True)


AXES: dict[str, tuple[Callable[[World, list[int]], Coroutine[Any, Any, Axis]], list[int]]] = {
    "incidents": (by_incidents, [0, 100_000, 1_000_000]),
    "workers": (by_workers, [1, 2, 4]),
    "streams": (by_streams, [10, 100, 1_000, 5_000]),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description=__doc__)
    parser.add_argument("axes", nargs="*", metavar="AXIS", help="none: all of them")
    parser.add_argument("--places", type=int, nargs="+", help="of the one axis that is named")
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    for name in asked.axes or AXES:
        measure, usual = AXES[name]
        with installed(OURS) as city:
            axis = uvloop.run(measure(World(city), asked.places or usual))
        axis.draw()
        note(OUT / f"{axis.name.replace(' ', '-')}.md", axis)


def note(path: Path, axis: Axis) -> None:
    about = json.dumps(machine(), ensure_ascii=False)
    path.write_text(f"# By {axis.name}\n\n{axis.table()}\n\n`{about}`\n")
    sys.stdout.write(f"{axis.table()}\n")


if __name__ == "__main__":
    main()
