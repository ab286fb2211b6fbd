"""Tracking 查询: a citizen reads a petition by its code and PIN; attempts are limited.

Wrong PINs lock the address that guesses, so that a stranger cannot lock the petitioner out. Only
against very many addresses that guess one PIN together the code itself is locked, too.
"""

import hmac
import math
from datetime import timedelta
from uuid import UUID

from backbone.door.decider import Decider
from backbone.postgres.pool import Pool
from backbone.postgres.sealing import Sealer
from backbone.words.errors import Denied, NotFound, Refusal
from backbone.words.matter_code import code_of
from backbone.words.texts import squeezed
from services.petition import storage
from services.petition.metrics import TRACKINGS
from services.petition.petition.record import Petition

DIGITS = 6
# Of one address at one code; of one address at all codes, and of all addresses at one code.
MOST_ATTEMPTS = 5
MOST_OF_ALL = 50
WINDOW = timedelta(minutes=15)
LONGEST_CODE = 40
# Stands in for an unknown code, so that the PIN check takes the same time.
NOBODY = UUID(int=0)


def pin_of(petition_id: UUID, sealer: Sealer) -> str:
    """The PIN, derived from the id and the service's first key. It is not stored; a repeated
    registration shows it again, even after a key rotation."""
    number = int(sealer.index("pin", str(petition_id)), 16)
    return f"{number % 10**DIGITS:0{DIGITS}d}"


class Tracking:
    """Finds a petition by code and PIN; a refusal does not tell which of the two was wrong."""

    def __init__(self, pool: Pool, decider: Decider[Petition], sealer: Sealer) -> None:
        self._pool = pool
        self._decider = decider
        self._sealer = sealer

    async def find(self, code: str, pin: str, address: str) -> Petition:
        """Raises NotFound; after too many attempts Denied, with the seconds until the next one."""
        try:
            petition = await self._find(code_of(code), squeezed(pin), address)
        except Refusal as refusal:
            TRACKINGS.labels(refusal.reason).inc()
            raise
        TRACKINGS.labels("SHOWN").inc()
        return petition

    async def _find(self, code: str, pin: str, address: str) -> Petition:
        if len(code) > LONGEST_CODE:
            raise NotFound("NO_SUCH_CODE")
        await self._pool.execute(storage.SWEEP)
        # An address is personal data: only its keyed hash is kept.
        guesser = self._sealer.index("address", address)
        here = f"{code} {guesser}"
        await self._count(here, MOST_ATTEMPTS)
        await self._count(f"* {guesser}", MOST_OF_ALL)
        await self._count(code, MOST_OF_ALL)
        row = await self._pool.fetchrow(storage.BY_CODE, code)
        petition = self._decider.from_row(row) if row else None
        right = pin_of(petition.id if petition else NOBODY, self._sealer)
        if not hmac.compare_digest(pin.encode(), right.encode()) or petition is None:
            raise NotFound("NO_SUCH_CODE")
        await self._pool.execute(storage.FORGIVE, [code, here, f"* {guesser}"])
        return petition

    async def _count(self, who: str, most: int) -> None:
        """Count an attempt. Raises Denied if there were too many."""
        [attempt] = await self._pool.fetch(storage.ATTEMPT, who, WINDOW)
        if attempt["attempts"] > most:
            seconds = max(1, math.ceil(attempt["locked"].total_seconds()))
            raise Denied("TRACKING_LOCKED", seconds=seconds, minutes=math.ceil(seconds / 60))
