"""Rows of archived records that are proven by the code of an older key alone.

The journal that would prove such a row stands in a file. Codes are made with the first key of a
service, which is never thrown away; an earlier release made them with the newest of its time.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from backbone.door.codes import ID, Codes
from backbone.door.rows import told
from backbone.postgres.pool import Connection
from backbone.process.keyring import key_id
from operate.home.keys import Keys
from operate.home.trouble import Trouble

TABLES = """
SELECT table_schema AS schema, table_name AS name FROM information_schema.columns
WHERE column_name IN ('id', 'version', 'shape', 'doc', 'hash', 'proof')
  AND to_regclass(format('%I.archived', table_schema)) IS NOT NULL
GROUP BY table_schema, table_name HAVING count(*) = 6 ORDER BY 1, 2
"""
PAGE = 500
SAID = ("id", "version", "shape", "doc", "hash")
OLDER = f"""
FROM {{table}} AS t JOIN {{schema}}.archived AS a ON a.aggregate_id = t.id
WHERE substring(t.proof FROM 1 FOR {ID}) = ANY($1::bytea[])
"""
ROWS = (
    "SELECT t.id, t.version, t.shape, t.doc::text AS doc, t.hash, t.proof "
    f"{OLDER} AND t.id > $2 ORDER BY t.id LIMIT {PAGE}"
)
NEEDED = f"SELECT array_agg(DISTINCT a.month ORDER BY a.month) AS months, count(*) AS rows {OLDER}"
CODE = "UPDATE {table} SET proof = $3 WHERE id = $1 AND version = $2 AND proof = $4"


@dataclass(frozen=True, slots=True)
class Needed:
    """How many rows of a table need an older key, and the months of their archives."""

    table: str
    rows: int
    months: Sequence[int]


async def code_anew(dsn: str, keys: Keys) -> int:
    """Code these rows with the first key of their service; return how many. One that its code does
    not fit stays as it is: `liandong verify` names it."""
    conn, count = await asyncpg.connect(dsn), 0
    try:
        async for schema, table in _tables(conn):
            count += await _code_anew(conn, keys, schema, table)
    finally:
        await conn.close()
    return count


async def demand_none(dsn: str, keys: Keys) -> None:
    """Raises Trouble for rows that nothing would prove without those keys."""
    if not (found := await needed(dsn, keys)):
        return
    where = ", ".join(
        f"{each.rows} of {each.table} ({', '.join(map(str, each.months))})" for each in found
    )
    raise Trouble(
        f"An older key alone proves rows whose journals are in archives: {where}. Run `liandong "
        "seals reseal` first; rows that it leaves were changed by another hand, and `liandong "
        "verify` names them. Nothing was changed.",
        f"下列数据的日志已归档，只有旧密钥能证明其真实：{where}。请先执行 liandong seals reseal；"
        "其后仍剩余的数据系他人改动，可用 liandong verify 查看。未作任何更改。",
    )


async def needed(dsn: str, keys: Keys) -> list[Needed]:
    found: list[Needed] = []
    conn = await asyncpg.connect(dsn)
    try:
        async for schema, table in _tables(conn):
            statement = NEEDED.format(schema=schema, table=table)
            row: Any = await conn.fetchrow(statement, _older(keys, schema))
            if row["rows"]:
                found.append(Needed(table, row["rows"], row["months"]))
    finally:
        await conn.close()
    return found


async def _tables(conn: Connection) -> AsyncIterator[tuple[str, str]]:
    for row in await conn.fetch(TABLES):
        yield row["schema"], f"{row['schema']}.{row['name']}"


def _older(keys: Keys, schema: str) -> list[bytes]:
    """The ids of the keys of a service that `retire` throws away."""
    return [bytes.fromhex(key_id(each)) for each in keys.keyring(schema).keys[1:-1]]


async def _code_anew(conn: Connection, keys: Keys, schema: str, table: str) -> int:
    codes, older = Codes(keys.keyring(schema), schema), _older(keys, schema)
    name = table.split(".")[1]
    count, after = 0, UUID(int=0)
    while rows := await conn.fetch(ROWS.format(schema=schema, table=table), older, after):
        for row in rows:
            said = told(name, [row[each] for each in SAID])
            if codes.fits(said, row["proof"]):
                values = row["id"], row["version"], codes.of(said), row["proof"]
                await conn.execute(CODE.format(table=table), *values)
                count += 1
        after = rows[-1]["id"]
    return count
