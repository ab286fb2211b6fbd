"""The keys of one service: those of its sealed fields, and those of free texts if it keeps some."""

import asyncio
import logging

from backbone.postgres.data_keys import FIELDS, SPANS, TEXTS, DataKeys, read_keys, run_keys
from backbone.postgres.pool import Pool, said_by
from backbone.postgres.sealing import Sealer
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings

log = logging.getLogger(__name__)

PATIENCE = 2.0


class ServiceKeys:
    """Key providers of both kinds, and the sealer that uses them."""

    def __init__(self, settings: Settings) -> None:
        self.fields = DataKeys(settings.schema, FIELDS, settings.keyring)
        self.texts = DataKeys(TEXTS, SPANS, settings.texts) if settings.texts else None
        self.sealer = Sealer(self.fields, self.texts)
        self._all = [self.fields, self.texts] if self.texts else [self.fields]

    async def read(self, pool: Pool) -> None:
        """Read the keys before the first call, unless the database is away."""
        try:
            async with asyncio.timeout(PATIENCE):
                await read_keys(pool, self._all)
        except Exception as error:  # noqa: BLE001  # `run` goes on
            log.warning("keys.away", extra={"error": said_by(error)})

    async def run(self, pool: Pool, pulse: Pulse) -> None:
        """Know the keys that are added while the service runs; for ever."""
        await run_keys(pool, pulse, self._all)
