"""Tracking 查询: a citizen follows a petition with its code and a PIN, and guesses get nowhere."""

import hmac
from datetime import timedelta
from uuid import UUID

from backbone.decider import Decider
from backbone.errors import Denied, NotFound, Refusal
from backbone.postgres import Pool
from backbone.sealing import Sealer
from services.petition import storage
from services.petition.domain import Command, Event
from services.petition.domain.petition import Petition
from services.petition.metrics import TRACKINGS

DIGITS = 6
MOST_ATTEMPTS = 5
WINDOW = timedelta(minutes=15)


def pin_of(petition_id: UUID, sealer: Sealer) -> str:
    """The PIN follows from the id and the service's key: a repeated registration shows it again,
    and it is stored nowhere."""
    number = int(sealer.index("pin", str(petition_id)), 16)
    return f"{number % 10**DIGITS:0{DIGITS}d}"


class Tracking:
    """Answers whoever has both the code and the PIN; which of them was wrong is not told."""

    def __init__(
        self, pool: Pool, decider: Decider[Petition, Command, Event], sealer: Sealer
    ) -> None:
        self._pool = pool
        self._decider = decider
        self._sealer = sealer

    async def find(self, code: str, pin: str) -> Petition:
        """Raises NotFound, or Denied after too many attempts."""
        try:
            found = await self._find(code, pin)
        except Refusal as refusal:
            TRACKINGS.labels(refusal.reason).inc()
            raise
        TRACKINGS.labels("SHOWN").inc()
        return found

    async def _find(self, code: str, pin: str) -> Petition:
        row = await self._pool.fetchval(storage.BY_CODE, code.strip())
        if row is None:
            raise NotFound("NO_SUCH_CODE")
        found = self._decider.from_row(row)
        attempts = await self._pool.fetchval(storage.ATTEMPT, found.id, WINDOW)
        if attempts > MOST_ATTEMPTS:
            raise Denied("TRACKING_LOCKED", minutes=WINDOW.seconds // 60)
        if not hmac.compare_digest(pin.strip().encode(), pin_of(found.id, self._sealer).encode()):
            raise NotFound("NO_SUCH_CODE")
        await self._pool.execute(storage.FORGIVE, found.id)
        return found
