"""Records each disclosure of personal data before the answer is sent."""

from backbone.postgres.pool import Pool
from services.gateway.accounts import storage
from services.gateway.accounts.auth import Caller
from services.gateway.metrics import REVEALS


async def record_reveal(
    pool: Pool, caller: Caller, what: str, subject: str, purpose: str, trace: str
) -> None:
    """Write the audit line; the answer must wait for it.

    `what` is the disclosing RPC, `subject` the id of the record. Raises asyncpg's errors; the
    answer must not be sent then.
    """
    who = (caller.principal, caller.user, caller.unit, caller.role)
    await storage.save_reveal(pool, *who, what, subject, purpose, trace)
    REVEALS.labels(what).inc()
