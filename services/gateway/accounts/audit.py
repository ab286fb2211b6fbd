"""The audit of sign-ins, failures and changes of rights: one line each, in the same transaction."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from backbone.postgres.pool import Connection, Pool, transaction

# What a line can tell of; the list takes no other kind.
KINDS = frozenset(
    """
    ACCOUNT_ADDED ACCOUNT_DISABLED ACCOUNT_ENABLED ACCOUNT_UNLOCKED DEMO_ENDED DEMO_LOADED
    DEPUTY_APPOINTED DEPUTY_ENDED KEY_ADDED KEY_REVOKED KEY_ROTATED MATTERS_HANDED_OVER
    PASSWORD_SET RIGHTS_CHANGED SECOND_FACTOR_ENROLLED SECOND_FACTOR_REMOVED SIGNED_IN
    SIGNED_OUT SIGN_IN_REFUSED
    """.split()  # noqa: SIM905
)
# Lines are chained, one after the other. A writer takes the turn before any row of an account, so
# that two writers never wait for each other.
TURN = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.audit', 0))"
SAVE = """
INSERT INTO audit (kind, subject, unit, actor, address, facts) VALUES ($1, $2, $3, $4, $5, $6)
"""
COLUMNS = "position, time, kind, subject, unit, actor, address, facts"
# A failure under a name that no account has belongs to no unit: every auditor reads it.
OF_UNITS = "(unit = '' OR starts_with(unit, $1))"


@dataclass(frozen=True, slots=True)
class Line:
    """`subject` is the account or key that it is about, `actor` who did it. The facts must hold no
    password, token, key or code."""

    kind: str
    subject: str
    unit: str
    actor: str
    address: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"the audit has no lines of the kind {self.kind}")


def audited(pool: Pool) -> AbstractAsyncContextManager[Connection]:
    """A transaction that writes a line beside what the line tells of. It must be short: the next
    sign-in waits for it."""
    return transaction(pool, TURN)


async def save(conn: Connection | Pool, line: Line) -> None:
    """Raises asyncpg's errors; what the line tells of must not be done then."""
    told = (line.kind, line.subject, line.unit, line.actor, line.address, line.facts)
    await conn.execute(SAVE, *told)
