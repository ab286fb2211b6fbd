"""Loads the accounts and keys of the demo city: once, and never anew."""

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any

from backbone.postgres.pool import Connection, Pool, open_pool
from backbone.words.roles import roles
from services.gateway.accounts import audit, storage
from services.gateway.accounts.audit import Line
from services.gateway.accounts.auth import digest
from services.gateway.accounts.coded import Coded
from services.gateway.accounts.passwords import hash_of
from services.gateway.accounts.register import area_of
from services.gateway.accounts.rules import folded

Rows = Iterable[Mapping[str, Any]]

BEGIN = "INSERT INTO demo_city DEFAULT VALUES ON CONFLICT DO NOTHING RETURNING true"
AGAIN = "UPDATE demo_city SET load_time = now(), end_time = NULL RETURNING *"
END = """
UPDATE demo_city SET end_time = now() WHERE end_time IS NULL RETURNING *
"""
IN_FORCE = "SELECT EXISTS (SELECT FROM demo_city WHERE end_time IS NULL)"


async def load_demo(
    dsn: str, coded: Coded, accounts: Rows, keys: Rows, actor: str, *, again: bool = False
) -> bool:
    """Load the demo unless it was loaded before, and say whether it is in force.

    What exists already stays as it is: disabled, with the password that it has. `again` puts a
    demo that was ended in force. Raises ValueError for an unknown role.
    """
    async with await _opened(dsn) as pool, audit.audited(pool) as conn:
        is_new = await conn.fetchval(BEGIN)
        if is_new or again:
            await coded.demo.code(conn, await conn.fetch(AGAIN))
            await add(conn, coded, accounts, keys, demo=True)
            await audit.save(conn, Line("DEMO_LOADED", "demo", "", actor))
        return bool(await conn.fetchval(IN_FORCE))


async def end_demo(dsn: str, coded: Coded, actor: str) -> bool:
    """Shut the demo's accounts and keys; return whether they were in force."""
    async with await _opened(dsn) as pool, audit.audited(pool) as conn:
        ended = await conn.fetch(END)
        if was_in_force := bool(ended):
            await coded.demo.code(conn, ended)
            await audit.save(conn, Line("DEMO_ENDED", "demo", "", actor))
    return was_in_force


async def demo_in_force(dsn: str) -> bool:
    async with await _opened(dsn) as pool:
        return bool(await pool.fetchval(IN_FORCE))


async def load_accounts(dsn: str, coded: Coded, accounts: Rows, keys: Rows) -> None:
    """Add accounts (`user name role unit team password`) and API keys (`key unit role team`, and
    `name` where it has one) that are not there yet. Raises ValueError for an unknown role."""
    async with await _opened(dsn) as pool, audit.audited(pool) as conn:
        await add(conn, coded, accounts, keys)


async def add(
    conn: Connection, coded: Coded, accounts: Rows, keys: Rows, *, demo: bool = False
) -> None:
    accounts, keys = list(accounts), list(keys)
    roles(*{str(row["role"]) for row in [*accounts, *keys]})
    # The 400 demo accounts share one password: hash it once.
    hashes = {password: hash_of(password) for password in {row["password"] for row in accounts}}
    rows = [(*_account(row), hashes[row["password"]], demo) for row in accounts]
    await storage.add_accounts(conn, coded, rows)
    await storage.add_keys(conn, coded, [(*key_row(row), demo) for row in keys])


def _account(row: Mapping[str, Any]) -> tuple[Any, ...]:
    user, unit, team = row["user"], row["unit"], row.get("team") or ""
    area = row.get("area") or area_of(unit)
    return user, folded(user), row.get("name") or user, row["role"], unit, area, team


def key_row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    unit, team = row["unit"], row.get("team") or ""
    area = row.get("area") or area_of(unit)
    name = row.get("name") or name_of(unit, team)
    return digest(row["key"]), name, row["role"], unit, area, team


def name_of(unit: str, team: str) -> str:
    """The name under which a key acts that was given none."""
    return "-".join(part for part in (unit, team) if part)


def _opened(dsn: str) -> Awaitable[Pool]:
    return open_pool(dsn, "gateway", size=1, patient=True)
