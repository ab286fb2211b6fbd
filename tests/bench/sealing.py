"""What sealing costs: its share of all processor time while the commands of a bench are handled.

There is no city without seals to compare with. A profiler beside one stretch more tells which part
of each process seals, opens, and looks for personal data in texts.
"""

from collections.abc import Awaitable
from typing import Any

from tests.bench import processor, stages
from tests.bench.figures import Figure
from tests.bench.world import World

MOST = 10.0


async def share(world: World, bench: str, work: Awaitable[Any]) -> Figure:
    run = world.city.run
    before = processor.used(run)
    async with stages.recorded(run) as found:
        await work
    spent = processor.difference(before, processor.used(run))
    sealing = (
        spent[process] * shares.get(stages.SEALING, 0.0) for process, shares in found.items()
    )
    what = f"{stages.SEALING}, of all processor time"
    return Figure(bench, what, "%", gate=MOST, runs=[100 * sum(sealing) / sum(spent.values())])
