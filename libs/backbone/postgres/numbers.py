"""Daily serial numbers for the codes of matters: drawn in blocks, unique, with gaps and with a
random part, so that a stranger cannot count on from a code."""

import asyncio
import secrets
from datetime import date
from zoneinfo import ZoneInfo

from backbone.postgres.pool import Pool
from backbone.process import clock

BLOCK = 20
# Each number can be followed by this many random parts; one of them is given.
SPREAD = 10_000
DRAW = """
INSERT INTO numbers AS n (day, last) VALUES ($1, $2)
ON CONFLICT (day) DO UPDATE SET last = n.last + $2 RETURNING last
"""
CHINA = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """Today's date in China, independent of the machine's time zone."""
    return clock.now().astimezone(CHINA).date()


class Numbers:
    """One process's supply of numbers; a block is committed before its first number is used."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._drawing = asyncio.Lock()
        self._day = date.min
        self._left = range(0)

    async def next(self, day: date) -> int:
        """Return a number that is unique on this day. Raises transient errors only."""
        async with self._drawing:
            if day != self._day or not self._left:
                last = await self._pool.fetchval(DRAW, day, BLOCK)
                self._day, self._left = day, range(last - BLOCK + 1, last + 1)
            number, self._left = self._left[0], self._left[1:]
            return number

    async def serial(self, day: date) -> int:
        """The day's next number with a random part behind it. Higher than all of the days before
        this part was given, so the codes of one day never meet."""
        return await self.next(day) * SPREAD + secrets.randbelow(SPREAD)
