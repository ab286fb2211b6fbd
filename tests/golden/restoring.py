"""A database as a release left it, and as the present migrations make it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any
from uuid import uuid4

import asyncpg

from backbone.postgres.migrate import Schema, migrate_all, schemas
from tests.golden.reading import Release
from tests.installation import Installation, named
from tests.ledger.building import SECRET

# GENERATED ALWAYS makes its values itself, but for the position of a journal row.
COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = $1 AND table_name = $2 AND is_generated = 'NEVER'
"""
GO_ON = """
SELECT setval(pg_get_serial_sequence('{schema}.journal', 'position'), max(position))
FROM {schema}.journal HAVING max(position) IS NOT NULL
"""


@asynccontextmanager
async def restored(dsn: str, release: Release) -> AsyncIterator[Installation]:
    """A database with the schemas and rows of the release, brought up to date."""
    name = f"golden_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    try:
        database = named(dsn, name)
        await migrate_all(database, SECRET, _as_it_was(release))
        await _fill(database, release)
        await migrate_all(database, SECRET)
        yield Installation(database)
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


def _as_it_was(release: Release) -> list[Schema]:
    """Each schema with the files alone that the release had applied."""
    had = {
        schema: {row["name"].partition("/")[2] for row in release.rows(schema, "migrations")}
        for schema in release.schemas()
    }
    return [
        Schema(
            each.name, each.role, tuple(file for file in each.files if file.name in had[each.name])
        )
        for each in schemas()
        if each.name in had
    ]


async def _fill(database: str, release: Release) -> None:
    conn = await asyncpg.connect(database)
    # The order of the tables does not matter then.
    await conn.execute("SET session_replication_role = replica")
    for schema in release.schemas():
        lines = sorted(release.lines(schema), key=_table)
        for table, rows in groupby(lines, key=_table):
            if table != "migrations":
                await _insert(conn, schema, table, [each["row"] for each in rows])
        await conn.execute(GO_ON.format(schema=schema))
    await conn.close()


def _table(line: Mapping[str, Any]) -> str:
    return str(line["table"])


async def _insert(conn: Any, schema: str, table: str, rows: list[Any]) -> None:
    found = await conn.fetch(COLUMNS, schema, table)
    columns = ", ".join(f'"{row["column_name"]}"' for row in found)
    await conn.execute(
        f"INSERT INTO {schema}.{table} ({columns}) OVERRIDING SYSTEM VALUE "
        f"SELECT {columns} FROM jsonb_populate_recordset(NULL::{schema}.{table}, $1::text::jsonb)",
        json.dumps(rows),
    )
