"""Puts each disclosure of personal data on record, before it is made."""

from backbone.postgres.pool import Pool
from services.gateway.accounts import storage
from services.gateway.accounts.auth import Caller
from services.gateway.metrics import REVEALS


async def record_reveal(
    pool: Pool, caller: Caller, what: str, subject: str, purpose: str, trace: str
) -> None:
    """Write the line before the answer is sent: what is not on record is not shown.

    `what` is the RPC that disclosed, `subject` the id whose data it was. Raises what asyncpg
    raises, and the answer must then not go out.
    """
    who = (caller.principal, caller.user, caller.unit, caller.role)
    await storage.save_reveal(pool, *who, what, subject, purpose, trace)
    REVEALS.labels(what).inc()
