"""What a city's journals held, read before it is lost, and compared with what came back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from backbone.postgres.migrate import schemas

ROWS = """
SELECT position, aggregate_id, version, kind, correlation_id, time, hash FROM {schema}.journal
ORDER BY position
"""
CODES = """
SELECT id::text, code FROM alarm.receipts UNION ALL SELECT id::text, code FROM petition.petitions
UNION ALL SELECT id::text, code FROM dispute.disputes
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One acknowledged event."""

    position: int
    aggregate: UUID
    version: int
    kind: str
    matter: str
    time: datetime
    hash: bytes


@dataclass(frozen=True, slots=True)
class Journals:
    """All events of a city by schema, and the codes of its matters by their ids."""

    rows: Mapping[str, list[Row]]
    codes: Mapping[str, str]


@dataclass(slots=True)
class Comparison:
    """`missing` should be there and is not; `lost` came after the moment that was restored."""

    kept: int = 0
    missing: list[Row] = field(default_factory=list)
    lost: list[Row] = field(default_factory=list)


async def read(dsn: str) -> Journals:
    conn = await asyncpg.connect(dsn)
    try:
        rows = {
            each.name: [Row(*row) for row in await conn.fetch(ROWS.format(schema=each.name))]
            for each in schemas()
        }
        codes = {row[0]: row[1] for row in await conn.fetch(CODES)}
    finally:
        await conn.close()
    return Journals(rows, codes)


def compared(before: Journals, after: Journals, upto: Mapping[str, int]) -> Comparison:
    """Compare; every event up to these positions must have come back, with the same hash."""
    found = Comparison()
    for schema, rows in before.rows.items():
        here = {(row.aggregate, row.version): row.hash for row in after.rows[schema]}
        for row in rows:
            if here.get((row.aggregate, row.version)) == row.hash:
                found.kept += 1
            elif row.position <= upto.get(schema, 0):
                found.missing.append(row)
            else:
                found.lost.append(row)
    return found


def told(found: Comparison, before: Journals, after: Journals) -> list[str]:
    """The report in sentences: what was kept, and each matter with what it has lost."""
    kinds: dict[str, list[Row]] = {}
    for row in found.lost:
        kinds.setdefault(before.codes.get(row.matter, row.matter), []).append(row)
    lines = [
        f"kept {found.kept} events; missing of those before the moment: {len(found.missing)}",
        f"lost after it: {len(found.lost)} events of {len(kinds)} matters",
    ]
    there = set(after.codes.values())
    for code, rows in sorted(kinds.items()):
        fate = "went back" if code in there else "is gone"
        last = max(rows, key=lambda row: row.time)
        lines.append(f"  {code} {fate}: {len(rows)} events, the last {last.kind} at {last.time}")
    return lines
