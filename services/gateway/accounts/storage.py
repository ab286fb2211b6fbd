"""Accounts, keys, sessions and reveals in Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backbone.door.beside import CodedRows
from backbone.postgres.pool import Connection, Pool
from services.gateway.accounts import audit
from services.gateway.accounts.audit import Line
from services.gateway.accounts.coded import ACCOUNTS, KEYS, Coded
from services.gateway.accounts.rules import folded

# The account of a name in any width and case. A name as it is written goes first, so that one whose
# folded form was changed by hand is still found.
NAMED = """
SELECT *, NOT disabled AND is_in_force(demo) AS is_open FROM accounts
WHERE user_name = $1 OR folded = $2 ORDER BY user_name = $1 DESC LIMIT 1
"""
KEY_NAMES = "SELECT DISTINCT name FROM api_keys"
KEY_OWNERS = "SELECT * FROM api_keys ORDER BY change_time"
OPEN_SESSION = """
INSERT INTO sessions (token_hash, user_name, expire_time) VALUES ($1, $2, now() + $3)
RETURNING *
"""
# Session tokens and API keys look alike, so one query searches both. A row says all that its code
# covers; of a session, also what the code of its account covers.
HOLDER = """
SELECT 'person' AS kind, token_hash, create_time, expire_time, s.proof AS of_session,
       user_name AS name, user_name, folded, display_name, role, unit, area, team, password_hash,
       disabled, demo, a.proof
FROM sessions AS s JOIN accounts AS a USING (user_name)
WHERE token_hash = $1 AND expire_time > now() AND NOT disabled AND is_in_force(demo)
UNION ALL
SELECT 'key', key_hash, NULL, NULL, NULL,
       name, NULL, NULL, NULL, role, unit, area, team, NULL,
       disabled, demo, proof
FROM api_keys WHERE key_hash = $1 AND NOT disabled AND is_in_force(demo)
"""
DEPUTISED = """
SELECT d.id, person, deputy, start_time, end_time, made_by, d.proof AS of_deputy,
       a.user_name AS name, a.user_name, folded, display_name, role, unit, area, team,
       password_hash, disabled, demo, a.proof
FROM deputies AS d JOIN accounts AS a ON a.user_name = person
WHERE deputy = $1 AND (person = $2 OR folded = $3) AND now() >= start_time AND now() < end_time
  AND NOT disabled AND is_in_force(demo)
"""
FACTOR = "SELECT * FROM second_factors WHERE user_name = $1"
# The end of a deputy's period is no commit: how many are over moves with the time.
RIGHTS = """
SELECT version, (SELECT count(*) FROM deputies WHERE end_time <= now()) AS over FROM rights
"""
NAMES = "SELECT * FROM accounts WHERE change_time >= $1"
# What a sign-in has read, as it is now.
STILL = """
SELECT password_hash, NOT disabled AND is_in_force(demo) AS is_open, coalesce(sealed, '') AS factor
FROM accounts LEFT JOIN second_factors USING (user_name) WHERE user_name = $1
"""
END_SESSION = "DELETE FROM sessions WHERE token_hash = $1"
END_SESSIONS = "DELETE FROM sessions WHERE user_name = $1 AND token_hash <> $2"
REVEAL = """
INSERT INTO reveals (principal, user_name, unit, role, what, subject, purpose, trace)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# The columns that a new row gives, beside its code; it is not disabled.
ACCOUNT_GIVES = (*(name for name in ACCOUNTS.columns if name != "disabled"),)
KEY_GIVES = (*(name for name in KEYS.columns if name != "disabled"),)
# An account that exists stays as it is: loading gives nothing back that was taken away.
ADD_ACCOUNT = """
INSERT INTO accounts
    (user_name, folded, display_name, role, unit, area, team, password_hash, demo, proof)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING
"""
ADD_KEY = """
INSERT INTO api_keys (key_hash, name, role, unit, area, team, demo, proof)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING
"""


async def account_of(pool: Pool, coded: Coded, user: str) -> Any:
    """The account that may sign in, or None; also for one that was changed by hand."""
    row = await named(pool, user)
    is_open = row is not None and row["is_open"] and await coded.is_account(pool, row)
    return row if is_open else None


async def named(on: Connection | Pool, user: str, *, lock: bool = False) -> Any:
    """The account of this name in any width and case, whatever its state, or None."""
    return await on.fetchrow(f"{NAMED} FOR UPDATE" if lock else NAMED, user, folded(user))


