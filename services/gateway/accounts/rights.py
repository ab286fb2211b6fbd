"""Notices within a second that an account, a key or a session has lost what it had, and how the
persons and systems behind new accounts and keys are called."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backbone.postgres.pool import Pool, said_by
from backbone.process.pulse import Pulse
from services.gateway.accounts import storage
from services.gateway.accounts.auth import Authenticator
from services.gateway.accounts.coded import Coded
from services.gateway.contract.naming import Names
from services.gateway.live.streams import Streams

PAUSE = 1.0
# An account may be committed so long after its time.
SETTLED = timedelta(seconds=30)
FIRST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Rights:
    """Looks every caller up anew, and every open stream, when the version of the rights moves."""

    pool: Pool
    coded: Coded
    authenticator: Authenticator
    streams: Streams
    names: Names
    _version: tuple[int, ...] = ()
    _named: datetime = FIRST

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
            await self._learn_names()
            self._version = version
            self.authenticator.forget_all()
            self.streams.look_again()

    async def _learn_names(self) -> None:
        """The city pack names its own staff; the others are named by their accounts, and systems
        by the units that their keys are of."""
        self.names.learn_keys(await storage.key_owners(self.pool, self.coded))
        rows = await storage.names_since(self.pool, self.coded, self._named - SETTLED)
        self.names.learn_accounts({row["user_name"]: row["display_name"] for row in rows})
        self._named = max((row["change_time"] for row in rows), default=self._named)
