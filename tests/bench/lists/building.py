"""The database of B8: a PostgreSQL of its own with ten years of matters, kept for the next run.

Rows are drawn inside the server into tables without indexes, which are made afterwards; the server
is as fast as it can be meanwhile, and as `make run` starts it when it is measured.
"""

import asyncio
import csv
import json
import random
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from backbone.postgres.migrate import migrate_all, schemas
from operate.home.ports import free_port
from operate.servers.postgres import Postgres, answers
from tests.bench.lists.records import formats, projection
from tests.bench.plan import ROOT
from tests.ledger.building import SECRET
from tests.servers import Server, until

HERE = Path(__file__).parent
FOLDER = ROOT / ".bench" / "lists"
CITY = ROOT / "deploy/city/demo"
FAST = ("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0",
        "max_wal_size=8GB", "autovacuum=off")  # fmt: skip
SESSION = {"maintenance_work_mem": "768MB", "work_mem": "128MB"}
# The tables that are filled, and the part of all matters that each has. Their triggers fill the
# tables of readers beside them.
TABLES = (
    (("workflow.incidents", 1.0),),
    (("alarm.receipts", 1.0),),
    (
        ("petition.petitions", 0.2),
        ("dispute.disputes", 0.1),
        ("emergency.missions", 0.2),
        ("population.care_cases", 0.02),
    ),
)
# Columns of which the schema says nothing: where the drawing does not name them, they are those of
# the record, as its service projects it. So a later migration needs no change here.
OPEN = """
SELECT attname FROM pg_attribute
LEFT JOIN pg_attrdef AS d ON d.adrelid = attrelid AND adnum = attnum
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
  AND d.oid IS NULL AND attidentity = ''
"""
VALUE = (
    "SELECT quote_nullable((jsonb_populate_record(NULL::{table}, $1::text::jsonb)).{column}::text)"
)
READERS = r"""
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname LIKE '%\_readers'
"""
INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made, c.conname,
       pg_get_constraintdef(c.oid) AS kept
FROM pg_index AS i
LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
WHERE i.indrelid = $1::text::regclass
"""


@asynccontextmanager
async def a_database(size: int) -> AsyncIterator[str]:
    """The administrator's address of a database with so many incidents, built where there is none
    of this size and these migrations."""
    mark, known = FOLDER / "built", f"{size} {_checksum()}"
    if not mark.exists() or mark.read_text() != known:
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        async with _server(FAST) as dsn:
            await _build(dsn, size)
        mark.write_text(known)
    async with _server(()) as dsn:
        yield dsn


@asynccontextmanager
async def _server(settings: Sequence[str]) -> AsyncIterator[str]:
    server = Postgres(FOLDER, free_port(), "bench", FOLDER / "postgres.log")
    launch = server.prepare()
    launch.argv.extend(f"--{each}" for each in settings)
    process = Server(launch)
    process.start()
    try:
        await until(lambda: answers(server.dsn), process.start_again_if_ended)
        yield server.dsn
    finally:
        process.stop()


def _checksum() -> str:
    """Of everything that the database is made of."""
    paths = [path for schema in schemas() for path in schema.files]
    paths += [*HERE.glob("*.sql"), *HERE.glob("records.py")]
    return sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:16]


async def _build(dsn: str, size: int) -> None:
    await migrate_all(dsn, SECRET)
    conn = await asyncpg.connect(dsn)
    await conn.execute((HERE / "city.sql").read_text())
    await conn.close()
    async with asyncio.TaskGroup() as tasks:
        for group in TABLES:
            tasks.create_task(_fill_group(dsn, group, size))
    # Only now: beside a long transaction nothing counts as visible to all.
    conn = await asyncpg.connect(dsn)
    await conn.execute("VACUUM ANALYZE")
    await conn.close()


async def _fill_group(dsn: str, group: Sequence[tuple[str, float]], size: int) -> None:
    conn: Any = await asyncpg.connect(dsn, server_settings=SESSION)
    for table, part in group:
        started = time.monotonic()
        await fill(conn, table, int(size * part))
        sys.stderr.write(f"  {table}: {time.monotonic() - started:.0f} s\n")
    await conn.close()


async def fill(conn: Any, table: str, many: int) -> None:
    """Draw the rows of a table; its triggers write those of the readers beside it."""
    schema, name = table.split(".")
    await conn.execute(f"SET search_path TO {schema}")
    places = [name, *(row["relname"] for row in await conn.fetch(READERS))]
    found = {each: await conn.fetch(INDEXES, each) for each in places}
    async with conn.transaction():
        # Emptied in the same transaction: the rows need no log.
        await conn.execute(f"TRUNCATE {name} CASCADE")
        for place, indexes in found.items():
            await _drop(conn, place, indexes)
        given = await _defaults(conn, name)
        statement = (HERE / f"{name}.sql").read_text()
        statement = statement.replace("{matters}", (HERE / "matters.sql").read_text())
        await conn.execute(statement, *_drawn(name, many))
        for column in given:
            await conn.execute(f"ALTER TABLE {name} ALTER COLUMN {column} DROP DEFAULT")
    for place, indexes in found.items():
        for each in indexes:
            made = f"ALTER TABLE {place} ADD CONSTRAINT {each['conname']} {each['kept']}"
            await conn.execute(made if each["conname"] else each["made"])


async def _drop(conn: Any, table: str, indexes: Sequence[Any]) -> None:
    for each in indexes:
        await conn.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {each['conname']} CASCADE"
            if each["conname"]
            else f"DROP INDEX {each['name']}"
        )


async def _defaults(conn: Any, table: str) -> list[str]:
    """Give the open columns the values of the drawn record; return their names."""
    projected = projection(table)
    names = [row["attname"] for row in await conn.fetch(OPEN, table)]
    names = [each for each in names if each in projected]
    said = msgspec.json.encode({each: projected[each] for each in names}).decode()
    for column in names:
        value = await conn.fetchval(VALUE.format(table=table, column=column), said)
        await conn.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {value}")
    return names


def _drawn(name: str, many: int) -> tuple[Any, ...]:
    """The parameters of a table's statement."""
    order = random.Random(8)  # the same city every time
    land = json.loads((CITY / "grids.geojson").read_text())
    grids = [each["properties"]["code"] for each in land["features"]]
    with (CITY / "categories.csv").open() as file:
        classes = [(row["code"], row["priority"] or "P3") for row in csv.DictReader(file)]
    order.shuffle(grids)
    order.shuffle(classes)
    codes, priorities = zip(*classes, strict=True)
    return many, formats()[name], grids, list(codes), list(priorities)
