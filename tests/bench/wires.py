"""B20: what protected wires cost: the claims of B4 in an open and in a secure city, in turn.

Both cities run at the same time, and each stretch is measured in one and then in the other, so
that what else this machine does falls on both alike. The limit is the open city.
"""

from collections.abc import Mapping

from tests.bench import processor
from tests.bench.caller import Http
from tests.bench.claims import claim, opened_directly
from tests.bench.figures import Figure, percentiles
from tests.bench.openloop import offered
from tests.bench.plan import Plan
from tests.bench.world import UNIT, World

RATE = 50
MOST = 1.1  # times the open city
STREAM, DIRECT = "by Kafka and Faust", "by the direct door"
P50, P99, SPENT = "p50", "p99", "processor time"
UNITS = {P50: "ms", P99: "ms", SPENT: "ms"}

Told = dict[str, Figure]


class Side:
    """One of the two cities, and its figures of one road."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = Http(world.gateway, world.key(UNIT), world.ca)
        self.told: Told = {}
        self._incidents: list[str] = []

    async def prepare(self, count: int, road: str) -> None:
        opened = opened_directly if road == DIRECT else World.incidents
        self._incidents = await opened(self.world, count)

    async def run(self, seconds: int, counts: bool) -> None:
        """One stretch of claims; it is noted if it counts."""
        batch = [self._incidents.pop() for _ in range(RATE * seconds)]
        before = processor.used(self.world.city.run) if counts else {}
        found = await offered(RATE, batch, lambda each: claim(self.http, each))
        if counts:
            spent = processor.difference(before, processor.used(self.world.city.run))
            self._note(percentiles([each.seconds for each in found]), spent, len(batch))

    def _note(self, took: Mapping[str, float], spent: Mapping[str, float], claims: int) -> None:
        for name in (P50, P99):
            self.told[name].runs.append(took[name])
        self.told[SPENT].runs.append(1000 * sum(spent.values()) / claims)
        for process, seconds in spent.items():
            name = self.told[SPENT].name.replace(SPENT, f"of it {process}")
            part = Figure("B20", name, "ms", judged=False)
            self.told.setdefault(process, part).runs.append(1000 * seconds / claims)


async def measure(open_world: World, secure_world: World, plan: Plan) -> list[Figure]:
    """By both roads: p50 and p99 of a claim, and the processor time of everything that runs."""
    sides = Side(open_world), Side(secure_world)
    figures: list[Figure] = []
    for road in (STREAM, DIRECT):
        name_figures(*sides, road)
        for side in sides:
            await side.prepare(RATE * plan.seconds * plan.all_rounds, road)
        for counts in plan.rounds():
            for side in sides:
                await side.run(plan.seconds, counts)
        figures += [figure for side in reversed(sides) for figure in side.told.values()]
    for side in sides:
        side.http.close()
        side.world.city.liandong("start", "workflow-stream")
    return figures


def name_figures(ours: Side, protected: Side, road: str) -> None:
    """The median is judged; p99 and the processor time, over all and by process, are told."""
    ours.told, protected.told = {}, {}
    for what, unit in UNITS.items():
        name = f"claim {road}, {RATE}/s, {what}"
        limit = ours.told[what] = Figure("B20", f"{name}, open", unit)
        most = MOST if what == P50 else None
        protected.told[what] = Figure("B20", f"{name}, secure", unit, limit=limit, most=most)
