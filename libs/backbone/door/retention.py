"""Deletes old rows: outcomes by the month, others in small batches.

Outcomes must be kept longer than the command topic keeps its records: a command that is consumed
again is recognised by its outcome.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from backbone.postgres.pool import Pool, is_transient
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

EVERY = 60.0
# Rows per statement: small enough not to delay other transactions.
MOST = 5_000
# Drops whole months, which leaves nothing to vacuum.
FORGET = "SELECT forget_outcomes($1)"


async def forget_outcomes(pool: Pool, older_than: timedelta) -> int:
    """Drop the months of outcomes that ended longer ago than this; return how many."""
    return int(await pool.fetchval(FORGET, older_than))


# Deletes at most MOST rows that are older than this; returns how many.
Forget = Callable[[Pool, timedelta], Awaitable[int]]


async def run_retention(
    pool: Pool,
    pulse: Pulse,
    older_than: timedelta,
    every: float = EVERY,
    forget: Forget = forget_outcomes,
) -> None:
    """Delete old rows at a fixed interval, for ever."""
    while True:
        try:
            if forgotten := await forget(pool, older_than):
                log.info("retention.forgotten", extra={"what": forget.__name__, "count": forgotten})
            if forgotten == MOST:
                pulse.beat("retention")
                continue  # there are more
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("retention.away", extra={"error": str(error)})
        for _ in range(max(1, round(every))):
            pulse.beat("retention")
            await asyncio.sleep(min(every, 1.0))
