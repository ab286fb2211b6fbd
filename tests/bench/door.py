"""B2: core and door in one process, batches from memory, beside one multi-row insert of as much."""

import time
from functools import cache
from typing import Any, cast
from uuid import UUID

import asyncpg

from backbone.door.door import Door
from backbone.postgres.migrate import migrate_all
from backbone.postgres.pool import open_pool
from backbone.words.city import City
from services.workflow import codec
from services.workflow.wiring import build_decider
from tests.bench.figures import MORE, Figure
from tests.bench.flow import lives
from tests.bench.plan import Plan
from tests.bench.world import TOWNSHIP, UNIT, Command, World
from tests.cities import a_city, a_unit

GATE = 4_000.0
BATCH = 200
EACH_SECOND = 2_500
DATABASE = "bench_door"
KEY = bytes(32)
RAW = """
INSERT INTO public.raw (id, payload) SELECT * FROM unnest($1::text[], $2::bytea[])
"""


async def measure(world: World, plan: Plan) -> list[Figure]:
    """In a database of its own on the same server, so that no relay publishes the events."""
    limit = Figure("B2", "one multi-row insert of the same bytes", "rows/s", MORE)
    ours = Figure("B2", "core and door, one process", "commands/s", MORE, gate=GATE, limit=limit)
    dsn = await fresh(world)
    async with await open_pool(world.dsn_of("workflow", DATABASE), "workflow") as pool:
        door = Door(pool, [build_decider(city)])
        raw = await asyncpg.connect(dsn)
        for is_warm in plan.rounds():
            records = lives(EACH_SECOND * plan.seconds // 4)
            rates = await performed(door, records), await inserted(raw, records)
            if is_warm:
                ours.runs.append(rates[0])
                limit.runs.append(rates[1])
        await raw.close()
    await dropped(world)
    return [ours, limit]


async def performed(door: Door, records: list[Command]) -> float:
    requests = [codec.from_value(each.value, KEY) for each in records]
    start = time.perf_counter()
    for first in range(0, len(requests), BATCH):
        for outcome in await door.perform(requests[first : first + BATCH]):
            if outcome.reason:
                raise RuntimeError(f"{outcome.reason} {outcome.facts}")
    return len(requests) / (time.perf_counter() - start)


async def inserted(raw: Any, records: list[Command]) -> float:
    """As many bytes as the journal takes of each: about twice the command."""
    start = time.perf_counter()
    for first in range(0, len(records), BATCH):
        batch = records[first : first + BATCH]
        ids = [str(UUID(each.incident)) for each in batch]
        await raw.execute(RAW, ids, [each.value * 2 for each in batch])
    return len(records) / (time.perf_counter() - start)


@cache
def city() -> City:
    found: Any = a_city()
    found.units[UNIT] = a_unit(UNIT, "police", TOWNSHIP, parent="county")
    return cast(City, found)


async def fresh(world: World) -> str:
    await dropped(world)
    async with world.connected() as conn:
        await conn.execute(f"CREATE DATABASE {DATABASE}")
    dsn = world.admin_dsn.rpartition("/")[0] + f"/{DATABASE}"
    await migrate_all(dsn, world.secret)
    raw = await asyncpg.connect(dsn)
    await raw.execute("CREATE TABLE public.raw (id text, payload bytea)")
    await raw.close()
    return dsn


async def dropped(world: World) -> None:
    async with world.connected() as conn:
        await conn.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
