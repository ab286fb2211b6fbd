"""Tracking 查询: a citizen follows a petition with its code and a PIN, and guesses get nowhere."""

import hmac
import math
from datetime import timedelta
from uuid import UUID

from backbone.door.decider import Decider
from backbone.postgres.pool import Pool
from backbone.postgres.sealing import Sealer
from backbone.words.errors import Denied, NotFound, Refusal
from services.petition import storage
from services.petition.metrics import TRACKINGS
from services.petition.petition.record import Petition

DIGITS = 6
MOST_ATTEMPTS = 5
WINDOW = timedelta(minutes=15)
LONGEST_CODE = 40
# Its PIN is compared where there is no petition: as much work as where there is one.
NOBODY = UUID(int=0)


def pin_of(petition_id: UUID, sealer: Sealer) -> str:
    """The PIN follows from the id and the service's lasting key: a repeated registration shows it
    again, also after a rotation, and it is stored nowhere."""
    number = int(sealer.index("pin", str(petition_id)), 16)
    return f"{number % 10**DIGITS:0{DIGITS}d}"


class Tracking:
    """Answers a caller who has both the code and the PIN; which of them was wrong is not told."""

    def __init__(self, pool: Pool, decider: Decider[Petition], sealer: Sealer) -> None:
        self._pool = pool
        self._decider = decider
        self._sealer = sealer

    async def find(self, code: str, pin: str) -> Petition:
        """Raises NotFound, or Denied after too many attempts, and when to come again."""
        try:
            petition = await self._find(code.strip(), pin.strip())
        except Refusal as refusal:
            TRACKINGS.labels(refusal.reason).inc()
            raise
        TRACKINGS.labels("SHOWN").inc()
        return petition

    async def _find(self, code: str, pin: str) -> Petition:
        if len(code) > LONGEST_CODE:
            raise NotFound("NO_SUCH_CODE")
        await self._pool.execute(storage.SWEEP)
        [attempt] = await self._pool.fetch(storage.ATTEMPT, code, WINDOW)
        if attempt["attempts"] > MOST_ATTEMPTS:
            seconds = max(1, math.ceil(attempt["locked"].total_seconds()))
            raise Denied("TRACKING_LOCKED", seconds=seconds, minutes=math.ceil(seconds / 60))
        row = await self._pool.fetchrow(storage.BY_CODE, code)
        petition = self._decider.from_row(row) if row else None
        right = pin_of(petition.id if petition else NOBODY, self._sealer)
        if not hmac.compare_digest(pin.encode(), right.encode()) or petition is None:
            raise NotFound("NO_SUCH_CODE")
        await self._pool.execute(storage.FORGIVE, code)
        return petition
