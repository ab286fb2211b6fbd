"""Takes archived rows out of the database: those of ended records, and of no open matter."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg

from backbone.door.anchor import MONTH
from backbone.postgres.migrate import PAUSE, TRIES
from backbone.postgres.pool import Connection
from operate.archive.files import Manifest
from operate.archive.months import Due, end_of, partitions
from operate.home.trouble import Trouble

# Tables of records: with a document, the hash of its last event, and a rank that says whether it is
# over. A table without a rank (the states of teams) holds what never ends, and stays.
TABLES = """
SELECT table_schema::text AS schema, table_name::text AS name FROM information_schema.columns
WHERE column_name IN ('doc', 'hash', 'shape', 'version', 'rank') AND table_schema = ANY($1)
GROUP BY 1, 2 HAVING count(*) = 5 ORDER BY 1, 2
"""
# A record with the matters that it belongs to: its own id is one, and for most the only one.
MATTERS = {
    "receipts": "ARRAY[t.id, t.incident_id]",
    "missions": "ARRAY[t.id, t.matter_id, t.receipt]",
    "supervisions": "t.id || ARRAY(SELECT split_part(a, '/', 1)::uuid FROM unnest(addressed) AS a)",
}
OPEN = """
CREATE TEMP TABLE open_matters ON COMMIT DROP AS
SELECT DISTINCT id FROM ({parts}) AS open WHERE id IS NOT NULL
"""
# A row without a code of the door is proven by its journal when it is read: it stays until then.
OVER = """
INSERT INTO over_now
SELECT t.id FROM {table} AS t
WHERE t.rank >= 0 AND t.proof IS NOT NULL
  AND NOT EXISTS (SELECT FROM open_matters AS o WHERE o.id = ANY({matters}))
  AND EXISTS (SELECT FROM journal WHERE aggregate_id = t.id AND position < $1)
  AND NOT EXISTS (SELECT FROM journal WHERE aggregate_id = t.id AND position >= $1)
"""
NOTE = """
INSERT INTO archived (aggregate_id, version, hash, month)
SELECT DISTINCT ON (aggregate_id) aggregate_id, version, hash, {month}
FROM journal JOIN over_now ON over_now.id = aggregate_id WHERE position < $1
ORDER BY aggregate_id, version DESC
ON CONFLICT (aggregate_id) DO UPDATE
SET version = excluded.version, hash = excluded.hash, month = excluded.month
"""
STAY = """
CREATE TABLE staying_{month} (LIKE journal_{month} INCLUDING ALL EXCLUDING IDENTITY)
"""
COPY = """
INSERT INTO staying_{month}
SELECT * FROM journal_{month}
WHERE NOT EXISTS (SELECT FROM over_now WHERE id = aggregate_id)
"""
SWAP = """
ALTER TABLE journal DETACH PARTITION journal_{month};
DROP TABLE journal_{month}
"""
BACK = """
ALTER TABLE staying_{month} RENAME TO journal_{month};
ALTER TABLE journal ATTACH PARTITION journal_{month} FOR VALUES FROM ({begin}) TO ({end});
REVOKE ALL ON journal_{month} FROM PUBLIC
"""
DONE = """
INSERT INTO archives (month, place, rows, position, digest, manifest)
VALUES ($1, $2, $3, $4, $5, $6)
"""


async def take_out(
    conn: Connection,
    place: str,
    schemas: Sequence[str],
    written: Sequence[tuple[Due, Manifest]],
    latest: int,
) -> tuple[int, int]:
    """Note the archives, and take the rows of ended records out of all months up to `latest`, the
    last that is archived; return how many records went and how many rows stay for open ones.

    All of it or nothing. Raises Trouble if the journal stays locked.
    """
    for _ in range(TRIES):
        try:
            async with conn.transaction():
                return await _take_out(conn, place, schemas, written, latest)
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(PAUSE)
    raise Trouble(
        "The journal stays locked: end the transaction that holds it (pg_stat_activity), then ask "
        "again. Nothing was taken out of the database.",
        "日志表一直被锁定：请结束占用它的事务（pg_stat_activity）后重试。数据库中没有移出任何内容。",
    )


async def _take_out(
    conn: Connection,
    place: str,
    schemas: Sequence[str],
    written: Sequence[tuple[Due, Manifest]],
    latest: int,
) -> tuple[int, int]:
    cut, here = end_of(latest), [month for month in await partitions(conn) if month <= latest]
    if not here:  # all of their rows have gone
        return 0, 0
    gone = await _find(conn, schemas, cut)
    month = f"CASE WHEN position < {here[0]} * {MONTH} THEN {here[0]} ELSE position / {MONTH} END"
    await conn.execute(NOTE.format(month=month), cut)
    for due, manifest in written:
        row = (due.month, place, manifest.rows, due.position, due.digest, manifest.hash)
        await conn.execute(DONE, *row)
    stay = 0
    for each in here:
        await conn.execute(STAY.format(month=each))
        await conn.execute(COPY.format(month=each))
        stay += await conn.fetchval(f"SELECT count(*) FROM staying_{each}")  # noqa: S608 - a number
    # From here on writers wait: every row that stays has been copied.
    await conn.execute("SET LOCAL lock_timeout = '300ms'")
    for each in here:
        await conn.execute(SWAP.format(month=each))
        if await conn.fetchval(f"SELECT EXISTS (SELECT FROM staying_{each})"):  # noqa: S608
            begin = "MINVALUE" if each == here[0] else each * MONTH
            await conn.execute(BACK.format(month=each, begin=begin, end=end_of(each)))
        else:
            await conn.execute(f"DROP TABLE staying_{each}")
    return gone, stay


async def _find(conn: Connection, schemas: Sequence[str], cut: int) -> int:
    """Find the records that go; return how many."""
    tables: list[Any] = await conn.fetch(TABLES, list(schemas))
    parts = [
        f"SELECT unnest({_matters(each)}) AS id "  # noqa: S608 - names of our catalogue
        f"FROM {each['schema']}.{each['name']} AS t WHERE rank < 0"
        for each in tables
    ]
    await conn.execute(OPEN.format(parts=" UNION ALL ".join(parts)))
    await conn.execute("CREATE TEMP TABLE over_now (id uuid PRIMARY KEY) ON COMMIT DROP")
    own = await conn.fetchval("SELECT current_schema()")
    for each in tables:
        if each["schema"] == own:
            over = OVER.format(table=each["name"], matters=_matters(each))
            await conn.execute(over, cut)
    return int(await conn.fetchval("SELECT count(*) FROM over_now"))


def _matters(table: Any) -> str:
    return MATTERS.get(table["name"], "ARRAY[t.id]")
