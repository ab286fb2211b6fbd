"""Loads accounts and API keys; the runner calls it with those of a city pack or the demo."""

from collections.abc import Iterable, Mapping
from typing import Any

from backbone.postgres.pool import open_pool
from backbone.words.roles import roles
from services.gateway.accounts import storage
from services.gateway.accounts.auth import digest
from services.gateway.accounts.passwords import hash_of


async def load_accounts(
    dsn: str, accounts: Iterable[Mapping[str, Any]], keys: Iterable[Mapping[str, Any]]
) -> None:
    """Add or replace accounts (`user name role unit team password`) and API keys (`key unit role
    team`, and `name` where it has one). Raises ValueError for an unknown role."""
    accounts, keys = list(accounts), list(keys)
    roles(*{str(row["role"]) for row in [*accounts, *keys]})
    # The 400 demo accounts share one password: hash it once.
    hashes = {password: hash_of(password) for password in {row["password"] for row in accounts}}
    async with await open_pool(dsn, "gateway", size=1) as pool:
        await storage.save_accounts(pool, [_account(row, hashes) for row in accounts])
        await storage.save_keys(pool, [key_row(row) for row in keys])


def area_of(unit: str) -> str:
    """The area code at the start of a unit's code: `990101001` of `990101001-police`."""
    return unit.partition("-")[0]


def _account(row: Mapping[str, Any], hashes: Mapping[str, str]) -> tuple[Any, ...]:
    unit, team = row["unit"], row.get("team") or ""
    area = row.get("area") or area_of(unit)
    password = hashes[row["password"]]
    return row["user"], row.get("name") or row["user"], row["role"], unit, area, team, password


def key_row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    unit, team = row["unit"], row.get("team") or ""
    area = row.get("area") or area_of(unit)
    name = row.get("name") or "-".join(part for part in (unit, team) if part)
    return digest(row["key"]), name, row["role"], unit, area, team
