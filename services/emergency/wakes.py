"""Wakes: tells the other instances that something was pushed, and hears them. A hint, no truth."""

import asyncio
import logging
from collections.abc import Callable

from backbone.postgres import Pool, connect, is_transient
from backbone.pulse import Pulse
from backbone.settings import Settings

log = logging.getLogger(__name__)

CHANNEL = "emergency_pushes"
# After the commit and never inside it; the durable part is durable already.
TELL = """
SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, '')
"""


class Wakes:
    """`look` is what an instance does when it hears of a push, its own ones included."""

    def __init__(
        self, pool: Pool, settings: Settings, pulse: Pulse, look: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._pulse = pulse
        self._look = look
        self._pushed = asyncio.Event()

    def pushed(self) -> None:
        """A push was committed: wake the own terminals now, and the others through Postgres."""
        self._look()
        self._pushed.set()

    async def tell(self) -> None:
        """Tell for ever; many pushes at once are one notice."""
        while True:
            await self._pushed.wait()
            self._pushed.clear()
            try:
                await self._pool.execute(TELL, CHANNEL)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("wake.lost", extra={"error": str(error)})

    async def hear(self) -> None:
        """Listen for ever, on a connection of its own; while it is away, the poll does it."""
        while True:
            self._pulse.beat("wakes")
            try:
                await self._listen()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("wakes.away", extra={"error": str(error)})
            await asyncio.sleep(1)

    async def _listen(self) -> None:
        conn = await connect(self._settings.database_url, self._settings.schema)
        try:
            await conn.add_listener(CHANNEL, lambda *_: self._look())
            while True:
                self._pulse.beat("wakes")
                await asyncio.sleep(5)
                await conn.execute("SELECT 1")  # a half-open connection hears nothing
        finally:
            conn.terminate()
