"""Anchors of the journal, and the check that finds rows changed, removed, moved or truncated.

Each row carries the hash of its aggregate's previous row, which does not reveal a chain whose end
was removed. An anchor is a digest over the previous anchor and all row hashes since, up to a
position. Each anchor is also logged, and logs leave the machine: rewriting the database with its
anchors still contradicts the log.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from backbone.door.journal import FIRST, JournalRow, hash_of
from backbone.postgres.pool import Connection, Pool, is_transient, transaction
from backbone.process.pulse import Pulse
from backbone.words.actor import Actor

log = logging.getLogger(__name__)

EVERY = 300.0
# Longer than any transaction may last, so that every position drawn before is settled.
SETTLES = 10.0
PAGE = 5_000

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.anchor', 0))"
HIGHEST = "SELECT coalesce(max(position), 0) FROM journal"
LAST = "SELECT position, digest FROM anchors ORDER BY position DESC LIMIT 1"
HASHES = """
SELECT position, hash FROM journal WHERE position > $1 AND position <= $2
ORDER BY position LIMIT $3
"""
WRITE = "INSERT INTO anchors (position, digest) VALUES ($1, $2)"
ANCHORS = "SELECT position, digest FROM anchors WHERE position > $1 ORDER BY position LIMIT $2"
ROWS = """
SELECT aggregate_id, version, kind, payload, request_id, actor, unit, time, correlation_id,
       causation_id, traceparent, hash
FROM journal WHERE (aggregate_id, version) > ($1, $2) ORDER BY aggregate_id, version LIMIT $3
"""
# States whose version is not the last version of their journal.
ASTRAY = """
SELECT id, version, (SELECT max(version) FROM journal WHERE aggregate_id = id) AS journalled
FROM {table} AS t
WHERE version IS DISTINCT FROM (SELECT max(version) FROM journal WHERE aggregate_id = id)
LIMIT 100
"""
GONE = """
SELECT aggregate_id, max(version) AS journalled FROM journal
WHERE {nowhere} GROUP BY aggregate_id LIMIT 100
"""
NOT_IN = "NOT EXISTS (SELECT FROM {table} WHERE id = aggregate_id)"
LOWEST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Flaw:
    """One inconsistency: `where` it is, and `what` is wrong there."""

    where: str
    what: str


async def anchor(pool: Pool, upto: int) -> int:
    """Write anchors from the last one up to the position; return the number of rows covered.

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
            position, digest = rows[-1]["position"], digest_of(digest, rows)
            await conn.execute(WRITE, position, digest)
        log.info("journal.anchored", extra={"position": position, "digest": digest.hex()})
        covered += len(rows)


def digest_of(before: bytes, rows: Any) -> bytes:
    """The digest of an anchor: SHA-256 over the previous digest and the row hashes since."""
    return sha256(before + b"".join(row["hash"] for row in rows)).digest()


async def run_anchors(
    pool: Pool, pulse: Pulse, every: float = EVERY, settles: float = SETTLES
) -> None:
    """Write anchors every so many seconds, for ever."""
    while True:
        pulse.beat("anchors")
        try:
            highest = await pool.fetchval(HIGHEST)
            await asyncio.sleep(settles)
            await anchor(pool, highest)
            await _pause(pulse, every)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("anchors.away", extra={"error": str(error)})
            await asyncio.sleep(1)


async def _pause(pulse: Pulse, seconds: float) -> None:
    for _ in range(round(seconds)):
        pulse.beat("anchors")
        await asyncio.sleep(1)


async def verify(conn: Connection, *tables: str) -> AsyncIterator[Flaw]:
    """Yield the flaws of all chains and anchors, and states that differ from their journals."""
    for check in (_verify_chains(conn), _verify_anchors(conn), _verify_states(conn, tables)):
        async for flaw in check:
            yield flaw


async def _verify_states(conn: Connection, tables: tuple[str, ...]) -> AsyncIterator[Flaw]:
    for table in tables:
        for row in await conn.fetch(ASTRAY.format(table=table)):
            end = row["journalled"] or 0
            yield Flaw(f"{table} {row['id']}", f"is at {row['version']}, its journal ends at {end}")
    nowhere = " AND ".join(NOT_IN.format(table=table) for table in tables)
    for row in await conn.fetch(GONE.format(nowhere=nowhere)):
        yield Flaw(f"journal {row['aggregate_id']}", f"has {row['journalled']} rows and no state")


async def _verify_chains(conn: Connection) -> AsyncIterator[Flaw]:
    aggregate_id, version, previous = LOWEST_ID, 0, FIRST
    while rows := await conn.fetch(ROWS, aggregate_id, version, PAGE):
        for row in rows:
            if row["aggregate_id"] != aggregate_id:
                aggregate_id, version, previous = row["aggregate_id"], 0, FIRST
            where = f"journal {aggregate_id}@{row['version']}"
            if row["version"] != version + 1:
                yield Flaw(where, f"follows version {version}")
            elif row["hash"] != hash_of(_record(row), previous):
                yield Flaw(where, "is not what was written, or follows another row")
            version, previous = row["version"], row["hash"]


def _record(row: Any) -> JournalRow:
    plain = {name: value for name, value in row.items() if name not in ("actor", "unit", "hash")}
    return JournalRow(**plain, actor=Actor(row["actor"], row["unit"]))


async def _verify_anchors(conn: Connection) -> AsyncIterator[Flaw]:
    since, digest = 0, FIRST
    while anchors := await conn.fetch(ANCHORS, since, PAGE):
        for each in anchors:
            rows = await conn.fetch(HASHES, since, each["position"], PAGE + 1)
            if digest_of(digest, rows) != each["digest"]:
                yield Flaw(f"anchor {each['position']}", f"does not cover the rows since {since}")
            since, digest = each["position"], each["digest"]
