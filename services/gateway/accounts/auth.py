"""Authentication by session or API key, and the metadata that tells services the caller."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from backbone.postgres.pool import Pool
from backbone.words.actor import Actor, deputy_name
from backbone.words.errors import Flaw
from backbone.words.roles import Roles
from backbone.words.texts import one_form
from services.gateway.accounts import storage
from services.gateway.accounts.coded import Coded
from services.gateway.accounts.deputies import elsewhere
from services.gateway.accounts.lines import Lines
from services.gateway.accounts.rules import foreign_letters, imitates, names_someone
from services.gateway.http.incoming import header_text, malformed_header
from services.gateway.http.problems import Problem

# Seconds for which a caller is known without asking. The end of an account, a key or a session is
# noticed sooner (`rights.py`); this is the bound while the database answers late.
KEPT = 4.0
UNKNOWN_KEPT = 1.0
MOST_KEPT = 20_000
LONGEST_PERSON = 100
# Whom a key acts for in its unit, and whom a person stands in for.
PERSON, DEPUTY_FOR = "Liandong-Person", "Liandong-Deputy-For"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller: `principal` is the account or key, `user` the acting person."""

    principal: str
    user: str
    unit: str
    role: str
    area: str
    line: str = ""
    above: str = ""
    team: str = ""
    is_key: bool = False
    deputy_for: str = ""
    metadata: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    @property
    def is_nameless(self) -> bool:
        """Whether a key acts, and says for whom by no name."""
        return self.is_key and "/" not in self.user

    @property
    def actor(self) -> Actor:
        return Actor(self.user, self.unit, self.role, self.area, self.line, self.above)


CITIZEN = Caller(principal="citizen", user="", unit="", role="", area="")


def digest(secret: str) -> bytes:
    """The stored hash of a token or key; both are long and random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def token_of(request: Request) -> str:
    """The bearer token. Raises Problem 401 without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
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
        self,
        pool: Pool,
        lines: Lines,
        coded: Coded,
        clock: Callable[[], float] = time.monotonic,
        second_factor: Roles = frozenset(),
    ) -> None:
        """`second_factor` are the roles that need one, of a deputy too."""
        self._pool, self._lines, self._coded, self._clock = pool, lines, coded, clock
        self._second_factor = second_factor
        self._known: OrderedDict[bytes, tuple[float, Caller | None]] = OrderedDict()
        self._forgotten = 0

    async def caller_of(self, request: Request) -> Caller:
        """Raises Problem 401, 403, and asyncpg's errors while the database is unavailable."""
        token_hash = digest(token_of(request))
        caller = await self._holder(token_hash)
        if caller is None:
            raise unauthenticated("SESSION_OVER")
        person, lent = request.headers.get(PERSON), request.headers.get(DEPUTY_FOR)
        foreign = (DEPUTY_FOR, lent) if caller.is_key else (PERSON, person)
        if foreign[1] is not None:
            flaw = Flaw(foreign[0], "HEADER_OF_OTHERS")
            raise Problem(403, flaw.reason, {"field": flaw.field}, [flaw])
        if person is not None:
            return await self._acting_for(token_hash, caller, person)
        if lent is not None:
            return await self._deputy(token_hash, caller, lent)
        return caller

    def forget(self, token_hash: bytes) -> None:
        self._known.pop(token_hash, None)

    def forget_all(self) -> None:
        """Look every caller up anew: an account, a key or a session has lost what it had."""
        self._known.clear()
        self._forgotten += 1

    async def _holder(self, token_hash: bytes) -> Caller | None:
        async def find() -> Caller | None:
            row = await storage.holder_of(self._pool, self._coded, token_hash)
            return None if row is None else _caller(row, self._lines)

        return await self._kept(token_hash, find)

    async def _deputy(self, token_hash: bytes, caller: Caller, header: str) -> Caller:
        """The caller with role and unit of the person named. Raises Problem 400, 403."""
        person = header_text(header, LONGEST_PERSON)
        if not person:
            raise malformed_header(DEPUTY_FOR, "MALFORMED_PERSON")

        async def find() -> Caller | None:
            row = await storage.deputised(self._pool, self._coded, caller.user, person)
            if row is None:
                return None
            if row["role"] in self._second_factor and not await storage.has_factor(
                self._pool, self._coded, caller.user
            ):
                raise Problem(403, "SECOND_FACTOR_NOT_ENROLLED")
            if not await self._lines.may_stand_in(caller.unit, row["unit"]):
                raise elsewhere(row["name"], row["unit"])
            return _deputised(caller, row, self._lines)

        deputy = await self._kept(token_hash + person.encode(), find)
        if deputy is None:
            raise Problem(403, "NOT_THE_DEPUTY", {"user": person})
        return deputy

    async def _acting_for(self, token_hash: bytes, key: Caller, header: str) -> Caller:
        """The key's caller acting for a person of its department. Raises Problem 400, also for the
        name of an account: whoever has one signs in, and is not named by a system."""
        person = _person_in(header)

        async def find() -> Caller | None:
            if await storage.named(self._pool, person) is not None:
                return None
            named = replace(key, user=f"{key.user}/{person}")
            return replace(named, metadata=_metadata(named))

        caller = await self._kept(token_hash + b"/" + person.encode(), find)
        if caller is None:
            raise malformed_header(PERSON, "PERSON_IN_DISGUISE")
        return caller

    async def _kept(
        self, name: bytes, find: Callable[[], Awaitable[Caller | None]]
    ) -> Caller | None:
        now = self._clock()
        known = self._known.get(name)
        if known is not None and now < known[0]:
            return known[1]
        forgotten = self._forgotten
        caller = await find()
        if forgotten != self._forgotten:
            return caller  # it may have been read before the change for which all were forgotten
        self._known[name] = (now + (KEPT if caller else UNKNOWN_KEPT), caller)
        self._known.move_to_end(name)
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
        above=lines.above(row["unit"], row["role"]),
        team=row["team"],
        is_key=is_key,
    )
    return replace(caller, metadata=_metadata(caller))


def _person_in(header: str) -> str:
    """The clerk whom a key names. Raises Problem 400 for a malformed name, for one that names
    nobody, and for one that reads like another's."""
    name = one_form(header_text(header, LONGEST_PERSON) or "")
    fits = len(name) <= LONGEST_PERSON  # one width may need more characters
    if not fits or not names_someone(name):
        raise malformed_header(PERSON, "MALFORMED_PERSON")
    if imitates(name) or foreign_letters(name):
        raise malformed_header(PERSON, "PERSON_IN_DISGUISE")
    return name


def _deputised(caller: Caller, row: Any, lines: Lines) -> Caller:
    """The deputy, in the role of the person: known to every record as `<deputy>><person>`."""
    user = deputy_name(caller.user, row["name"])
    parts = {name: row[name] for name in ("unit", "role", "area", "team")}
    parts["line"] = lines.of(row["unit"])
    parts["above"] = lines.above(row["unit"], row["role"])
    deputy = replace(caller, principal=f"person:{user}", user=user, deputy_for=row["name"], **parts)
    return replace(deputy, metadata=_metadata(deputy))


def _metadata(caller: Caller) -> tuple[tuple[str, str], ...]:
    parts = ("principal", "user", "unit", "role", "area", "line", "above", "team")
    said = ((part, getattr(caller, part)) for part in parts)
    return tuple((f"liandong-{part}", quote(value)) for part, value in said if value)
