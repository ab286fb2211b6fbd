"""Tells the state of the flow in metrics: what is open, and what waits too long."""

import logging

from backbone.postgres.pool import Pool, is_transient
from backbone.process.pulse import Pulse
from services.workflow import storage
from services.workflow.metrics import INCIDENTS, PRIORITIES, SIGN_IN_LATE, STATES, UNCLAIMED

log = logging.getLogger(__name__)

LOOK = 5.0


async def count_incidents(pool: Pool, pulse: Pulse) -> None:
    """Count what is open, for ever; while the database is away the last counts stand."""
    async for _ in pulse.rounds("counts", LOOK):
        try:
            await count(pool)
        except Exception as error:
            if not is_transient(error):
                raise
            log.info("incidents.uncounted", extra={"error": str(error)})


async def count(pool: Pool) -> None:
    """Count what is open now."""
    rows = {(row["state"], row["priority"]): row for row in await pool.fetch(storage.PULSE, STATES)}
    for priority in PRIORITIES:
        these = [rows[state, priority] for state in STATES if (state, priority) in rows]
        SIGN_IN_LATE.labels(priority).set(sum(row["late"] for row in these))
        UNCLAIMED.labels(priority).set(max((row["age"] or 0.0 for row in these), default=0.0))
        for state in STATES:
            row = rows.get((state, priority))
            INCIDENTS.labels(state, priority).set(row["incidents"] if row else 0)
