"""What became of the matters: each answered step stands once in the journals, and was followed."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from tests.rehearsal.load import Phase

# The event of each answered step, as the journal of its service names it.
EVENTS = {
    "received": ("alarm", "received"),
    "opened": ("incident", "opened"),
    "claim": ("incident", "claimed"),
    "report": ("incident", "progress_reported"),
    "resolve": ("incident", "resolved"),
    "verify": ("incident", "verified"),
    "close": ("incident", "closed"),
}
KINDS = """
SELECT aggregate_id::text AS id, kind FROM alarm.journal WHERE aggregate_id = ANY($1::uuid[])
UNION ALL
SELECT aggregate_id::text, kind FROM workflow.journal WHERE aggregate_id = ANY($1::uuid[])
"""
# What the receipts have learned of their incidents, over Kafka.
FOLLOWED = """
SELECT id::text AS id, doc -> 'incident' -> 'known' ->> 'state' AS state FROM alarm.receipts
WHERE id = ANY($1::uuid[])
"""
SCHEMAS = ("alarm", "workflow", "emergency", "petition", "dispute", "population")
SETTLED = 60.0


@dataclass(frozen=True, slots=True)
class Count:
    """Answered steps that are not stored or were not followed, and steps that stand twice."""

    lost: Sequence[str]
    doubled: Sequence[str]


async def count(dsn: str, phases: Iterable[Phase], patience: float = SETTLED) -> dict[str, Count]:
    """The counts of each phase, once what is under way has arrived or the patience is over."""
    deadline = time.monotonic() + patience
    conn = await asyncpg.connect(dsn)
    try:
        while True:
            found = {phase.name: await count_one(conn, phase.steps) for phase in phases}
            found["outbox"] = Count(await unsent(conn), [])
            lost = [each for count in found.values() for each in count.lost]
            if not lost or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.5)
    finally:
        await conn.close()


async def count_one(conn: asyncpg.Connection, matters: Mapping[str, Sequence[str]]) -> Count:
    stored = Counter((row["id"], row["kind"]) for row in await conn.fetch(KINDS, [*matters]))
    states = {row["id"]: row["state"] for row in await conn.fetch(FOLLOWED, [*matters])}
    lost, doubled = [], []
    for matter, steps in matters.items():
        for step, (area, event) in EVENTS.items():
            times = stored[matter, f"liandong.{area}.{event}.v1"]
            lost += [f"{matter} {step}"] if step in steps and not times else []
            doubled += [f"{matter} {step} ×{times}"] if times > 1 else []
        if "close" in steps and states.get(matter) != "CLOSED":
            lost.append(f"{matter}: its receipt has heard {states.get(matter)}")
    return Count(lost, doubled)


async def unsent(conn: asyncpg.Connection) -> list[str]:
    """Events that no relay has sent."""
    found = []
    for schema in SCHEMAS:
        number = await conn.fetchval(f"SELECT count(*) FROM {schema}.unsent")
        found += [f"{number} events of {schema} are unsent"] if number else []
    return found
