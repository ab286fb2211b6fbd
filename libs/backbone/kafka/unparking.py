"""Applies by itself what waits for nothing but a newer release: events that were of unknown kinds.

During an upgrade a process of the old release reads what one of the new release has written. It
parks an event whose kind it does not know; a process of the new release takes it from there.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from backbone.kafka.applier import UNKNOWN
from backbone.kafka.inbox import Inbox
from backbone.kafka.producer import is_passing
from backbone.kafka.subscription import Subscription, kind_of
from backbone.postgres.pool import Pool
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

LOOK = 5.0

# Applies the parked events of one source in order; returns how many, and how many still wait.
Replay = Callable[[UUID], Awaitable[tuple[int, int]]]


async def run_unparking(
    pool: Pool, subscription: Subscription, replay: Replay, pulse: Pulse
) -> None:
    """Look for ever, at a start and every few seconds: the old process may still be parking."""
    loop = f"parked {subscription.group}"
    async for _ in pulse.rounds(loop, LOOK):
        try:
            for source in await known_now(pool, subscription):
                pulse.beat(loop)
                applied, waiting = await replay(source)
                log.info("parked.applied", extra={"applied": applied, "waiting": waiting})
        except Exception as error:
            if not is_passing(error):
                raise


async def known_now(pool: Pool, subscription: Subscription) -> Sequence[UUID]:
    """The sources whose first parked event was of an unknown kind, which is a known one here."""
    return [
        row["source"]
        for row in await Inbox(subscription.group).first_of_each(pool)
        if row["reason"] == UNKNOWN
        and kind_of(subscription.event.FromString(row["value"])) is not None
    ]
