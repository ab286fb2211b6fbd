"""Accounts, keys, sessions and reveals in Postgres."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from backbone.postgres.pool import Pool

ACCOUNT = """
SELECT user_name, display_name, role, unit, area, team, password_hash
FROM accounts WHERE user_name = $1 AND NOT disabled
"""
OPEN_SESSION = """
WITH swept AS (
    DELETE FROM sessions WHERE token_hash IN (
        SELECT token_hash FROM sessions WHERE expire_time < now() ORDER BY expire_time LIMIT 20
    )
)
INSERT INTO sessions (token_hash, user_name, expire_time) VALUES ($1, $2, now() + $3)
RETURNING expire_time
"""
# Session tokens and API keys look alike, so one query searches both.
HOLDER = """
SELECT 'person' AS kind, a.user_name AS name, a.role, a.unit, a.area, a.team,
       s.expire_time
FROM sessions s JOIN accounts a USING (user_name)
WHERE s.token_hash = $1 AND s.expire_time > now() AND NOT a.disabled
UNION ALL
SELECT 'key', name, role, unit, area, team, NULL
FROM api_keys WHERE key_hash = $1 AND NOT disabled
LIMIT 1
"""
END_SESSION = "DELETE FROM sessions WHERE token_hash = $1"
REVEAL = """
INSERT INTO reveals (principal, user_name, unit, role, what, subject, purpose, trace)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
REVEALS = """
SELECT position, time, principal, user_name AS user, unit, role, what, subject, purpose, trace
FROM reveals
WHERE starts_with(unit, $1) AND ($2::text IS NULL OR subject = $2)
  AND ($3::bigint IS NULL OR position < $3)
ORDER BY position DESC LIMIT $4
"""
COUNT_REVEALS = """
SELECT count(*) FROM reveals WHERE starts_with(unit, $1) AND ($2::text IS NULL OR subject = $2)
"""
SAVE_ACCOUNT = """
INSERT INTO accounts (user_name, display_name, role, unit, area, team, password_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (user_name) DO UPDATE SET
    display_name = excluded.display_name, role = excluded.role, unit = excluded.unit,
    area = excluded.area, team = excluded.team, password_hash = excluded.password_hash,
    disabled = false, change_time = now()
"""
SAVE_KEY = """
INSERT INTO api_keys (key_hash, name, role, unit, area, team)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (key_hash) DO UPDATE SET
    name = excluded.name, role = excluded.role, unit = excluded.unit, area = excluded.area,
    team = excluded.team, disabled = false, change_time = now()
"""


async def account_of(pool: Pool, user: str) -> Any:
    return await pool.fetchrow(ACCOUNT, user)


async def open_session(pool: Pool, token_hash: bytes, user: str, lifetime: timedelta) -> datetime:
    """Store the session and delete a few expired ones. Returns the time of its expiry."""
    end: datetime = await pool.fetchval(OPEN_SESSION, token_hash, user, lifetime)
    return end


async def holder_of(pool: Pool, token_hash: bytes) -> Any:
    """The holder of a valid token or key, or None."""
    return await pool.fetchrow(HOLDER, token_hash)


async def end_session(pool: Pool, token_hash: bytes) -> None:
    await pool.execute(END_SESSION, token_hash)


async def save_reveal(pool: Pool, *line: str) -> None:
    await pool.execute(REVEAL, *line)


async def reveals(
    pool: Pool, within: str, subject: str | None, before: int | None, size: int
) -> list[Any]:
    """The reveals, the latest first; `within` is the prefix of the units' codes."""
    return list(await pool.fetch(REVEALS, within, subject, before, size))


async def count_reveals(pool: Pool, within: str, subject: str | None) -> int:
    return int(await pool.fetchval(COUNT_REVEALS, within, subject))


async def save_accounts(pool: Pool, rows: Sequence[Sequence[Any]]) -> None:
    await pool.executemany(SAVE_ACCOUNT, rows)


async def save_keys(pool: Pool, rows: Sequence[Sequence[Any]]) -> None:
    await pool.executemany(SAVE_KEY, rows)
