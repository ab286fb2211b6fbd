"""Listens for pushes of any instance (LISTEN/NOTIFY). A hint only: the mailbox is the truth.

The transaction of the push sends the notification, so it arrives with the commit.
"""

import asyncio
import logging
from collections.abc import Callable

from backbone.postgres.pool import connect, is_transient
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from services.emergency.mailbox import CHANNEL

log = logging.getLogger(__name__)


# Takes the team, its last push, and its last step.
Look = Callable[[str, int, int], None]


async def hear(settings: Settings, pulse: Pulse, look: Look) -> None:
    """Listen on a dedicated connection until cancelled; the poll covers a lost connection."""
    while True:
        pulse.beat("wakes")
        try:
            await _listen(settings, pulse, look)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("wakes.away", extra={"error": str(error)})
        await asyncio.sleep(1)


async def _listen(settings: Settings, pulse: Pulse, look: Look) -> None:
    def heard(*said: object) -> None:
        parts = str(said[-1]).split(" ", 2)
        if len(parts) == 3:  # the team alone is said for, or by, a process of a release before
            look(parts[2], int(parts[0]), int(parts[1]))

    conn = await connect(settings.database_url, settings.schema)
    try:
        await conn.add_listener(CHANNEL, heard)
        while True:
            pulse.beat("wakes")
            await asyncio.sleep(5)
            await conn.execute("SELECT 1")  # detects a half-open connection
    finally:
        conn.terminate()
