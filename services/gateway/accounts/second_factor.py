"""The second factor: a code of six digits for each half minute (TOTP, RFC 6238), which opens once.

An administrator enrols an account, or the person does (`own_account`). An administrator takes the
factor away when the person has lost it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from unicodedata import normalize

import msgspec
import pyotp

from backbone.postgres.pool import Pool
from backbone.postgres.sealing import KeyMissing, Sealer
from backbone.process.clock import now
from backbone.process.keyring import Keyring
from backbone.words.roles import Roles
from services.gateway.accounts import audit, storage
from services.gateway.accounts.audit import Line
from services.gateway.accounts.coded import Coded
from services.gateway.http.problems import Problem

FIELD = "second_factor"
ISSUER = "liandong"
STEP = 30
# Steps by which a person's clock may be off, in either direction.
DRIFT = 1
# A wrong code is counted after a right password alone, so few are allowed.
MOST_WRONG = 10

UNIT = "SELECT unit FROM accounts WHERE user_name = $1 FOR UPDATE"
ENROL = """
INSERT INTO second_factors (user_name, sealed) VALUES ($1, $2)
ON CONFLICT (user_name) DO UPDATE SET sealed = excluded.sealed, step = 0, wrong = 0
RETURNING *
"""
# An enrolment that a person has begun is kept by the person, sealed, and expires after this time.
PENDING, PENDING_SECONDS = "pending_factor", 600
ENROL_FIRST = """
INSERT INTO second_factors (user_name, sealed, step) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING *
"""
REMOVE = "DELETE FROM second_factors WHERE user_name = $1"
HAS = "SELECT true FROM second_factors WHERE user_name = $1"
# Counted as wrong before it is looked at, so that codes that come at once are counted too.
TRY = """
UPDATE second_factors SET wrong = wrong + 1 WHERE user_name = $1 AND wrong < $2
RETURNING *
"""
USE = """
UPDATE second_factors SET step = $2, wrong = 0 WHERE user_name = $1 AND step < $2
RETURNING true
"""


def sealer_of(keyring: Keyring) -> Sealer:
    """Seals with the lasting key: the command enrols beside a gateway that may have started before
    the last rotation, and a rotation stops no gateway."""
    return Sealer(Keyring((keyring.lasting,)))


class Pending(msgspec.Struct, frozen=True):
    """A secret that a person has begun to enrol."""

    user: str
    secret: str
    until: int


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """The second factors of all accounts; `required` are the roles that need one.

    The clock is that of the database: on a host whose own is wrong every code would be, and ten
    tries lock the factor.
    """

    pool: Pool
    sealer: Sealer
    coded: Coded
    required: Roles = frozenset()
    clock: Callable[[], datetime] = now

    async def enrol(self, user: str, actor: str) -> str:
        """Give the account a new secret and end its sessions; return the address that an app reads
        (otpauth://), which is shown only now. Raises Problem 404."""
        secret = pyotp.random_base32()
        sealed = self.sealer.seal(FIELD, secret)
        user = await self._change(user, actor, "SECOND_FACTOR_ENROLLED", sealed)
        return pyotp.TOTP(secret).provisioning_uri(name=user, issuer_name=ISSUER)

    async def begin(self, user: str) -> tuple[str, str]:
        """A new secret for a person who enrols: what an app reads, and the same sealed, to be sent
        back with a code of it. Raises Problem 409."""
        if await self.pool.fetchval(HAS, user):
            raise Problem(409, "SECOND_FACTOR_PRESENT")
        secret = pyotp.random_base32()
        said = Pending(user, secret, int(self.clock().timestamp()) + PENDING_SECONDS)
        pending = self.sealer.seal(PENDING, msgspec.json.encode(said).decode())
        return pyotp.TOTP(secret).provisioning_uri(name=user, issuer_name=ISSUER), pending

    async def confirm(self, user: str, pending: str, code: str, session: bytes) -> None:
        """Enrol the secret that was begun, if the code is of it; of the sessions this one stays.
        Raises Problem 403, 409, 422."""
        said = self._begun(user, pending)
        step = self._step(said.secret, code)
        if step is None:
            raise Problem(403, "FACTOR_CODE_WRONG")
        async with audit.audited(self.pool) as conn:
            unit = await conn.fetchval(UNIT, user)
            sealed = self.sealer.seal(FIELD, said.secret)
            enrolled = await conn.fetch(ENROL_FIRST, user, sealed, step)
            if not enrolled:
                raise Problem(409, "SECOND_FACTOR_PRESENT")
            await self.coded.factors.code(conn, enrolled)
            await storage.end_sessions(conn, user, but=session)
            await audit.save(conn, Line("SECOND_FACTOR_ENROLLED", user, unit, user))

    def _begun(self, user: str, pending: str) -> Pending:
        """Raises Problem 422 for what was not begun by this person, or too long ago."""
        try:
            said = msgspec.json.decode(self.sealer.open(PENDING, pending), type=Pending)
        except (ValueError, KeyMissing) as error:
            raise Problem(422, "SECOND_FACTOR_NOT_BEGUN") from error
        if said.user != user or said.until < self.clock().timestamp():
            raise Problem(422, "SECOND_FACTOR_NOT_BEGUN")
        return said

    async def remove(self, user: str, actor: str) -> None:
        """Take the factor away and end the sessions. Raises Problem 404."""
        await self._change(user, actor, "SECOND_FACTOR_REMOVED", "")

    async def require(self, user: str, role: str, code: str) -> str:
        """The factor as it is stored, empty if the account has and needs none. Raises Problem 401
        unless the code is right and new."""
        if not await self.pool.fetchval(HAS, user):
            if role in self.required:
                raise refused("SECOND_FACTOR_NOT_ENROLLED")
            return ""
        if not code:
            raise refused("SECOND_FACTOR_NEEDED")
        row = await self.pool.fetchrow(TRY, user, MOST_WRONG)
        if row is None:
            raise refused("SECOND_FACTOR_LOCKED")
        if not await self.coded.factors.is_sound(self.pool, row):
            raise refused("SECOND_FACTOR_NOT_ENROLLED")  # another hand has written the secret
        step = self._step(self.sealer.open(FIELD, row["sealed"]), code)
        if step is None:
            raise refused("WRONG_CODE")
        if not await self.pool.fetchval(USE, user, step):
            raise refused("CODE_USED")
        return str(row["sealed"])

    def _step(self, secret: str, code: str) -> int | None:
        """The time step whose code this is, of those that are near enough."""
        totp, given = pyotp.TOTP(secret), "".join(normalize("NFKC", code).split())
        present = int(self.clock().timestamp()) // STEP
        near = range(present - DRIFT, present + DRIFT + 1)
        right = (step for step in near if totp.verify(given, for_time=_time_of(step)))
        return next(right, None)

    async def _change(self, given: str, actor: str, kind: str, sealed: str) -> str:
        """Returns the name of the account."""
        async with audit.audited(self.pool) as conn:
            account = await storage.named(conn, given, lock=True)
            if account is None:
                raise Problem(404, "NO_SUCH_ACCOUNT", {"user": given})
            user: str = account["user_name"]
            if sealed:
                await self.coded.factors.code(conn, await conn.fetch(ENROL, user, sealed))
            elif (await conn.execute(REMOVE, user)).endswith(" 0"):
                raise Problem(404, "NO_SECOND_FACTOR", {"user": user})
            await storage.end_sessions(conn, user)
            await audit.save(conn, Line(kind, user, account["unit"], actor))
        return user


def _time_of(step: int) -> datetime:
    return datetime.fromtimestamp(step * STEP, UTC)


def refused(reason: str) -> Problem:
    return Problem(401, reason, headers={"WWW-Authenticate": "Bearer"})