async def key_names(conn: Connection) -> dict[str, str]:
    """The names of all keys, by their folded form."""
    return {folded(row["name"]): row["name"] for row in await conn.fetch(KEY_NAMES)}


@dataclass(frozen=True, slots=True)
class Shown:
    """The account of a sign-in and its second factor as stored: empty if the account has none, None
    if a provider has signed the person in."""

    account: Any
    factor: str | None


async def open_session(
    pool: Pool, coded: Coded, token_hash: bytes, lifetime: timedelta, line: Line, shown: Shown
) -> datetime:
    """Store the session of the line's subject, with its line of the audit. Returns the time of its
    expiry.

    A check takes as long as a person who ends all sessions: with another password, a second
    factor, the end of the account. No session begins then on what was true before. Raises Changed.
    """
    async with audit.audited(pool) as conn:
        await _require_still(conn, shown)
        row: Any = await conn.fetchrow(OPEN_SESSION, token_hash, line.subject, lifetime)
        await coded.sessions.code(conn, [row])
        await audit.save(conn, line)
    end: datetime = row["expire_time"]
    return end


class Changed(Exception):
    """The account or its second factor was changed during the sign-in; `reason` is the refusal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def _require_still(conn: Connection, shown: Shown) -> None:
    now = await conn.fetchrow(STILL, shown.account["user_name"])
    if not (now and now["is_open"] and now["password_hash"] == shown.account["password_hash"]):
        raise Changed("WRONG_PASSWORD")
    if shown.factor is not None and now["factor"] not in ("", shown.factor):
        raise Changed("SECOND_FACTOR_NEEDED")


async def holder_of(pool: Pool, coded: Coded, token_hash: bytes) -> Any:
    """The holder of a valid token or key, or None."""
    for row in await pool.fetch(HOLDER, token_hash):
        if await _is_holder(pool, coded, row):
            return row
    return None


async def _is_holder(pool: Pool, coded: Coded, row: Any) -> bool:
    if row["kind"] == "key":
        return await coded.is_key(pool, {**row, "key_hash": row["token_hash"]})
    its = await coded.sessions.is_sound(pool, row, "of_session")
    return its and await coded.is_account(pool, row)


async def deputised(pool: Pool, coded: Coded, deputy: str, person: str) -> Any:
    """The person of this name whom the deputy stands in for now, or None."""
    rows = await pool.fetch(DEPUTISED, deputy, person, folded(person))
    for row in await coded.deputies.sound(pool, rows, "of_deputy"):
        if await coded.is_account(pool, row):
            return row
    return None


async def has_factor(pool: Pool, coded: Coded, user: str) -> bool:
    """Whether the account has a second factor that a code can be asked of."""
    row = await pool.fetchrow(FACTOR, user)
    return row is not None and await coded.factors.is_sound(pool, row)


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


async def add_accounts(conn: Connection, coded: Coded, rows: Sequence[Sequence[Any]]) -> None:
    """Add accounts that are not there yet; a row is the values of `ACCOUNT_GIVES`."""
    await conn.executemany(ADD_ACCOUNT, _proven(coded.accounts, ACCOUNT_GIVES, rows))


async def add_keys(conn: Connection, coded: Coded, rows: Sequence[Sequence[Any]]) -> None:
    """Add keys that are not there yet; a row is the values of `KEY_GIVES`."""
    await conn.executemany(ADD_KEY, _proven(coded.keys, KEY_GIVES, rows))


def _proven(
    rows: CodedRows, names: Sequence[str], values: Sequence[Sequence[Any]]
) -> list[tuple[Any, ...]]:
    """New rows with their codes."""
    return [
        (*each, rows.made({**dict(zip(names, each, strict=True)), "disabled": False}))
        for each in values
    ]


async def names_since(pool: Pool, coded: Coded, since: datetime) -> Sequence[Any]:
    """The accounts with a name of a person that were made or changed since, as they were written:
    a name that was put in by hand is shown to nobody."""
    return await coded.accounts.sound(pool, await pool.fetch(NAMES, since))


async def key_owners(pool: Pool, coded: Coded) -> dict[str, tuple[str, str]]:
    """The unit of each key, by its name, and its team if it is one of a team; also as written."""
    rows = await coded.keys.sound(pool, await pool.fetch(KEY_OWNERS))
    return {row["name"]: (row["unit"], row["team"] or "") for row in rows}


async def rights_version(pool: Pool) -> tuple[int, ...]:
    """Numbers that move when an account, a key, a session or a deputy loses what it had."""
    return tuple(await pool.fetchrow(RIGHTS) or ())
