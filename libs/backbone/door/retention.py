"""Deletes the rows whose time is over: one walk for each table to which retention.yaml gives days.

The walk reads a table in pieces, in the order in which its rows lie on the disk: so a table needs
no index for it, and each statement is short. A row that somebody holds waits for the next walk.

Outcomes must be kept longer than the command topic keeps its records: a command that is consumed
again is recognised by its outcome. They go by the month, which leaves nothing to vacuum.
"""

import logging
import time
from collections.abc import Mapping
from datetime import timedelta

from backbone.postgres.pool import Pool, is_transient, said_by
from backbone.process.keeping import Kept
from backbone.process.metrics import SWEPT
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

# Seconds between two walks, before the first and after one that failed, between two pieces of one,
# and after which a walk is late.
EVERY, SOON, PAUSE, LATE = 600.0, 60.0, 1.0, 86_400.0
LOOP = "retention"
# Blocks of a piece: some thousand rows.
PIECE = 64
SIZE = "SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint"
FORGET = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {table} WHERE ctid >= $1 AND ctid < $2 AND {over} FOR UPDATE SKIP LOCKED
)) AND {over}
"""
OVER = "({after}) < clock_timestamp() - $3::interval"
FORGET_MONTHS = "SELECT forget_{table}($1)"


async def sweep(pool: Pool, pulse: Pulse, table: str, kept: Kept, pause: float = PAUSE) -> int:
    """Walk through one table; return how many rows, or months, it has lost."""
    keep = timedelta(days=kept.days or 0)
    if kept.months:
        return int(await pool.fetchval(FORGET_MONTHS.format(table=table), keep))
    forget = FORGET.format(table=table, over=OVER.format(after=kept.after))
    gone, size = 0, await pool.fetchval(SIZE, table)
    for first in range(0, size, PIECE):
        if first:
            await pulse.rest(LOOP, pause)
        said = await pool.execute(forget, (first, 0), (first + PIECE, 0), keep)
        gone += int(said.rpartition(" ")[2])
    return gone


async def run_retention(
    pool: Pool, pulse: Pulse, schema: str, kept: Mapping[str, Kept], every: float = EVERY
) -> None:
    """Sweep each table in turn, for ever. One that cannot be swept is told, and stops nothing."""
    walks = [Walk(schema, table, each) for table, each in kept.items() if each.days is not None]
    await pulse.rest(LOOP, min(every, SOON))  # a start has better things to do
    while True:
        done = True
        for each in walks:
            pulse.beat(LOOP)
            done &= await each.take(pool, pulse)
        await pulse.rest(LOOP, every if done else min(every, SOON))


class Walk:
    """The walks through one table, and when the last one has come to its end."""

    def __init__(self, schema: str, table: str, kept: Kept) -> None:
        self._table, self._kept = table, kept
        self._name = f"{schema}.{table}"
        self._swept = SWEPT.labels(schema, table)
        self._done()

    def _done(self) -> None:
        self._ended = time.monotonic()
        self._swept.set_to_current_time()

    async def take(self, pool: Pool, pulse: Pulse) -> bool:
        """Walk through the table; return whether the walk has come to its end."""
        try:
            gone = await sweep(pool, pulse, self._table, self._kept)
        except Exception as error:  # the flaw says what follows from it
            log.warning("retention.away", extra={"table": self._name, "error": str(error)})
            if not is_transient(error) or time.monotonic() - self._ended > LATE:
                pulse.note(f"retention {self._name}", flaw_of(self._name, error))
            return False
        self._done()
        pulse.note(f"retention {self._name}", "")
        if gone:
            log.info("retention.forgotten", extra={"table": self._name, "count": gone})
        return True


def flaw_of(table: str, error: Exception) -> str:
    said = said_by(error) if is_transient(error) else str(error).partition("\n")[0]
    return (
        f"rows of {table} whose time is over cannot be deleted ({said}): no command is refused for "
        "that; `make migrate` gives the service what it needs, or says why it cannot"
    )
