"""Anchors of the journal, by which `evidence` finds chains whose end was removed.

Each row carries the hash of its aggregate's previous row, which does not reveal a chain whose end
was removed. An anchor is a digest over the previous anchor and all row hashes since, up to a
position. Each anchor is also logged, and logs leave the machine: rewriting the database with its
anchors still contradicts the log.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from backbone.door.journal import FIRST
from backbone.postgres.pool import Pool, is_transient, transaction
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

EVERY = 300.0
# Longer than any transaction may last, so that every position drawn before is settled.
SETTLES = 10.0
PAGE = 5_000
# Positions of a month: month * MONTH + number (postgres/migrations/0011_months.sql).
MONTH = 10**10

# Hears of each new anchor: its position and its digest.
Told = Callable[[int, bytes], None]

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.anchor', 0))"
HIGHEST = "SELECT coalesce(max(position), 0) FROM journal"
LAST = "SELECT position, digest FROM anchors ORDER BY position DESC LIMIT 1"
HASHES = """
SELECT position, hash FROM journal WHERE position > $1 AND position <= $2
ORDER BY position LIMIT $3
"""
WRITE = "INSERT INTO anchors (position, digest) VALUES ($1, $2)"


def appending(path: str, service: str, pulse: Pulse) -> Told:
    """Appends each anchor to a file elsewhere, one JSON object a line; without a path, to none.

    The file belongs on another machine's disk, or on one that can only be appended to: a database
    that was written anew, anchors included, then contradicts it. One that cannot be written is
    told at once, and not only when somebody compares.
    """

    def append(text: str) -> None:
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            log.error("anchors.not_written", extra={"path": path, "error": str(error)})
            pulse.note("anchors elsewhere", flaw_of(error))
        else:
            pulse.note("anchors elsewhere", "")

    def told(position: int, digest: bytes) -> None:
        if path:
            line = {"service": service, "position": position, "digest": digest.hex()}
            append(json.dumps(line) + "\n")

    if path:
        append("")
    return told


def flaw_of(error: OSError) -> str:
    return (
        f"anchors cannot be written to LIANDONG_ANCHORS ({error.strerror or error}): mend it, then "
        "`liandong verify` adds those that it lacks"
    )


async def anchor(pool: Pool, upto: int, told: Told = lambda position, digest: None) -> int:
    """Write anchors from the last one up to the position, and tell them; return the number of rows
    covered.

    Every transaction that drew a position up to `upto` must have ended.
    """
    covered = 0
    while True:
        async with transaction(pool) as conn:
            if not await conn.fetchval(TRY_LOCK):
                return covered
            last = await conn.fetchrow(LAST)
            since, digest = (last["position"], last["digest"]) if last else (0, FIRST)
            rows = await conn.fetch(HASHES, since, upto, PAGE)
            if not rows:
                return covered
            of_month = of_one_month(rows)
            position, digest = of_month[-1]["position"], digest_of(digest, of_month)
            await conn.execute(WRITE, position, digest)
        log.info("journal.anchored", extra={"position": position, "digest": digest.hex()})
        told(position, digest)
        covered += len(of_month)


def of_one_month(rows: Sequence[Any]) -> Sequence[Any]:
    """The first rows, as far as they are of one month: an archived month ends with an anchor."""
    month = month_of(rows[0]["position"])
    return [row for row in rows if month_of(row["position"]) == month]


def month_of(position: int) -> int:
    """The month of a position, as 202611; 0 for those of before there were months."""
    return position // MONTH


def digest_of(before: bytes, rows: Iterable[Any]) -> bytes:
    """The digest of an anchor: SHA-256 over the previous digest and the row hashes since."""
    found = sha256(before)
    for row in rows:
        found.update(row["hash"])
    return found.digest()


async def run_anchors(
    pool: Pool,
    pulse: Pulse,
    told: Told = lambda position, digest: None,
    every: float = EVERY,
    settles: float = SETTLES,
) -> None:
    """Write anchors at a fixed interval, for ever."""
    while True:
        pulse.beat("anchors")
        try:
            highest = await pool.fetchval(HIGHEST)
            await asyncio.sleep(settles)
            await anchor(pool, highest, told)
            await pulse.rest("anchors", every)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("anchors.away", extra={"error": str(error)})
            await asyncio.sleep(1)
