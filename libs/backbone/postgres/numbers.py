"""The day's numbers for the codes of matters: drawn in blocks, never twice, gaps allowed."""

import asyncio
from datetime import date, datetime
from zoneinfo import ZoneInfo

from backbone.postgres.pool import Pool

BLOCK = 20
DRAW = """
INSERT INTO numbers AS n (day, last) VALUES ($1, $2)
ON CONFLICT (day) DO UPDATE SET last = n.last + $2 RETURNING last
"""
CHINA = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """The day in the city, whatever the clock of the machine calls it."""
    return datetime.now(CHINA).date()


class Numbers:
    """One process's supply; a block is durable before its first number is used."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._drawing = asyncio.Lock()
        self._day = date.min
        self._left = range(0)

    async def next(self, day: date) -> int:
        """Return a number of the day that nobody else has. Raises only what is transient."""
        async with self._drawing:
            if day != self._day or not self._left:
                last = await self._pool.fetchval(DRAW, day, BLOCK)
                self._day, self._left = day, range(last - BLOCK + 1, last + 1)
            number, self._left = self._left[0], self._left[1:]
            return number
