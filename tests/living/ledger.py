"""What people were told is done, compared with the journals: lost 0, doubled 0."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

# What a verb writes: schema and event.
CREATED = {
    "receipts": ("alarm", "received"),
    "petitions": ("petition", "registered"),
    "disputes": ("dispute", "registered"),
    "care-cases": ("population", "registered"),
}
WRITTEN = {
    "receipts:open": ("alarm", "opened"),
    "receipts:dispatch": ("alarm", "dispatch_ordered"),
    "missions:acknowledge": ("emergency", "acknowledged"),
    "missions:enRoute": ("emergency", "en_route"),
    "missions:clear": ("emergency", "cleared"),
    "incidents:claim": ("workflow", "claimed"),
    "incidents:report": ("workflow", "progress_reported"),
    "incidents:resolve": ("workflow", "resolved"),
    "incidents:verify": ("workflow", "verified"),
    "incidents:close": ("workflow", "closed"),
    "petitions:accept": ("petition", "accepted"),
    "petitions:route": ("petition", "routed"),
    "petitions:reply": ("petition", "replied"),
    "petitions:close": ("petition", "closed"),
    "disputes:accept": ("dispute", "accepted"),
    "disputes:session": ("dispute", "session_held"),
    "disputes:agreement": ("dispute", "agreement_reached"),
    "disputes:close": ("dispute", "closed"),
    "care-cases:receive": ("population", "received"),
    "care-cases:requestService": ("population", "service_requested"),
}
COUNTED = """
SELECT aggregate_id::text AS id, split_part(kind, '.', 3) AS event, count(*) AS times
FROM {schema}.journal WHERE aggregate_id = ANY($1::uuid[]) GROUP BY 1, 2
"""
MADE = "SELECT count(*) FROM {schema}.journal WHERE split_part(kind, '.', 3) = $1"
# The copy of an incident's state that its desk holds, and the incident's own.
BEHIND = """
SELECT r.id::text FROM alarm.receipts r JOIN workflow.incidents i ON i.id = r.id
WHERE r.id = ANY($1::uuid[]) AND r.doc #>> '{incident,known,state}' <> i.state::text
"""


# How many matters of each kind there are, by schema and event.
Matters = Counter[tuple[str, str]]


@dataclass(slots=True)
class Ledger:
    """`done` are the verbs that were answered as done, by (schema, event) and id; `made` counts
    matters that were made, by whom it may concern: also those that people stopped waiting for."""

    done: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    made: Matters = field(default_factory=Counter)

    def write(self, path: str, answer: Mapping[str, object]) -> None:
        """One write was answered as done."""
        parts = path.removeprefix("/v1/").split("/")
        if len(parts) == 1:
            self.made[CREATED[parts[0]]] += 1
            self.done[*CREATED[parts[0]], str(answer["id"])] += 1
            return
        of, _, verb = parts[1].partition(":")
        self.done[*WRITTEN[f"{parts[0]}:{verb}"], of] += 1


@dataclass(frozen=True, slots=True)
class Balance:
    """What is missing, and what is there twice, each in words."""

    lost: Sequence[str]
    doubled: Sequence[str]


async def matters(dsn: str) -> Matters:
    """How many matters of each kind were ever made."""
    conn = await asyncpg.connect(dsn)
    try:
        return Counter(
            {
                (schema, event): await conn.fetchval(MADE.format(schema=schema), event)
                for schema, event in CREATED.values()
            }
        )
    finally:
        await conn.close()


async def balance(dsn: str, ledger: Ledger, before: Matters) -> Balance:
    """Compare, while no person is at work; `before` are the matters of before the ledger began."""
    lost, doubled = [], []
    conn = await asyncpg.connect(dsn)
    try:
        for schema in sorted({schema for schema, _, _ in ledger.done}):
            ours = {(event, of): n for (s, event, of), n in ledger.done.items() if s == schema}
            rows = await conn.fetch(COUNTED.format(schema=schema), [of for _, of in ours])
            there = {(row["event"], row["id"]): row["times"] for row in rows}
            for (event, of), times in ours.items():
                found = there.get((event, of), 0)
                if found < times:
                    lost.append(f"{schema}: {event} of {of}")
                elif found > times:
                    doubled.append(f"{schema}: {event} of {of}")
    finally:
        await conn.close()
    now = await matters(dsn)
    for what, number in ledger.made.items():
        if now[what] - before[what] > number:
            doubled.append(f"{now[what] - before[what]} times {what}, asked for {number}")
    return Balance(lost, doubled)


async def settled(dsn: str, ledger: Ledger, patience: float) -> Sequence[str]:
    """Wait until every receipt has heard what its incident is; return those that have not."""
    calls = [of for schema, event, of in ledger.done if (schema, event) == CREATED["receipts"]]
    conn = await asyncpg.connect(dsn)
    deadline = time.monotonic() + patience
    try:
        while (late := await conn.fetch(BEHIND, calls)) and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
    finally:
        await conn.close()
    return [f"receipt {row['id']} has not heard of its incident" for row in late]
