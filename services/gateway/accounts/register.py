"""Accounts as an operator changes them: each change stands in the audit, in one transaction."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from backbone.postgres.pool import Connection, Pool
from backbone.words.roles import EVERYONE, PARTNERS, TEAMS
from backbone.words.texts import trimmed
from services.gateway.accounts import audit, storage
from services.gateway.accounts.audit import Line
from services.gateway.accounts.coded import Coded, forged
from services.gateway.accounts.guessing import forget_guesses
from services.gateway.accounts.passwords import hash_of
from services.gateway.accounts.rules import (
    LONGEST,
    folded,
    require_name,
    require_name_of_person,
    require_password,
)
from services.gateway.http.problems import Flaw, Problem

LIST = """
SELECT a.user_name AS user, display_name AS name, role, unit, team, disabled, demo,
       f.user_name IS NOT NULL AS second_factor, a.change_time
FROM accounts a LEFT JOIN second_factors f USING (user_name) ORDER BY unit, role, a.user_name
"""
CHANGE = """
UPDATE accounts SET display_name = $2, role = $3, unit = $4, area = $5, team = $6,
    demo = false, change_time = now()
WHERE user_name = $1 RETURNING *
"""
DISABLE = """
UPDATE accounts SET disabled = $2, change_time = now() WHERE user_name = $1
RETURNING *
"""
# An account of the demo that gets a password of its own is no longer one of the demo.
RENEW = """
UPDATE accounts SET password_hash = $2, demo = false, change_time = now() WHERE user_name = $1
RETURNING *
"""
# What was changed by hand is written anew, in force, with the password of the entry.
MEND = """
UPDATE accounts SET folded = $7, password_hash = $8, disabled = false, display_name = $2, role = $3,
    unit = $4, area = $5, team = $6, demo = false, change_time = now()
