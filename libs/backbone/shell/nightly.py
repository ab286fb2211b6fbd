"""The nightly check of a service's evidence: a metric, a row for `liandong doctor`, a loud log."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from backbone.door.evidence import Flaw, Seen
from backbone.postgres.numbers import CHINA
from backbone.postgres.pool import Connect, is_transient
from backbone.process import clock
from backbone.process.metrics import JOURNAL_FLAWS, VERIFIED
from backbone.process.pulse import end_if_asked

log = logging.getLogger(__name__)

# The hour in China in which the check runs once its last result is half a day old. A machine that
# sleeps at night is checked when the result is two days old.
HOUR = 3
FRESH, OLD = timedelta(hours=12), timedelta(days=2)
LOOK = 60.0

TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.verify', 0))"
LAST = """
SELECT coalesce(v.time, s.time) AS time, coalesce(v.flaws, 0) AS flaws FROM signing AS s
LEFT JOIN LATERAL (SELECT time, flaws FROM verifications ORDER BY time DESC LIMIT 1) AS v ON true
"""
NOTE = "INSERT INTO verifications (rows, flaws, first) VALUES ($1, $2, $3)"
# The check reads everything, in small statements and a few long ones, and leaves time to others.
PATIENT = "SET transaction_timeout = 0; SET statement_timeout = 0; SET enable_seqscan = on"

Check = Callable[[Any, Seen], AsyncIterator[Flaw]]


async def run_nightly(connect: Connect, schema: str, check: Check) -> None:
    """Check each night, for ever. It never beats: it may wait long for the disk. One that stands
    still is seen by the time of the last check, which also a new process tells."""
    while True:
        end_if_asked()
        try:
            conn = await connect()
            try:
                last: Any = await conn.fetchrow(LAST)
                _tell(schema, last["time"], last["flaws"])
                if is_due(clock.now(), last["time"]):
                    await check_now(conn, schema, check)
            finally:
                conn.terminate()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("verification.away", extra={"error": str(error)})
        await asyncio.sleep(LOOK)


def _tell(schema: str, time: datetime, flaws: int) -> None:
    JOURNAL_FLAWS.labels(schema).set(flaws)
    VERIFIED.labels(schema).set(time.timestamp())


def is_due(now: datetime, last: datetime) -> bool:
    age = now - last
    return age > OLD or (age > FRESH and now.astimezone(CHINA).hour == HOUR)


async def check_now(conn: Any, schema: str, check: Check) -> int:
    """Check the whole schema; return the number of flaws. Does nothing while another one does."""
    if not await conn.fetchval(TRY_LOCK):
        return 0
    await conn.execute(PATIENT)
    rows = 0

    def seen(row: Any) -> None:
        nonlocal rows
        rows += 1

    flaws = await _flaws(check(conn, seen))
    _tell(schema, clock.now(), len(flaws))
    first = await note(conn, rows, flaws)
    told = {"schema": schema, "rows": rows, "flaws": len(flaws), "first": first}
    log.log(logging.CRITICAL if flaws else logging.INFO, "evidence.verified", extra=told)
    return len(flaws)


async def note(conn: Any, rows: int, flaws: Sequence[Flaw]) -> str:
    """Keep the result of a check; return the first flaw."""
    first = f"{flaws[0].where} {flaws[0].what}" if flaws else ""
    await conn.execute(NOTE, rows, len(flaws), first)
    return first


async def _flaws(found: AsyncIterator[Flaw]) -> list[Flaw]:
    """All flaws; evidence that breaks the check is one, and ends no service. Raises transient
    errors."""
    flaws = []
    try:
        async for flaw in found:
            flaws.append(flaw)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("verification.broken")
        flaws.append(Flaw("the check", f"was broken off: {error!r}"))
    return flaws
