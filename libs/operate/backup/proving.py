"""Proves that the records of a database are what its journals say, row by row."""

import importlib
from collections.abc import AsyncIterator
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg

from backbone.door.decider import Decider
from backbone.door.evidence import Flaw
from backbone.postgres.pool import Connection
from backbone.words.city import City
from backbone.words.errors import Unavailable
from operate.admin import evidence
from operate.run.installation import Installation

# Where each schema's deciders are made, as functions of the city or ready.
MAKERS = {
    "alarm": ("alarm.wiring", ("build_decider",)),
    "dispute": ("dispute.wiring", ("build_decider",)),
    "emergency": ("emergency.deciders", ("missions", "statuses")),
    "petition": ("petition.wiring", ("build_decider",)),
    "population": ("population.wiring", ("build_decider",)),
    "workflow": ("workflow.wiring", ("build_decider", "build_supervisions")),
}
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


def no_city() -> City:
    """Folding needs no city: an event says all that it changes."""
    raise Unavailable("DIRECTORY_NOT_LOADED")


@cache
def deciders() -> dict[str, list[Decider[Any]]]:
    """The deciders by schema; imported late, because most commands do not need the services."""
    found: dict[str, list[Decider[Any]]] = {}
    for schema, (module, names) in MAKERS.items():
        made = (getattr(importlib.import_module(f"services.{module}"), name) for name in names)
        found[schema] = [each if isinstance(each, Decider) else each(no_city) for each in made]
    return found


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
