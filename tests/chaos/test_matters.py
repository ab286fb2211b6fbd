"""A short chaos day of corrections, links, merges, ends and teams, while each process is killed in
turn. MATTERS_SEED=7 plays another day."""

import asyncio
import os

from tests.chaos.agreement import settled
from tests.chaos.matters import day_of
from tests.chaos.monkey import Monkey
from tests.people import visiting
from tests.servers import Installed

ACTS = 60
# The processes through which an order, a correction or an end passes.
TOUCHED = frozenset({"alarm", "emergency", "workflow", "workflow-stream"})


async def test_missions_agree_with_their_matters(whole_city: Installed) -> None:
    monkey = Monkey(whole_city)
    async with visiting(whole_city) as visit:
        day = await day_of(visit, seed=int(os.environ.get("MATTERS_SEED", "1")))
        faults = asyncio.create_task(monkey.kill_each(pause=0.3, only=TOUCHED))
        while not faults.done():
            await day.run(ACTS)
        await faults
        await day.run(ACTS)
        found = await settled(day, whole_city.run["database"])
    assert not found, "\n".join([*found, str(day.done), str(day.refused)])
    assert {"send", "amend", "link", "merge", "step"} <= day.done.keys()
