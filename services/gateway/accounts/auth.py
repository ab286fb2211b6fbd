"""Authentication by session or API key, and the metadata that tells services the caller."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from backbone.postgres.pool import Pool
from backbone.words.roles import Roles
from services.gateway.accounts import storage
from services.gateway.accounts.lines import Lines
from services.gateway.http.incoming import header_of, header_text, malformed_header
from services.gateway.http.problems import Problem

# Seconds that another gateway still accepts a disabled account or an ended session.
KEPT = 5.0
UNKNOWN_KEPT = 1.0
MOST_KEPT = 20_000
LONGEST_PERSON = 100


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller: `principal` is the account or key, `user` the acting person."""

    principal: str
    user: str
    unit: str
    role: str
    area: str
    line: str = ""
    team: str = ""
    is_key: bool = False
    metadata: tuple[tuple[str, str], ...] = field(default=(), compare=False)


CITIZEN = Caller(principal="citizen", user="", unit="", role="", area="")


def digest(secret: str) -> bytes:
    """The stored hash of a token or key; both are long and random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def token_of(request: Request) -> str:
    """The bearer token. Raises Problem 401 without one."""
    scheme, _, token = (header_of(request, "Authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated("NOT_SIGNED_IN")
    return token.strip()


def unauthenticated(reason: str) -> Problem:
    return Problem(401, reason, headers={"WWW-Authenticate": "Bearer"})


def require_role(caller: Caller, roles: Roles) -> None:
    """Raises Problem 403 if the caller has none of the roles."""
    if caller.role not in roles:
        raise Problem(403, "ROLE_MAY_NOT", {"role": caller.role})


class Authenticator:
    """Finds callers by their tokens, and caches them for a few seconds."""

    def __init__(
        self, pool: Pool, lines: Lines, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool, self._lines, self._clock = pool, lines, clock
        self._known: OrderedDict[bytes, tuple[float, Caller | None]] = OrderedDict()

    async def caller_of(self, request: Request) -> Caller:
        """Raises Problem 401, and asyncpg's errors while the database is unavailable."""
        caller = await self._holder(digest(token_of(request)))
        if caller is None:
            raise unauthenticated("SESSION_OVER")
        person = header_of(request, "Liandong-Person")
        return caller if person is None or not caller.is_key else _acting_for(caller, person)

    def forget(self, token_hash: bytes) -> None:
        self._known.pop(token_hash, None)

    async def _holder(self, token_hash: bytes) -> Caller | None:
        now = self._clock()
        known = self._known.get(token_hash)
        if known is not None and now < known[0]:
            return known[1]
        row = await storage.holder_of(self._pool, token_hash)
        caller = None if row is None else _caller(row, self._lines)
        self._known[token_hash] = (now + (KEPT if caller else UNKNOWN_KEPT), caller)
        self._known.move_to_end(token_hash)
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
        return caller


def _caller(row: Any, lines: Lines) -> Caller:
    is_key = row["kind"] == "key"
    # A unit may have a key for each of several roles: each key is a principal.
    principal = f"key:{row['name']}:{row['role']}" if is_key else f"person:{row['name']}"
    caller = Caller(
        principal=principal,
        user=row["name"],
        unit=row["unit"],
        role=row["role"],
        area=row["area"],
        line=lines.of(row["unit"]),
        team=row["team"],
        is_key=is_key,
    )
    return replace(caller, metadata=_metadata(caller))


def _acting_for(key: Caller, person: str) -> Caller:
    """The key's caller acting for the named clerk of its department: `<key name>/<person>`.

    Raises Problem 400 for a malformed or empty name.
    """
    name = header_text(person, LONGEST_PERSON)
    if not name:
        raise malformed_header("Liandong-Person", "MALFORMED_PERSON")
    caller = replace(key, user=f"{key.user}/{name}")
    return replace(caller, metadata=_metadata(caller))


def _metadata(caller: Caller) -> tuple[tuple[str, str], ...]:
    parts = ("principal", "user", "unit", "role", "area", "line", "team")
    said = ((part, getattr(caller, part)) for part in parts)
    return tuple((f"liandong-{part}", quote(value)) for part, value in said if value)
