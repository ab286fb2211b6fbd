"""Wrong passwords delay the next attempt, more and more; the person who was here before gets in.

Three counts delay a stranger: those of the name from this address, of the name from all addresses
where that person has not signed in, and of the address over all names. Where the person has signed
in before, or in a control room's network, only the first one does, and its delay stays short: a
stranger elsewhere cannot lock out a call-taker by guessing the name. An attempt is counted before
its password is checked, so that many at once are no way around it. An attempt during a delay is
refused unchecked and makes the delay no longer. Names that do not exist count alike, and all
spellings of one name are one.
"""

import hmac
import math
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from backbone.postgres.pool import Connection, Pool, transaction
from services.gateway.accounts.rules import folded
from services.gateway.http.addresses import Networks
from services.gateway.http.problems import Problem
from services.gateway.metrics import LIMITED
from services.gateway.settings import GatewaySettings

KNOWN = "SELECT true FROM known_addresses WHERE who = $1 AND forget_time > clock_timestamp()"
# A delay that ends later than its count allows was written before the clock was set back: the next
# attempt is counted at once.
_DELAY = """
CASE WHEN {wrong} < $2 THEN interval '0'
ELSE least($4::interval, $3::interval * power(2, least({wrong} - $2, 30))) END
"""
COUNT = f"""
INSERT INTO guesses AS g (who, of_name, wrong, free_time, forget_time)
VALUES ($1, $6, 1, clock_timestamp(), clock_timestamp() + $5)
ON CONFLICT (who) DO UPDATE SET
    wrong = CASE WHEN g.forget_time < clock_timestamp() THEN 1 ELSE g.wrong + 1 END,
    free_time = clock_timestamp() + CASE WHEN g.forget_time < clock_timestamp() THEN interval '0'
        ELSE {_DELAY.format(wrong="(g.wrong + 1)")} END,
    forget_time = excluded.forget_time, of_name = excluded.of_name
WHERE g.free_time <= clock_timestamp()
    OR g.free_time > clock_timestamp() + {_DELAY.format(wrong="g.wrong")}
RETURNING true
"""  # noqa: S608  # of our own parts
DELAY = "SELECT max(free_time) - clock_timestamp() FROM guesses WHERE who = ANY($1)"
FORGIVE = "DELETE FROM guesses WHERE who = $1"
# Forget the guesses at a name from all addresses; the count of an address over all names stays.
FORGET = "DELETE FROM guesses WHERE who = $1 OR of_name = $1"
# The own attempt is taken back, and no other: an account of one's own is no way to guess on.
TAKE_BACK = """
UPDATE guesses SET wrong = greatest(wrong - 1, 0), free_time = clock_timestamp()
WHERE who = ANY($1)
"""
REMEMBER = """
INSERT INTO known_addresses (who, forget_time) VALUES ($1, clock_timestamp() + $2)
ON CONFLICT (who) DO UPDATE SET forget_time = excluded.forget_time
"""


class _Delayed(Exception):
    """One of the counts has a delay; none of them is counted then."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that was counted: the name from its address, and the counts beside it."""

    here: str
    others: tuple[str, ...]
    name: str = ""


class Guessing:
    """Counts attempts in Postgres, so that all gateways know of them, also after a restart."""

    def __init__(self, pool: Pool, key: bytes, own: GatewaySettings) -> None:
        self._pool, self._own = pool, own
        self._key = key_of(key)
        self._known_networks = Networks(own.known_networks)

    async def attempt(self, user: str, address: str) -> Attempt:
        """Count an attempt. Raises Problem 429, with the seconds to wait, during a delay."""
        here, own = self._who("here", folded(user), address), self._own
        name = name_of(self._key, user)
        short = own.longest_delay_at_home_seconds
        if await self._is_known(here, address):
            return await self._count(Attempt(here, (), name), {here: (own.wrong_free, short)})
        place = self._who("address", address)
        longest = own.longest_delay_seconds
        counts = {
            here: (own.wrong_free, longest),
            name: (own.wrong_of_name_free, longest),
            place: (own.wrong_of_address_free, longest),
        }
        return await self._count(Attempt(here, (name, place), name), counts)

    async def succeeded(self, attempt: Attempt) -> None:
        """The password was right: this address is known from now on."""
        days = timedelta(days=self._own.known_address_days)
        await self._pool.execute(FORGIVE, attempt.here)
        if attempt.others:
            await self._pool.execute(TAKE_BACK, attempt.others)
        await self._pool.execute(REMEMBER, attempt.here, days)

    async def _is_known(self, here: str, address: str) -> bool:
        if address.partition("/")[0] in self._known_networks:
            return True
        return bool(await self._pool.fetchval(KNOWN, here))

    async def _count(self, attempt: Attempt, counts: dict[str, tuple[float, float]]) -> Attempt:
        first = timedelta(seconds=self._own.first_delay_seconds)
        kept = timedelta(hours=self._own.wrong_kept_hours)
        try:
            async with transaction(self._pool) as conn:
                for who, (free, longest) in sorted(counts.items()):
                    most = timedelta(seconds=longest)
                    of = attempt.name if who == attempt.here else ""
                    if not await conn.fetchval(COUNT, who, int(free), first, most, kept, of):
                        raise _Delayed
        except _Delayed:
            await self._refuse(list(counts))
        return attempt

    async def _refuse(self, counts: list[str]) -> None:
        delay = await self._pool.fetchval(DELAY, counts)
        seconds = max(1, math.ceil(delay.total_seconds()) if delay else 1)
        LIMITED.labels("guessing").inc()
        headers = {"Retry-After": str(seconds)}
        raise Problem(429, "RATE_LIMITED", {"seconds": seconds}, headers=headers)

    def _who(self, *parts: str) -> str:
        return who_of(self._key, *parts)


async def forget_guesses(conn: Connection | Pool, key: bytes, user: str) -> None:
    """Take back what was guessed under the name; `key` is the lasting key of the gateway."""
    await conn.execute(FORGET, name_of(key_of(key), user))


def key_of(key: bytes) -> bytes:
    return hmac.digest(key, b"guessing", sha256)


def name_of(key: bytes, user: str) -> str:
    """The name over all addresses."""
    return who_of(key, "name", folded(user))


def who_of(key: bytes, *parts: str) -> str:
    return hmac.new(key, "\0".join(parts).encode(), sha256).hexdigest()[:32]
