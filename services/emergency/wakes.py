"""Hears in which mailboxes something was pushed, by whichever instance. A hint, never the truth.

The mailbox says so in the transaction of the push, so that it is heard with the commit.
"""

import asyncio
import logging
from collections.abc import Callable

from backbone.postgres.pool import connect, is_transient
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from services.emergency.storage import CHANNEL

log = logging.getLogger(__name__)


async def hear(settings: Settings, pulse: Pulse, look: Callable[[str], None]) -> None:
    """Listen for ever, on a connection of its own; while it is away, the poll does it."""
    while True:
        pulse.beat("wakes")
        try:
            await _listen(settings, pulse, look)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("wakes.away", extra={"error": str(error)})
        await asyncio.sleep(1)


async def _listen(settings: Settings, pulse: Pulse, look: Callable[[str], None]) -> None:
    conn = await connect(settings.database_url, settings.schema)
    try:
        await conn.add_listener(CHANNEL, lambda conn, pid, channel, team: look(str(team)))
        while True:
            pulse.beat("wakes")
            await asyncio.sleep(5)
            await conn.execute("SELECT 1")  # a half-open connection hears nothing
    finally:
        conn.terminate()
