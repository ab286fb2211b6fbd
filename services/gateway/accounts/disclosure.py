"""The register of disclosures of personal data: written before the answer is sent."""

from typing import Any

from backbone.postgres.pool import Pool
from backbone.postgres.sealing import Sealer
from services.gateway.accounts import storage
from services.gateway.accounts.auth import Caller
from services.gateway.metrics import REVEALS

COLUMNS = "position, time, principal, user_name AS user, unit, role, what, subject, purpose, trace"
OF_UNITS = "starts_with(unit, $1)"
PURPOSE = "reveal.purpose"
SEALED = "v2."


class Reveals:
    """The purpose of a disclosure is kept sealed: people name persons and numbers in it."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool, self._sealer = pool, sealer

    async def record(
        self, caller: Caller, what: str, subject: str, purpose: str, trace: str
    ) -> None:
        """Write the audit line; the answer must wait for it.

        `what` is the disclosing RPC, `subject` the id of the record. Raises asyncpg's errors; the
        answer must not be sent then.
        """
        who = (caller.principal, caller.user, caller.unit, caller.role)
        sealed = self._sealer.seal(PURPOSE, purpose)
        await storage.save_reveal(self._pool, *who, what, subject, sealed, trace)
        REVEALS.labels(what).inc()

    def shown(self, row: Any) -> dict[str, Any]:
        """A line for an auditor."""
        return {**row, "purpose": self._plain(row["purpose"])}

    def _plain(self, purpose: str) -> str:
        """Lines of earlier releases have it in plain."""
        return self._sealer.open(PURPOSE, purpose) if purpose.startswith(SEALED) else purpose
