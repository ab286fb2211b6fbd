"""Reads of the journal that show only what the journal proves."""

import logging
from typing import Any
from uuid import UUID

from backbone.door.codes import Codes
from backbone.door.demanded import signed_by
from backbone.door.evidence import ARCHIVED, COLUMNS, Chain, Signed
from backbone.door.journal import FIRST
from backbone.postgres.pool import Pool
from backbone.process.metrics import FORGED
from backbone.process.signing import Verifier
from backbone.words.errors import EVIDENCE_BROKEN, Broken, NotFound

log = logging.getLogger(__name__)

HASH = "SELECT hash FROM journal WHERE aggregate_id = $1 AND version = $2"
SOME = f"{COLUMNS} WHERE aggregate_id = $1 AND version > $2 ORDER BY version LIMIT $3"


class ProvenJournal:
    """Rows of one schema's journal, whose chain and signatures are checked as they are read."""

    def __init__(self, pool: Pool, verifier: Verifier, service: str, codes: Codes) -> None:
        """`codes` are those of the service."""
        self._pool = pool
        self._verifier = verifier
        self.service, self._forged = service, FORGED.labels("journal", service)
        self._signed: Signed | None = None
        self.codes = codes

    async def rows(self, of: UUID, after: int, most: int, end: int, on: Any = None) -> list[Any]:
        """The rows after a version, in order; `end` is the version of the state, `on` the
        connection of a transaction.

        Raises Broken, with an alarm, for a row that is forged, or missing at the end; NotFound for
        rows that stand in an archive.
        """
        asked = on or self._pool
        if self._signed is None:
            self._signed = await signed_by(asked, self._verifier, self.service, self.codes)
        last = await asked.fetchval(HASH, of, after) if after else FIRST
        rows = await asked.fetch(SOME, of, after, most)
        if (after and last is None) or (
            end > after and (not rows or rows[0]["version"] > after + 1)
        ):
            last = await _before(asked, of, after)
        chain = Chain(self._signed, after, last or FIRST)
        for row in rows:
            if wrong := chain.wrong_with(row):
                raise self._alarmed(of, row["version"], wrong)
        if len(rows) < most and chain.version < end:
            raise self._alarmed(of, chain.version + 1, "is missing at the end")
        return list(rows)

    def _alarmed(self, of: UUID, version: int, wrong: str) -> Broken:
        self._forged.inc()
        place = {"aggregate_id": str(of), "version": version}
        log.critical("journal.forged", extra={**place, "wrong": wrong})
        return Broken(EVIDENCE_BROKEN, version=version)


async def _before(asked: Any, of: UUID, after: int) -> bytes | None:
    """The hash of the last archived row; None without one. Raises NotFound if it is later."""
    ended = await asked.fetchrow(ARCHIVED, of)
    if ended is not None and ended["version"] > after:
        raise NotFound("ARCHIVED", version=ended["version"])
    return ended["hash"] if ended is not None and ended["version"] == after else None
