"""Notices within a second that an account, a key or a session has lost what it had."""

from dataclasses import dataclass, field

from backbone.postgres.pool import Pool, said_by
from backbone.process.pulse import Pulse
from services.gateway.accounts import storage
from services.gateway.accounts.auth import Authenticator
from services.gateway.live.streams import Streams

PAUSE = 1.0


@dataclass(slots=True)
class Rights:
    """Looks every caller up anew, and every open stream, when the version of the rights moves."""

    pool: Pool
    authenticator: Authenticator
    streams: Streams
    _version: int = field(default=-1)

    async def run(self, pulse: Pulse) -> None:
        """Ask each second what has changed, and so also whether the database answers."""
        async for _ in pulse.rounds("rights", PAUSE):
            try:
                await self.look()
                pulse.have("database")
            except Exception as error:  # noqa: BLE001 - readiness reports it, requests try again
                pulse.lack("database", said_by(error))

    async def look(self) -> None:
        """Raises asyncpg's errors while the database does not answer."""
        version = await storage.rights_version(self.pool)
        if version != self._version:
            self._version = version
            self.authenticator.forget_all()
            self.streams.look_again()
