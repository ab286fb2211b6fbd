"""Orders whose answer this service has not heard, as it died before: asked for again at a start.

The order's event gets it to the emergency service, but a refusal there reaches no desk: the receipt
would show the order as standing for ever, and the team could not be sent again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from backbone.postgres.pool import Pool, is_transient
from backbone.process.pulse import Pulse
from backbone.words.actor import Actor
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from services.alarm.orders import Orders

log = logging.getLogger(__name__)

# The orders of the last hour, among the last events: no index leads to them.
RECENT = """
SELECT aggregate_id, payload FROM (
    SELECT aggregate_id, kind, time, payload FROM journal ORDER BY position DESC LIMIT 5000
) AS last
WHERE kind = 'liandong.alarm.dispatch_ordered.v1' AND time > clock_timestamp() - interval '1 hour'
"""
REST = 1.0


async def ask_again(pool: Pool, orders: Orders, pulse: Pulse) -> None:
    """Ask for each order until it was heard of, and then for none."""
    left: list[Any] | None = None
    while True:
        pulse.beat("unanswered orders")
        try:
            if left is None:
                left = [*await pool.fetch(RECENT)]
            await in_turn(left, partial(_is_heard, orders))
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("unanswered.away", extra={"error": str(error)})
        await asyncio.sleep(REST)


async def in_turn(left: list[Any], is_heard: Callable[[Any], Awaitable[bool]]) -> None:
    """Ask for the orders one by one and remove each that is answered. The first one without an
    answer goes to the end of the queue, and the round stops."""
    while left:
        first = left.pop()
        if not await is_heard(first):
            left.insert(0, first)
            return


async def _is_heard(orders: Orders, row: Any) -> bool:
    event = AlarmEvent.FromString(row["payload"])
    by = Actor(event.meta.actor, event.meta.unit)
    return await orders.ask_again(row["aggregate_id"], event.dispatch_ordered.order, by)
