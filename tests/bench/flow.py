"""B3: commands a second through Kafka, Faust, the door and Postgres, sustained.

The commands of many incidents (open, claim, report, resolve) are on the topic at once; the time
runs until the last has its outcome in Postgres. Nothing is thinned out: events are published, and
the intake services follow, on the same machine.
"""

import time

from tests.bench import bare, sealing
from tests.bench.figures import MORE, Figure
from tests.bench.plan import Plan
from tests.bench.world import Command, World, life_of, open_command

GATE = 800.0
# What is put on the topic for each second that the plan asks for.
EXPECTED = 900
VERBS = 4


async def measure(world: World, plan: Plan) -> list[Figure]:
    limit = Figure("B3", "bare aiokafka loop with COPY", "commands/s", MORE)
    ours = Figure("B3", "whole path, sustained", "commands/s", MORE, gate=GATE, limit=limit)
    for is_warm in plan.rounds():
        seconds = plan.seconds * 3 if is_warm else plan.seconds
        records = lives(EXPECTED * seconds // VERBS)
        rate = len(records) / await drained(world, records)
        if is_warm:
            ours.runs.append(rate)
            limit.runs.append(len(records) / await bare.drained(world, records))
    records = lives(EXPECTED * plan.seconds // VERBS)
    return [ours, limit, await sealing.share(world, "B3", drained(world, records))]


async def drained(world: World, records: list[Command]) -> float:
    async with world.connected() as conn:
        start = time.perf_counter()
        await world.publish(records)
        await world.written(conn, records[-2_000:], patience=600)
        await world.written(conn, records, patience=600)
        return time.perf_counter() - start


def lives(count: int) -> list[Command]:
    """Verb after verb over all incidents, so that every batch mixes many of them."""
    opening = [open_command() for _ in range(count)]
    rest = [life_of(each.incident) for each in opening]
    return [*opening, *(verbs[number] for number in range(VERBS - 1) for verbs in rest)]
