"""The turns in which lists are read: few at once, each in one snapshot and within its time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from backbone.postgres.pool import Connection, Pool, transaction
from backbone.process.metrics import LISTS_TOO_SLOW
from backbone.words.errors import TooSlow

# The time limits of one statement, and of a whole list with the wait for its turn.
MILLISECONDS = 2_000
SECONDS = 3.0
# Lists of a table that are read at once; the other connections of the pool are the door's.
AT_ONCE = 2

# Every scan follows an index: the planner cannot know that a page is soon full.
READ = f"""
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = {MILLISECONDS};
SET LOCAL plan_cache_mode = force_generic_plan;
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_sort = off
"""


class Turns:
    """The turns of one list; `name` is that of its table, for the metric."""

    def __init__(self, pool: Pool, name: str) -> None:
        self._pool, self._slow = pool, LISTS_TOO_SLOW.labels(name)
        self._room = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def take(self) -> AsyncIterator[Connection]:
        """A connection with one snapshot for all statements of a list. Raises TooSlow."""
        try:
            async with (
                asyncio.timeout(SECONDS),
                self._room,
                transaction(self._pool, READ) as conn,
            ):
                yield conn
        except (asyncpg.QueryCanceledError, TimeoutError) as error:
            self._slow.inc()
            raise TooSlow("LIST_TOO_SLOW", seconds=round(MILLISECONDS / 1000)) from error
