"""API keys of the systems of departments and partners: made, listed and revoked by an operator."""

import secrets
from typing import Any

from backbone.postgres.pool import open_pool
from backbone.words.roles import roles
from services.gateway.accounts import storage
from services.gateway.accounts.loading import key_row

LIST = """
SELECT name, role, unit, team, disabled, change_time FROM api_keys ORDER BY unit, role, name
"""
REVOKE = """
UPDATE api_keys SET disabled = true, change_time = now()
WHERE name = $1 AND ($2 = '' OR role = $2) AND NOT disabled
"""


async def add_key(dsn: str, unit: str, role: str, name: str = "") -> str:
    """Make a key and return it; only its hash is kept. Raises ValueError for a role that is none,
    and for a name with a slash, behind which a key names the person that it acts for."""
    roles(role)
    if "/" in name:
        raise ValueError(f"a slash in the name {name!r}")
    key = f"ldk_{secrets.token_hex(20)}"
    row = {"key": key, "unit": unit, "role": role, "name": name}
    async with await open_pool(dsn, "gateway", size=1) as pool:
        await storage.save_keys(pool, [key_row(row)])
    return key


async def list_keys(dsn: str) -> list[dict[str, Any]]:
    async with await open_pool(dsn, "gateway", size=1) as pool:
        return [dict(row) for row in await pool.fetch(LIST)]


async def revoke_keys(dsn: str, name: str, role: str = "") -> int:
    """Disable the keys of this name; gateways accept them for a few seconds more."""
    async with await open_pool(dsn, "gateway", size=1) as pool:
        done: str = await pool.execute(REVOKE, name, role)
    return int(done.rpartition(" ")[2])
