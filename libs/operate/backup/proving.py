"""Proves that the records of a database are what its journals say, row by row."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg

from backbone.door.decider import Decider
from backbone.door.evidence import Flaw
from backbone.postgres.pool import Connection
from operate.admin import evidence
from operate.admin.records import deciders
from operate.run.installation import Installation

PAGE = 500
ROWS = """
SELECT id, version, hash, shape, doc::text AS doc FROM {table} WHERE id > $1 ORDER BY id LIMIT $2
"""
JOURNAL = """
SELECT aggregate_id, payload, hash FROM journal WHERE aggregate_id = ANY($1)
ORDER BY aggregate_id, version
"""
# Records whose first rows stand in archives: only their end is compared.
ARCHIVED = "SELECT aggregate_id, hash FROM archived WHERE aggregate_id = ANY($1)"


async def prove(installation: Installation) -> tuple[int, list[Flaw]]:
    """Return the number of records folded, and every flaw of the evidence and of records."""
    folded, flaws = await fold_all(installation.admin_dsn)
    for found in await evidence.examine(installation, "", "", lambda service, rows: None):
        flaws += [Flaw(f"{found.service}: {each.where}", each.what) for each in found.flaws]
    return folded, flaws


async def fold_all(dsn: str) -> tuple[int, list[Flaw]]:
    """Fold every record from its journal; return how many there are, and those that differ."""
    folded, flaws = 0, list[Flaw]()
    conn = await asyncpg.connect(dsn)
    try:
        for schema, known in deciders().items():
            await conn.execute(f"SET search_path TO {schema}")
            async with conn.transaction(isolation="repeatable_read", readonly=True):
                for decider in known:
                    async for where, flaw in _folds(conn, decider):
                        folded += 1
                        flaws += [Flaw(f"{schema}: {where}", flaw)] if flaw else []
    finally:
        await conn.close()
    return folded, flaws


async def _folds(conn: Connection, decider: Decider[Any]) -> AsyncIterator[tuple[str, str]]:
    """Each record of the table with what is wrong about it, empty for nothing."""
    last, query = UUID(int=0), ROWS.format(table=decider.table.name)
    while rows := await conn.fetch(query, last, PAGE):
        lives: dict[UUID, list[Any]] = {}
        ids = [row["id"] for row in rows]
        for event in await conn.fetch(JOURNAL, ids):
            lives.setdefault(event["aggregate_id"], []).append(event)
        gone = {row["aggregate_id"]: row for row in await conn.fetch(ARCHIVED, ids)}
        for row in rows:
            where, life = f"{decider.table.name} {row['id']}", lives.get(row["id"])
            if (before := gone.get(row["id"])) is not None:
                end = life[-1] if life else before
                yield where, "" if row["hash"] == end["hash"] else "does not end its archive"
            else:
                yield where, _flaw_of(decider, row, life)
        last = rows[-1]["id"]


def _flaw_of(decider: Decider[Any], row: Any, life: list[Any] | None) -> str:
    if not life:
        return "has no journal"
    state = decider.fold(event["payload"] for event in life)
    if state != decider.from_doc(row["doc"], row["shape"]):
        return "is not what its journal leads to"
    return "" if row["hash"] == life[-1]["hash"] else "does not end its journal"