WHERE user_name = $1 RETURNING *
"""
UNLOCK = "UPDATE second_factors SET wrong = 0 WHERE user_name = $1"
# No password has this hash: an account without a password needs one before a sign-in.
NO_PASSWORD = "none"  # noqa: S105  # not a secret
# The names of keys by their folded form. A name that a key acts under is no name of a person: four
# eyes would take both for one hand.
Keys = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """An account to add or to bring up to date. Without a password it cannot be signed in to."""

    user: str
    name: str
    role: str
    unit: str
    team: str = ""
    password: str = ""

    @property
    def rights(self) -> tuple[str, str, str, str, str]:
        return (
            trimmed(self.name) or self.user,
            self.role,
            self.unit,
            area_of(self.unit),
            self.team,
        )


@dataclass(frozen=True, slots=True)
class Register:
    """The accounts; `actor` is the operator who changes them, `key` the lasting key of the
    gateway, under which guesses are counted."""

    pool: Pool
    actor: str
    coded: Coded
    key: bytes = b""

    async def everyone(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch(LIST)]

    async def add(self, *entries: Entry) -> None:
        """Add all of the accounts, or none. Raises Problem 409, 422."""
        for entry in entries:
            require_entry(entry)
        hashes = _hashes(entries)
        async with audit.audited(self.pool) as conn:
            keys = await storage.key_names(conn)
            for entry in entries:
                await _require_no_login_of_others(conn, entry)
                await self._add(conn, entry, hashes[entry.user], keys)

    async def bring_in(self, *entries: Entry) -> dict[str, int]:
        """Add accounts that are new, and change name, role and unit of those that are known, all
        or nothing. No password of a known account changes, and none is enabled."""
        for entry in entries:
            require_entry(entry)
        counts, hashes = {"added": 0, "changed": 0, "unchanged": 0}, _hashes(entries)
        async with audit.audited(self.pool) as conn:
            keys = await storage.key_names(conn)
            for entry in entries:
                await _require_no_login_of_others(conn, entry)
                counts[await self._bring_in(conn, entry, hashes[entry.user], keys)] += 1
        return counts

    async def disable(self, given: str) -> str:
        """End all sessions of the account, and let no other begin. Returns its name, as every
        change does: it may be given in another width or case."""
        async with self._found(given, "ACCOUNT_DISABLED") as (conn, user, account):
            changed = await conn.fetch(DISABLE, user, True)
            if await self.coded.accounts.is_sound(conn, account):  # a forged one gets no code
                await self.coded.accounts.code(conn, changed)
            await storage.end_sessions(conn, user)
        return user

    async def enable(self, given: str) -> str:
        """Raises Problem 404, 500."""
        async with self._found(given, "ACCOUNT_ENABLED") as (conn, user, account):
            await self.coded.require_account(conn, account)
            await self.coded.accounts.code(conn, await conn.fetch(DISABLE, user, False))
        return user

    async def set_password(self, given: str, password: str) -> str:
        """Set another password, and end all sessions. Raises Problem 404, 422, 500."""
        known = hash_of(password) if len(password) <= LONGEST else NO_PASSWORD
        async with self._found(given, "PASSWORD_SET") as (conn, user, account):
            require_password(password, user, account["display_name"])
            await self.coded.require_account(conn, account)
            await self.coded.accounts.code(conn, await conn.fetch(RENEW, user, known))
            await storage.end_sessions(conn, user)
        return user

    async def unlock(self, given: str) -> str:
        """Let password and second factor of the account be tried again at once, after too many
        wrong ones."""
        async with self._found(given, "ACCOUNT_UNLOCKED") as (conn, user, _):
            await conn.execute(UNLOCK, user)
            await forget_guesses(conn, self.key, user)
        return user

    @asynccontextmanager
    async def _found(self, given: str, kind: str) -> AsyncIterator[tuple[Connection, str, Any]]:
        """A transaction that changes the account, with its line of the audit; the account's name,
        and the account."""
        async with audit.audited(self.pool) as conn:
            account = await storage.named(conn, given, lock=True)
            if account is None:
                raise Problem(404, "NO_SUCH_ACCOUNT", {"user": given})
            user = account["user_name"]
            yield conn, user, account
            await audit.save(conn, Line(kind, user, account["unit"], self.actor))

    async def _bring_in(self, conn: Connection, entry: Entry, known: str, keys: Keys) -> str:
        account = await storage.named(conn, entry.user, lock=True)
        if account is None or account["user_name"] != entry.user:
            await self._add(conn, entry, known, keys)
            return "added"
        if not await self.coded.accounts.is_sound(conn, account):
            await self._mend(conn, entry, known)
            return "changed"
        before = tuple(account[name] for name in ("display_name", "role", "unit", "area", "team"))
        if before == entry.rights:
            return "unchanged"
        await self.coded.accounts.code(conn, await conn.fetch(CHANGE, entry.user, *entry.rights))
        facts = {"role": entry.role, "before": f"{account['role']} {account['unit']}"}
        line = Line("RIGHTS_CHANGED", entry.user, entry.unit, self.actor, facts=facts)
        await audit.save(conn, line)
        return "changed"

    async def _mend(self, conn: Connection, entry: Entry, known: str) -> None:
        """Write a changed account anew. Raises Problem 500 without a password: the stored one may
        be that of an intruder."""
        if not entry.password:
            raise forged(entry.user)
        row = (entry.user, *entry.rights, folded(entry.user), known)
        await self.coded.accounts.code(conn, await conn.fetch(MEND, *row))
        await storage.end_sessions(conn, entry.user)
        facts = {"role": entry.role, "before": "forged"}
        for kind in ("RIGHTS_CHANGED", "PASSWORD_SET", "ACCOUNT_ENABLED"):
            await audit.save(conn, Line(kind, entry.user, entry.unit, self.actor, facts=facts))

    async def _add(self, conn: Connection, entry: Entry, known: str, keys: Keys) -> None:
        account = await storage.named(conn, entry.user)
        taken = account["user_name"] if account is not None else keys.get(folded(entry.user))
        if taken is not None:
            raise Problem(409, "NAME_TAKEN", {"name": entry.user, "named": taken})
        row = (entry.user, folded(entry.user), *entry.rights, known, False)
        await storage.add_accounts(conn, self.coded, [row])
        facts = {"role": entry.role}
        line = Line("ACCOUNT_ADDED", entry.user, entry.unit, self.actor, facts=facts)
        await audit.save(conn, line)


def _hashes(entries: Iterable[Entry]) -> dict[str, str]:
    """The hashes of the entries' passwords: they take long, and are made before the transaction."""
    return {
        entry.user: hash_of(entry.password) if entry.password else NO_PASSWORD for entry in entries
    }


async def _require_no_login_of_others(conn: Connection, entry: Entry) -> None:
    """Raises Problem 409 for a display name by which another account signs in, unless that one is
    shown by the same name, as namesakes are."""
    name = trimmed(entry.name)
    other = await storage.named(conn, name) if name else None
    if other is None or other["user_name"] == entry.user:
        return
    if folded(other["display_name"]) != folded(name):
        raise Problem(409, "NAME_TAKEN", {"name": name, "named": other["user_name"]})


def require_entry(entry: Entry) -> None:
    """Raises Problem 422."""
    require_name(entry.user)
    require_name_of_person(trimmed(entry.name))
    require_post(entry.role, entry.team)
    if entry.role in PARTNERS:
        raise _about("role", Problem(422, "ROLE_OF_SYSTEMS", {"role": entry.role}))
    if entry.password:
        require_password(entry.password, entry.user, entry.name)


def require_post(role: str, team: str) -> None:
    """Raises Problem 422 for a role that there is not, one of a team without the team, and any
    other with one."""
    if role not in EVERYONE:
        facts = {"role": role, "expected": ", ".join(sorted(EVERYONE))}
        raise _about("role", Problem(422, "UNKNOWN_ROLE", facts))
    if role in TEAMS and not team:
        raise _about("team", Problem(422, "ROLE_NEEDS_TEAM", {"role": role}))
    if team and role not in TEAMS:
        raise _about("team", Problem(422, "ROLE_WITHOUT_TEAM", {"role": role, "team": team}))


def _about(field: str, problem: Problem) -> Problem:
    return replace(problem, errors=[Flaw(field, problem.reason, problem.facts)])


def area_of(unit: str) -> str:
    """The area code at the start of a unit's code: `990101001` of `990101001-police`."""
    return unit.partition("-")[0]
