"""API keys of the systems of departments and partners: made, listed, rotated and revoked."""

import secrets
from dataclasses import dataclass
from typing import Any

from backbone.postgres.pool import Connection, Pool
from services.gateway.accounts import audit, storage
from services.gateway.accounts.audit import Line
from services.gateway.accounts.coded import Coded, forged
from services.gateway.accounts.loading import key_row, name_of
from services.gateway.accounts.register import require_post
from services.gateway.accounts.rules import folded, require_name
from services.gateway.http.problems import Problem

LIST = """
SELECT name, role, unit, team, disabled, demo, change_time FROM api_keys
ORDER BY unit, role, name, change_time
"""
FIND = """
SELECT * FROM api_keys WHERE name = $1 AND ($2 = '' OR role = $2) AND NOT disabled
FOR UPDATE
"""
REVOKE = """
UPDATE api_keys SET disabled = true, change_time = now() WHERE key_hash = $1 RETURNING *
"""
SAID = ("name", "role", "unit", "team")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys; `actor` is the operator who changes them. Only the hash of a key is kept."""

    pool: Pool
    actor: str
    coded: Coded

    async def every(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch(LIST)]

    async def add(self, unit: str, role: str, name: str = "", team: str = "") -> dict[str, str]:
        """Make a key of a unit, or of one of its teams; return it with what it is for. Raises
        Problem 409, 422."""
        require_post(role, team)
        said = {"name": name or name_of(unit, team), "role": role, "unit": unit, "team": team}
        require_name(said["name"])
        async with audit.audited(self.pool) as conn:
            await _require_free(conn, said["name"])
            return {**said, "key": await self._make(conn, "KEY_ADDED", **said)}

    async def revoke(self, name: str, role: str = "") -> int:
        """Disable the keys of this name, at least one; within seconds they open nothing. Raises
        Problem 404."""
        async with audit.audited(self.pool) as conn:
            rows = await _found(conn, name, role)
            for row in rows:
                # A forged one is shut as what it is, and gets no code.
                await self._shut(conn, row, sound=await self.coded.keys.is_sound(conn, row))
                await audit.save(conn, self._line("KEY_REVOKED", row))
        return len(rows)

    async def rotate(self, name: str, role: str = "") -> list[dict[str, str]]:
        """Put a new key in the place of each key of this name, at once; return the new ones.

        Raises Problem 404, and 500 for a key that was changed by hand: no new one inherits that.
        """
        made: list[dict[str, str]] = []
        async with audit.audited(self.pool) as conn:
            rows = await _found(conn, name, role)
            for row in rows:
                if not await self.coded.keys.is_sound(conn, row):
                    raise forged(name)
                await self._shut(conn, row, sound=True)
            for each in dict.fromkeys(tuple(row[part] for part in SAID) for row in rows):
                said = dict(zip(SAID, each, strict=True))
                key = await self._make(conn, "KEY_ROTATED", **said)
                made.append({**said, "key": key})
        return made

    async def _shut(self, conn: Connection, row: Any, *, sound: bool) -> None:
        shut: Any = await conn.fetchrow(REVOKE, row["key_hash"])
        if sound:
            await self.coded.keys.code(conn, [shut])

    async def _make(self, conn: Connection, kind: str, **row: str) -> str:
        key = f"ldk_{secrets.token_hex(20)}"
        await storage.add_keys(conn, self.coded, [(*key_row({**row, "key": key}), False)])
        await audit.save(conn, self._line(kind, row))
        return key

    def _line(self, kind: str, row: Any) -> Line:
        return Line(kind, row["name"], row["unit"], self.actor, facts={"role": row["role"]})


async def _require_free(conn: Connection, name: str) -> None:
    """Raises Problem 409 for the name of a person, whom four eyes would take for one hand with the
    key, or of a key that is written in another way. Keys of several roles have one name."""
    account = await storage.named(conn, name)
    key = (await storage.key_names(conn)).get(folded(name), name)
    taken = account["user_name"] if account is not None else key
    if account is not None or key != name:
        raise Problem(409, "NAME_TAKEN", {"name": name, "named": taken})


async def _found(conn: Connection, given: str, role: str) -> list[Any]:
    """The keys of this name in force; of a name in other width and case, if it has none. Raises
    Problem 404."""
    rows = await conn.fetch(FIND, given, role)
    name = (await storage.key_names(conn)).get(folded(given), given)
    if not rows:
        rows = await conn.fetch(FIND, name, role)
    if rows:
        return list(rows)
    if role and await conn.fetch(FIND, name, ""):
        raise Problem(404, "NO_KEY_OF_ROLE", {"name": name, "role": role})
    raise Problem(404, "NO_SUCH_KEY", {"name": given})
