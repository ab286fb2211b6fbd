"""Tells in metrics what a service has in hand: its queue, its pool, its backlog, its loop."""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Any

from backbone.door.batcher import Batcher
from backbone.postgres.pool import TRANSIENT, Pool
from backbone.process.metrics import (
    LINKS_OPEN,
    LOOP_LAG,
    PARKED,
    POOL,
    POOL_WAIT,
    QUEUE,
    STATEMENT_SECONDS,
    UNSENT,
    begin,
)
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

LOOK = 5.0
NAP = 0.25
BACKLOG = """
SELECT 'unsent' AS what, '' AS consumer, count(*) AS rows
FROM (SELECT FROM unsent LIMIT 100000) AS few
UNION ALL SELECT 'parked', consumer, count(*) FROM parked GROUP BY consumer
UNION ALL SELECT 'links', consumer, count(*) FROM refused_links
          WHERE settle_time IS NULL GROUP BY consumer
"""


async def measure_loop() -> None:
    """Tell how late this event loop is, for ever."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(NAP)
        LOOP_LAG.observe(max(0.0, time.perf_counter() - began - NAP))


def tell_queue(service: str, batcher: Batcher[Any]) -> None:
    QUEUE.labels(service).set_function(batcher.waiting)


async def measure_pool(pool: Pool, service: str, schema: str, pulse: Pulse) -> None:
    """Tell the connections of the pool, and how long one more caller waits; for ever."""
    begin(POOL_WAIT, [service])
    begin(STATEMENT_SECONDS, [schema])
    POOL.labels(service, "busy").set_function(lambda: pool.get_size() - pool.get_idle_size())
    POOL.labels(service, "idle").set_function(pool.get_idle_size)
    POOL.labels(service, "most").set_function(pool.get_max_size)
    async for _ in pulse.rounds("pool", 1.0):
        began = time.perf_counter()
        try:
            async with pool.acquire():
                POOL_WAIT.labels(service).observe(time.perf_counter() - began)
        except TRANSIENT as error:
            _left_out(error)


async def measure_backlog(pool: Pool, schema: str, groups: Iterable[str], pulse: Pulse) -> None:
    """Tell what waits in the tables of the shell, for ever."""
    known = set(groups)
    begin(UNSENT, [schema])
    async for _ in pulse.rounds("backlog", LOOK):
        try:
            rows = await pool.fetch(BACKLOG)
        except TRANSIENT as error:
            _left_out(error)
        else:
            _tell(schema, known, rows)


def _tell(schema: str, known: set[str], rows: Iterable[Any]) -> None:
    found = {(row["what"], row["consumer"]): row["rows"] for row in rows}
    UNSENT.labels(schema).set(found.pop(("unsent", ""), 0))
    known |= {group for _, group in found}
    for group in known:
        PARKED.labels(group).set(found.get(("parked", group), 0))
        LINKS_OPEN.labels(group).set(found.get(("links", group), 0))


def _left_out(error: Exception) -> None:
    """While the database is away the last figures stand; readiness says that it is away."""
    log.info("measure.left_out", extra={"error": str(error)})
