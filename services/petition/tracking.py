"""Tracking 查询: a citizen reads a petition by its code and PIN; attempts are limited.

Wrong PINs lock the address that guesses, so that a stranger cannot lock the petitioner out. Against
many addresses there are two more counts: of all that guess at one code, which the petitioner does
not feel at an address that the code was read from before, and of one PIN that is tried at many
codes.
"""

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from uuid import UUID

from backbone.door.rows import RowsOf
from backbone.postgres.asking import Asked
from backbone.postgres.conditions import equal
from backbone.postgres.pool import Pool
from backbone.postgres.sealing import Sealer
from backbone.process.settings import SettingsError
from backbone.words.errors import Denied, NotFound, Refusal
from backbone.words.matter_code import code_of
from backbone.words.texts import squeezed
from services.petition import storage
from services.petition.metrics import TRACKINGS
from services.petition.petition.record import Petition

DIGITS = 8
# The digits of PINs from before PINs were numbered.
OLD_DIGITS = 6
LONGEST_CODE = 40
# Stands in for an unknown code, so that the PIN check takes the same time.
NOBODY = UUID(int=0)
PREFIX = "LIANDONG_TRACKING_"


@dataclass(frozen=True, slots=True)
class Limits:
    """Attempts within the window: of one address at one code, of one address at all codes, of all
    addresses at one code, and of one PIN at all codes. Each is set by `LIANDONG_TRACKING_<NAME>`.
    """

    attempts: int = 5
    address_attempts: int = 50
    code_attempts: int = 50
    pin_attempts: int = 20
    window_minutes: int = 15
    known_address_days: int = 90


def read_limits(environ: Mapping[str, str]) -> Limits:
    """Raises SettingsError with the names of all malformed settings."""
    names = [each.name for each in fields(Limits)]
    given = {
        name: environ[PREFIX + name.upper()] for name in names if PREFIX + name.upper() in environ
    }
    flaws = [
        f"{PREFIX}{name.upper()} is not a whole number above 0: {text!r}"
        for name, text in given.items()
        if not text.isdecimal() or not int(text)
    ]
    if flaws:
        raise SettingsError("petition cannot start: " + "; ".join(flaws))
    return Limits(**{name: int(text) for name, text in given.items()})


def pin_of(petition_id: UUID, issue: int, sealer: Sealer) -> str:
    """The PIN, derived from the id, the number of its issue and the service's first key. It is
    stored nowhere; a repeated registration shows it again, even after a key rotation."""
    if not issue:
        number = int(sealer.index("pin", str(petition_id)), 16)
        return f"{number % 10**OLD_DIGITS:0{OLD_DIGITS}d}"
    number = int(sealer.index("pin", f"{petition_id}/{issue}"), 16)
    return f"{number % 10**DIGITS:0{DIGITS}d}"


class Tracking:
    """Finds a petition by code and PIN; a refusal does not tell which of the two was wrong."""

    def __init__(self, pool: Pool, rows: RowsOf, sealer: Sealer, limits: Limits) -> None:
        self._pool = pool
        self._rows = rows
        self._sealer = sealer
        self._limits = limits

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
        # An address and a PIN are secrets: only their keyed hash is kept.
        guesser = self._sealer.index("address", address)
        here, known = f"{code} {guesser}", f"known {code} {guesser}"
        others = await self._count(code, guesser, self._sealer.index("guess", pin))
        rows = await self._pool.fetch(storage.BY_CODE, code)
        shown = await self._rows.all_shown(rows, Asked(((equal("code", code),),)))
        petition: Petition | None = next((row.state for row in shown), None)
        whom = (petition.id, petition.pin_issue) if petition else (NOBODY, 1)
        right = pin_of(*whom, self._sealer)
        if not hmac.compare_digest(pin.encode(), right.encode()) or petition is None:
            raise NotFound("NO_SUCH_CODE")
        await self._pool.execute(storage.FORGIVE, here)
        await self._pool.execute(storage.TAKE_BACK, others)
        days = timedelta(days=self._limits.known_address_days)
        await self._pool.execute(storage.REMEMBER, known, days)
        return petition

    async def _count(self, code: str, guesser: str, pin: str) -> list[str]:
        """Count an attempt, and return the counts that a right PIN takes its attempt back from.
        Raises Denied if there were too many."""
        limits = self._limits
        counts = {f"* {guesser}": limits.address_attempts, f"pin {pin}": limits.pin_attempts}
        if not await self._pool.fetchval(storage.KNOWN, f"known {code} {guesser}"):
            counts[code] = limits.code_attempts
        window = timedelta(minutes=limits.window_minutes)
        for who, most in ((f"{code} {guesser}", limits.attempts), *counts.items()):
            [attempt] = await self._pool.fetch(storage.ATTEMPT, who, window)
            if attempt["attempts"] > most:
                seconds = max(1, math.ceil(attempt["locked"].total_seconds()))
                raise Denied("TRACKING_LOCKED", seconds=seconds, minutes=math.ceil(seconds / 60))
        return list(counts)
