"""What a matter costs: `python -m tests.bench.capacity [calls]`, beside a city of one's own.

Replays a made day and tells, for each call, the processor time of every process until nothing is
left to be sent, the bytes that each table, the log of PostgreSQL and the topics have grown by.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from tests.bench import processor

# Tables that are listed.
MOST = 24
HOME = Path(os.environ.get("LIANDONG_HOME", ".run"))
SIZES = """
SELECT n.nspname || '.' || CASE WHEN c.relispartition THEN regexp_replace(c.relname, '_[0-9]+$', '')
                                ELSE c.relname END AS name,
       sum(pg_total_relation_size(c.oid))::bigint AS bytes
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND to_regclass(n.nspname || '.migrations') IS NOT NULL GROUP BY 1
"""
LOG = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
COUNTS = """
SELECT (SELECT count(*) FROM alarm.receipts), (SELECT count(*) FROM workflow.incidents),
       (SELECT count(*) FROM alarm.journal) + (SELECT count(*) FROM workflow.journal)
       + (SELECT count(*) FROM emergency.journal) + (SELECT count(*) FROM dispute.journal)
"""
UNSENT = """
SELECT (SELECT count(*) FROM alarm.unsent) + (SELECT count(*) FROM workflow.unsent)
     + (SELECT count(*) FROM emergency.unsent) + (SELECT count(*) FROM dispute.unsent)
"""


@dataclass(frozen=True)
class Reading:
    """Everything that grows, at one moment."""

    seconds: dict[str, float]
    tables: dict[str, int]
    log: int
    topics: int
    calls: int
    incidents: int
    events: int


async def read(run: dict[str, Any]) -> Reading:
    conn = await asyncpg.connect(run["database"])
    try:
        while await conn.fetchval(UNSENT):
            await asyncio.sleep(0.5)
        await asyncio.sleep(3)
        [counts] = await conn.fetch(COUNTS)
        sizes = {row["name"]: row["bytes"] for row in await conn.fetch(SIZES)}
        log = int(await conn.fetchval(LOG))
    finally:
        await conn.close()
    topics = sum(file.stat().st_blocks * 512 for file in HOME.glob("kafka/**/*.log"))
    return Reading(processor.used(run), sizes, log, topics, *map(int, counts))


async def main(size: int) -> None:
    run = json.loads((HOME / "run.json").read_text())
    before, began = await read(run), time.monotonic()
    command = (sys.executable, "-m", "operate.cli.command", "replay", "--size", str(size))
    await (await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)).wait()
    took, after = time.monotonic() - began, await read(run)
    calls, incidents = after.calls - before.calls, after.incidents - before.incidents
    lines = [f"{calls} calls, {incidents} incidents, {after.events - before.events} events"]
    lines += [f"{took:.0f} s", *costs(before, after, calls)]
    sys.stdout.write("\n".join(lines) + "\n")


def costs(before: Reading, after: Reading, calls: int) -> Iterator[str]:
    """One line for each process and for each table, the largest first, and the sums."""
    spent = processor.difference(before.seconds, after.seconds)
    grown = {name: size - before.tables.get(name, 0) for name, size in after.tables.items()}
    for name, seconds in sorted(spent.items(), key=lambda each: -each[1]):
        yield f"ms a call | {name} | {seconds / calls * 1000:.2f}"
    yield f"ms a call | all | {sum(spent.values()) / calls * 1000:.2f}"
    for name, size in sorted(grown.items(), key=lambda each: -each[1])[:MOST]:
        yield f"bytes a call | {name} | {size / calls:.0f}"
    yield f"bytes a call | all tables | {sum(grown.values()) / calls:.0f}"
    yield f"bytes a call | log of PostgreSQL | {(after.log - before.log) / calls:.0f}"
    yield f"bytes a call | topics | {(after.topics - before.topics) / calls:.0f}"


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
