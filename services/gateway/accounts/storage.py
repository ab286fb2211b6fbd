"""Accounts, keys, sessions and reveals in Postgres."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from backbone.postgres.pool import Connection, Pool
from services.gateway.accounts import audit
from services.gateway.accounts.audit import Line

ACCOUNT = """
SELECT user_name, display_name, role, unit, area, team, password_hash
FROM accounts WHERE user_name = $1 AND NOT disabled AND is_in_force(demo)
"""
OPEN_SESSION = """
INSERT INTO sessions (token_hash, user_name, expire_time) VALUES ($1, $2, now() + $3)
RETURNING expire_time
"""
# Session tokens and API keys look alike, so one query searches both.
HOLDER = """
SELECT 'person' AS kind, user_name AS name, role, unit, area, team
FROM sessions JOIN accounts USING (user_name)
WHERE token_hash = $1 AND expire_time > now() AND NOT disabled AND is_in_force(demo)
UNION ALL
SELECT 'key', name, role, unit, area, team
FROM api_keys WHERE key_hash = $1 AND NOT disabled AND is_in_force(demo)
LIMIT 1
"""
DEPUTISED = """
SELECT user_name AS name, role, unit, area, team,
       EXISTS (SELECT FROM second_factors f WHERE f.user_name = deputy) AS second_factor
FROM deputies JOIN accounts ON user_name = person
WHERE deputy = $1 AND person = $2 AND now() >= start_time AND now() < end_time
  AND NOT disabled AND is_in_force(demo)
LIMIT 1
"""
RIGHTS = "SELECT version FROM rights"
END_SESSION = "DELETE FROM sessions WHERE token_hash = $1"
END_SESSIONS = "DELETE FROM sessions WHERE user_name = $1 AND token_hash <> $2"
REVEAL = """
INSERT INTO reveals (principal, user_name, unit, role, what, subject, purpose, trace)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# An account that exists stays as it is: loading gives nothing back that was taken away.
ADD_ACCOUNT = """
INSERT INTO accounts
    (user_name, folded, display_name, role, unit, area, team, password_hash, demo)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
"""
ADD_KEY = """
INSERT INTO api_keys (key_hash, name, role, unit, area, team, demo)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
"""


async def account_of(pool: Pool, user: str) -> Any:
    return await pool.fetchrow(ACCOUNT, user)


async def open_session(pool: Pool, token_hash: bytes, lifetime: timedelta, line: Line) -> datetime:
    """Store the session of the line's subject, with its line of the audit. Returns the time of its
    expiry."""
    async with audit.audited(pool) as conn:
        end: datetime = await conn.fetchval(OPEN_SESSION, token_hash, line.subject, lifetime)
        await audit.save(conn, line)
    return end


async def holder_of(pool: Pool, token_hash: bytes) -> Any:
    """The holder of a valid token or key, or None."""
    return await pool.fetchrow(HOLDER, token_hash)


async def deputised(pool: Pool, deputy: str, person: str) -> Any:
    """The person whom the deputy stands in for now, or None."""
    return await pool.fetchrow(DEPUTISED, deputy, person)


async def end_session(pool: Pool, token_hash: bytes, line: Line) -> None:
    async with audit.audited(pool) as conn:
        done: str = await conn.execute(END_SESSION, token_hash)
        if not done.endswith(" 0"):  # an API key calls too; its session is none
            await audit.save(conn, line)


async def end_sessions(conn: Connection, user: str, *, but: bytes = b"") -> None:
    """End all sessions of an account, but the one whose token has the hash `but`."""
    await conn.execute(END_SESSIONS, user, but)


async def save_reveal(pool: Pool, *line: str) -> None:
    await pool.execute(REVEAL, *line)


async def add_accounts(conn: Connection, rows: Sequence[Sequence[Any]]) -> None:
    await conn.executemany(ADD_ACCOUNT, rows)


async def add_keys(conn: Connection, rows: Sequence[Sequence[Any]]) -> None:
    await conn.executemany(ADD_KEY, rows)


async def rights_version(pool: Pool) -> int:
    """A number that moves when an account, a key or a session loses what it had."""
    return int(await pool.fetchval(RIGHTS))
