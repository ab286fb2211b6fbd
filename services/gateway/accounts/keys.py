"""API keys of the systems of departments and partners: made, listed, rotated and revoked."""

import secrets
from dataclasses import dataclass
from typing import Any

from backbone.postgres.pool import Connection, Pool
from services.gateway.accounts import audit, storage
from services.gateway.accounts.audit import Line
from services.gateway.accounts.loading import key_row
from services.gateway.accounts.register import require_role
from services.gateway.accounts.rules import folded, require_name
from services.gateway.http.problems import Problem

LIST = """
SELECT name, role, unit, team, disabled, demo, change_time FROM api_keys
ORDER BY unit, role, name, change_time
"""
REVOKE = """
UPDATE api_keys SET disabled = true, change_time = now()
WHERE name = $1 AND ($2 = '' OR role = $2) AND NOT disabled
RETURNING name, role, unit, team
"""
# A person's name is no name of a key: four eyes would take both for one hand.
TAKEN = "SELECT user_name FROM accounts WHERE folded = $1"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys; `actor` is the operator who changes them. Only the hash of a key is kept."""

    pool: Pool
    actor: str

    async def every(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch(LIST)]

    async def add(self, unit: str, role: str, name: str = "") -> str:
        """Make a key and return it. Raises Problem 409, 422."""
        require_role(role)
        require_name(name or unit)
        async with audit.audited(self.pool) as conn:
            taken = await conn.fetchval(TAKEN, folded(name or unit))
            if taken is not None:
                raise Problem(409, "NAME_TAKEN", {"name": name or unit, "named": taken})
            return await self._make(conn, "KEY_ADDED", unit=unit, role=role, name=name or unit)

    async def revoke(self, name: str, role: str = "") -> int:
        """Disable the keys of this name; within seconds they open nothing."""
        async with audit.audited(self.pool) as conn:
            rows = await conn.fetch(REVOKE, name, role)
            for row in rows:
                await audit.save(conn, self._line("KEY_REVOKED", row))
        return len(rows)

    async def rotate(self, name: str, role: str = "") -> list[dict[str, str]]:
        """Put a new key in the place of each key of this name, at once; return the new ones.

        Raises Problem 404.
        """
        made: list[dict[str, str]] = []
        async with audit.audited(self.pool) as conn:
            rows = await conn.fetch(REVOKE, name, role)
            if not rows:
                raise Problem(404, "NO_SUCH_KEY", {"name": name})
            for row in {tuple(row.items()): row for row in rows}.values():
                key = await self._make(conn, "KEY_ROTATED", **dict(row))
                made.append({**dict(row), "key": key})
        return made

    async def _make(self, conn: Connection, kind: str, **row: str) -> str:
        key = f"ldk_{secrets.token_hex(20)}"
        await storage.add_keys(conn, [(*key_row({**row, "key": key}), False)])
        await audit.save(conn, self._line(kind, row))
        return key

    def _line(self, kind: str, row: Any) -> Line:
        return Line(kind, row["name"], row["unit"], self.actor, facts={"role": row["role"]})
