"""Deputies for a period: with the role and the unit of the person whom they stand in for.

A deputy is of the person's unit, or of one above it: an accusation of a unit is read by those who
work on it, and a right that is lent beside or below would carry it to the accused.

A deputy acts as `<deputy>><person>`, so every record shows both. Matters entrusted to the person
by name stays the person's: the rights are those of the role.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backbone.postgres.pool import Pool
from backbone.process import clock
from services.gateway.accounts import audit, storage
from services.gateway.accounts.audit import Line
from services.gateway.accounts.coded import Coded
from services.gateway.http.problems import Flaw, Problem

LONGEST = timedelta(days=366)
LAST_NUMBER = 2**63 - 1  # of a column

APPOINT = """
INSERT INTO deputies (person, deputy, start_time, end_time, made_by)
VALUES ($1, $2, $3, $4, $5) RETURNING *
"""
SHOWN = ("id", "person", "deputy", "start_time", "end_time", "made_by")
LIST = """
SELECT * FROM deputies
WHERE end_time > now() AND ($1 = '' OR person = $1 OR deputy = $1) ORDER BY start_time, id
"""
UNIT = "SELECT unit FROM accounts WHERE user_name = $1"
RUNNING = """
SELECT * FROM deputies
WHERE id = $1 AND end_time > now() AND ($2 = '' OR person = $2) FOR UPDATE
"""
END = """
UPDATE deputies SET end_time = greatest(now(), start_time) WHERE id = $1 RETURNING *
"""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` on, and no longer than to `end`."""

    start: datetime
    end: datetime


def require_period(period: Period, now: datetime) -> None:
    """Raises Problem 422 for a period that is upside down, over, or too long."""
    said = {"first_time": period.start.isoformat(), "last_time": period.end.isoformat()}
    if period.start >= period.end:
        raise Problem(422, "DEPUTY_PERIOD_UPSIDE_DOWN", said)
    if period.end <= now:
        raise Problem(422, "DEPUTY_PERIOD_OVER", said)
    if period.end - period.start > LONGEST:
        raise Problem(422, "DEPUTY_PERIOD_TOO_LONG", said | {"most": LONGEST.days})


@dataclass(frozen=True, slots=True)
class Deputies:
    """The deputies of all persons. `may_stand_in` says of the units of deputy and person whether
    the one may have the other's rights."""

    pool: Pool
    coded: Coded
    may_stand_in: Callable[[str, str], Awaitable[bool]]

    async def appoint(self, lent: str, taken: str, period: Period, actor: str) -> dict[str, Any]:
        """Let one person stand in for another; return the line of the list. Raises Problem 403,
        404, 422."""
        require_period(period, clock.now())
        # Before the transaction, which must be short: what changes meanwhile is found at each use.
        account = await self._account(lent, "person")
        other = await self._account(taken, "deputy")
        person, deputy = account["user_name"], other["user_name"]
        if person == deputy:
            raise Problem(422, "OWN_DEPUTY", {"user": person})
        if not await self.may_stand_in(other["unit"], account["unit"]):
            raise elsewhere(person, account["unit"])
        async with audit.audited(self.pool) as conn:
            times = (period.start, period.end)
            row: Any = await conn.fetchrow(APPOINT, person, deputy, *times, actor)
            await self.coded.deputies.code(conn, [row])
            facts = {
                "deputy": deputy,
                "start_time": period.start.isoformat(),
                "end_time": period.end.isoformat(),
            }
            line = Line("DEPUTY_APPOINTED", person, account["unit"], actor, facts=facts)
            await audit.save(conn, line)
        return shown(row)

    async def of(self, user: str = "") -> list[dict[str, Any]]:
        """The deputies of now and later: all, or those of one who is either of the two."""
        rows = await self.coded.deputies.sound(self.pool, await self.pool.fetch(LIST, user))
        return [shown(row) for row in rows]

    async def end(self, number: int, actor: str, person: str = "") -> None:
        """End the period now; `person` limits it to that person's own. Raises Problem 404."""
        if not 0 < number <= LAST_NUMBER:
            raise Problem(404, "NO_SUCH_DEPUTY")
        async with audit.audited(self.pool) as conn:
            row = await conn.fetchrow(RUNNING, number, person)
            if row is None:
                raise Problem(404, "NO_SUCH_DEPUTY")
            ended: Any = await conn.fetchrow(END, number)
            if await self.coded.deputies.is_sound(conn, row):  # a forged one ends as what it is
                await self.coded.deputies.code(conn, [ended])
            unit = await conn.fetchval(UNIT, row["person"])
            facts = {"deputy": row["deputy"]}
            line = Line("DEPUTY_ENDED", row["person"], unit, actor, facts=facts)
            await audit.save(conn, line)

    async def _account(self, user: str, field: str) -> Any:
        account = await storage.account_of(self.pool, self.coded, user)
        if account is None:
            raise no_such_account(user, field)
        return account


def no_such_account(user: str, field: str) -> Problem:
    """The refusal of a field of the request that names no account."""
    facts = {"user": user}
    return Problem(404, "NO_SUCH_ACCOUNT", facts, [Flaw(field, "NO_SUCH_ACCOUNT", facts)])


def elsewhere(person: str, unit: str) -> Problem:
    """The refusal of a deputy of a unit that is neither the person's nor above it."""
    return Problem(403, "DEPUTY_OF_OTHER_UNIT", {"user": person, "unit": unit})


def shown(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in SHOWN}
