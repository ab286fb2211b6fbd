"""Changes a database that went back in time, so that both of its lives can be told apart."""

import time

import asyncpg

from backbone.postgres.numbers import today
from backbone.postgres.pool import Connection

# A terminal that holds entries of the lost life has their numbers: in a new epoch it begins anew.
# The time makes it one that no earlier restore has given.
EPOCHS = "UPDATE mailboxes SET epoch = greatest(epoch + 1, $1)"
# Codes that were told to people after the backup are given to no other matter.
NUMBERS = """
INSERT INTO numbers AS n (day, last) VALUES ($1, $2)
ON CONFLICT (day) DO UPDATE SET last = n.last + $2
"""
CODED = ("alarm", "petition", "dispute", "population")
APART = 100_000
# A session that was ended, or a person who left, since the backup must not come back in.
SESSIONS = "DELETE FROM sessions"
# The path that the service itself has: triggers find their tables by it.
AS = "SET LOCAL search_path TO {schema}"


async def renew(dsn: str) -> None:
    """Do all of it, in one transaction."""
    conn = await asyncpg.connect(dsn)
    try:
        async with conn.transaction():
            await _renew(conn)
    finally:
        await conn.close()


async def _renew(conn: Connection) -> None:
    await _in(conn, "emergency", EPOCHS, int(time.time()))
    for schema in CODED:
        await _in(conn, schema, NUMBERS, today(), APART)
    await _in(conn, "gateway", SESSIONS)


async def _in(conn: Connection, schema: str, change: str, *values: object) -> None:
    await conn.execute(AS.format(schema=schema))
    await conn.execute(change, *values)
