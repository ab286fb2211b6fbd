"""Fills an empty database from a backup: the schemas of then, the rows, the migrations since."""

import gzip
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast

import asyncpg

from backbone.postgres.migrate import Schema, migrate_all, name_of, schemas
from backbone.postgres.pool import Connection
from operate.admin import data_keys
from operate.backup import renewing, unfinished
from operate.backup.manifest import Manifest, Part
from operate.backup.taking import demand_version
from operate.home.keys import Keys
from operate.home.trouble import Trouble

OCCUPIED = """
SELECT n.nspname::text FROM pg_namespace n
WHERE n.nspname = ANY($1) AND to_regclass(n.nspname || '.journal') IS NOT NULL
ORDER BY n.nspname
"""
IDENTITIES = """
SELECT table_name::text AS name, column_name::text AS column FROM information_schema.columns
WHERE table_schema = $1 AND is_identity = 'YES'
  AND NOT (SELECT relispartition FROM pg_class
           WHERE oid = format('%I.%I', table_schema, table_name)::regclass)
"""
MAKE = "SELECT make_month($1, $2)"
MONTHS = """
SELECT inhrelid::regclass::text AS name FROM pg_inherits
WHERE inhparent IN ('journal'::regclass, 'outcomes'::regclass)
"""
GO_ON = """
SELECT setval(pg_get_serial_sequence('{schema}.{table}', '{column}'), max({column}))
FROM {schema}.{table} HAVING max({column}) IS NOT NULL
"""


def schemas_of(manifest: Manifest) -> list[Schema]:
    """The schemas with the migrations alone that the backup had.

    Raises Trouble for one that this release does not have, or has otherwise.
    """
    had = {(each.schema, each.name): each.checksum for each in manifest.migrations}
    present = {each.name for each in schemas()}
    known = {(each.name, name_of(each, file)): file for each in schemas() for file in each.files}
    for (schema, name), checksum in had.items():
        file = known.get((schema, name))
        if file is None or sha256(file.read_bytes()).hexdigest() != checksum:
            raise Trouble(
                f"The backup has the migration {name} of schema {schema}, which this release does "
                "not know: it was made by a newer release. Restore it with that release; nothing "
                "was changed.",
                f"备份中有结构 {schema} 的迁移 {name}，当前版本没有：它由更新的版本生成。"
                "请用该版本恢复；未作任何更改。",
            )
    return [
        replace(each, files=tuple(f for f in each.files if (each.name, name_of(each, f)) in had))
        for each in schemas()
        if each.name in present & {schema for schema, _ in had}
    ]


async def demand_empty(dsn: str) -> None:
    """Raise Trouble if a city lives in the database: a restore overwrites nothing. What one that
    was killed has left is removed."""
    left = await unfinished.is_marked(dsn, unfinished.FILLED)
    conn = await asyncpg.connect(dsn)
    try:
        await demand_version(conn)
        for each in schemas() if left else ():
            await conn.execute(f"DROP SCHEMA IF EXISTS {each.name} CASCADE")
        occupied = await conn.fetch(OCCUPIED, [each.name for each in schemas()])
    finally:
        await conn.close()
    if occupied:
        raise Trouble(
            f"The database already holds a city ({len(occupied)} schemas): a restore overwrites "
            "nothing. Name an empty database with DATABASE_URL.",
            f"该数据库中已有城市数据（{len(occupied)} 个结构）：恢复不会覆盖任何内容。"
            "请用 DATABASE_URL 指定一个空数据库。",
        )


async def fill(dsn: str, manifest: Manifest, folder: Path, keys: Keys) -> list[str]:
    """Make the schemas of the backup, fill them in one transaction, and bring them up to date;
    return the migrations that the backup did not have. The database stays marked as unfinished."""
    try:
        await unfinished.begin(dsn)
        await _fill(dsn, manifest, folder, keys)
        since = await migrate_all(dsn, keys.secret)
        await data_keys.ensure(dsn, keys)
        await renewing.renew(dsn)
        return since
    except BaseException:
        with suppress(OSError, asyncpg.PostgresError):
            await _empty(dsn, manifest)
        raise


async def _empty(dsn: str, manifest: Manifest) -> None:
    """Remove the schemas that this restore has made: there were none before."""
    conn = await asyncpg.connect(dsn)
    try:
        for schema in manifest.positions:
            await conn.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    finally:
        await conn.close()
    await unfinished.end(dsn)


async def _fill(dsn: str, manifest: Manifest, folder: Path, keys: Keys) -> None:
    await migrate_all(dsn, keys.secret, schemas_of(manifest))
    conn = await asyncpg.connect(dsn)
    try:
        async with conn.transaction():
            await _triggers(conn, manifest.parts, "DISABLE")
            # Some migrations write rows, which the backup has as they became.
            every = ", ".join(f"{part.schema}.{part.table}" for part in manifest.parts)
            await conn.execute(f"TRUNCATE {every}")
            for schema, months in manifest.months.items():
                await _make_months(conn, schema, months)
            for part in manifest.parts:
                await _load(conn, part, folder)
            for schema in manifest.positions:
                await _go_on(conn, schema)
            await _triggers(conn, manifest.parts, "ENABLE")
        for part in manifest.parts:
            await conn.execute(f"ANALYZE {part.schema}.{part.table}")
    finally:
        await conn.close()


async def _make_months(conn: Connection, schema: str, months: Sequence[int]) -> None:
    """The months that the backup had, in the place of those of today."""
    await conn.execute(f"SET LOCAL search_path TO {schema}")
    for row in await conn.fetch(MONTHS):
        await conn.execute(f"DROP TABLE {row['name']}")
    for month in months:
        await conn.execute(MAKE, month, month == months[0])


async def _triggers(conn: Connection, parts: Iterable[Part], verb: str) -> None:
    """Triggers keep rows of other tables, which the backup has."""
    for part in parts:
        await conn.execute(f"ALTER TABLE {part.schema}.{part.table} {verb} TRIGGER USER")


async def _load(conn: Connection, part: Part, folder: Path) -> None:
    with gzip.open(folder / part.file) as file:
        done = await conn.copy_to_table(
            part.table,
            schema_name=part.schema,
            columns=cast("Sequence[str]", part.columns),
            source=cast("BinaryIO", file),
        )
    rows = int(done.rpartition(" ")[2])
    if rows != part.rows:
        raise RuntimeError(f"{part.file} has {rows} rows, {part.rows} were written")


async def _go_on(conn: Connection, schema: str) -> None:
    """New rows are numbered after the restored ones."""
    rows: list[Any] = await conn.fetch(IDENTITIES, schema)
    for row in rows:
        names = {"schema": schema, "table": row["name"], "column": row["column"]}
        await conn.execute(GO_ON.format(**names))
