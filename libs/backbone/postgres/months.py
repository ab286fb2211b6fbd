"""Journal and outcomes by month: each month is made ahead, and one that is missing is told.

The functions of the migration `0011_months.sql` make it; a service may call them and nothing else.
"""

import logging

from backbone.postgres.pool import Pool, is_transient, said_by
from backbone.process.metrics import MONTHS_AHEAD
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

EVERY = 60.0
KEEP = "SELECT keep_months()"
# How many months there are after the present one, and for how many hours the journal has stayed in
# an earlier month than the present one.
STANDING = """
SELECT count(*) FILTER (WHERE month > this) AS ahead,
       CASE WHEN max(pg_sequence_last_value('journal_position_seq')) < max(this) * 10000000000
            THEN extract(epoch FROM max(now - begun)) / 3600 ELSE 0 END::float8 AS late
FROM (SELECT now, date_trunc('month', now) AS begun, to_char(now, 'YYYYMM')::bigint AS this
      FROM (SELECT clock_timestamp() AT TIME ZONE 'Asia/Shanghai' AS now) AS clock) AS present,
     (SELECT right(relname, 6)::bigint AS month
      FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid
      WHERE inhparent = 'journal'::regclass) AS months
"""
LATE = 1.0


def flaw_of(ahead: int, late: float) -> str:
    """The flaw of the months of a schema, with its remedy; empty without a flaw."""
    if late > LATE:
        return (
            f"the journal is {late:.0f} hours behind its month: no command is refused for that; "
            "`make migrate` moves it on, or says why it cannot"
        )
    if not ahead:
        return (
            "the journal has no partition for the coming month: no command is refused for that; "
            "`make migrate` makes it, or says why it cannot"
        )
    return ""


async def run_months(pool: Pool, schema: str, pulse: Pulse, every: float = EVERY) -> None:
    """Make months ahead, and tell by readiness and metric how many there are, for ever."""
    async for _ in pulse.rounds("months", every):
        try:
            await pool.execute(KEEP)
        except Exception as error:  # noqa: BLE001  # the flaw below says what follows from it
            log.warning("months.not_kept", extra={"error": said_by(error)})
        try:
            [row] = await pool.fetch(STANDING)
            MONTHS_AHEAD.labels(schema).set(row["ahead"])
            pulse.note("months", flaw_of(row["ahead"], row["late"]))
        except Exception as error:
            if not is_transient(error):
                raise
