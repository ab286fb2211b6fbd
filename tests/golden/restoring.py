"""A database as a release left it, and as the present migrations make it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import groupby
from typing import Any

import asyncpg

from backbone.postgres.migrate import Schema, migrate_all, schemas
from tests.golden.reading import Release
from tests.installation import Installation, an_installation
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
    async with an_installation(dsn, "template1") as database:
        had = [schema_of(service, release) for service in release.schemas()]
        await migrate_all(database.admin, SECRET, had)
        await _fill(database.admin, release)
        await migrate_all(database.admin, SECRET)
        yield database


def schema_of(service: str, release: Release | None = None) -> Schema:
    """The schema of a service; of a release, with the files alone that it had applied."""
    [schema] = [each for each in schemas() if each.name == service]
    if release is None:
        return schema
    had = {row["name"].partition("/")[2] for row in release.rows(service, "migrations")}
    return replace(schema, files=tuple(file for file in schema.files if file.name in had))


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
