"""The mark of a restore that goes on in a database: one that is killed leaves no city that starts.

Until its end the rows may be half of them, and both lives of the city cannot be told apart yet.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from operate.home.trouble import Trouble

# A schema: every role that restores may make one. What stands in a database that was filled is in
# its backup, and may be removed; a database that PostgreSQL itself has brought back is the city.
FILLED, IN_PLACE = "liandong_restoring", "liandong_restoring_in_place"
BEGIN = "CREATE SCHEMA IF NOT EXISTS {}"
END = f"DROP SCHEMA IF EXISTS {FILLED}, {IN_PLACE}"
# Held until the connection ends.
ALONE = "SELECT pg_try_advisory_lock(hashtextextended('liandong.restore', 0))"
IS_MARKED = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = ANY($1))"


@asynccontextmanager
async def alone(dsn: str) -> AsyncIterator[None]:
    """Raise Trouble if another restore goes on in the database at this moment."""
    conn = await asyncpg.connect(dsn)
    try:
        if not await conn.fetchval(ALONE):
            raise Trouble(
                "Another `liandong restore` goes on in this database: wait for its end. Nothing "
                "was changed.",
                "此数据库上正有另一个 liandong restore 在执行：请等待其结束。未作任何更改。",
            )
        yield
    finally:
        conn.terminate()


async def begin(dsn: str, mark: str = FILLED) -> None:
    await _done(dsn, BEGIN.format(mark))


async def end(dsn: str) -> None:
    await _done(dsn, END)


async def is_marked(dsn: str, *marks: str) -> bool:
    return bool(await _done(dsn, IS_MARKED, marks))


async def demand_none(dsn: str) -> None:
    """Raise Trouble if a restore was broken off in the database, or goes on there."""
    if await is_marked(dsn, FILLED, IN_PLACE):
        raise Trouble(
            "A restore into this database goes on, or was killed before its end: run the same "
            "`liandong restore` again, which begins anew. Nothing was started.",
            "该数据库的恢复仍在进行，或未完成即被终止：请重新执行同一 liandong restore，"
            "它将从头开始。未启动任何服务。",
        )


async def _done(dsn: str, statement: str, *values: object) -> object:
    conn = await asyncpg.connect(dsn)
    try:
        return await conn.fetchval(statement, *values)
    finally:
        await conn.close()
