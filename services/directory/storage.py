"""The tables of the directory: packs in force, waiting, and not yet published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from backbone.door.beside import Beside, CodedRows
from backbone.kafka.bookmark import Bookmark
from backbone.postgres.pool import Connection, Pool

# A city of 15,238 grids has 55,000 entries: that takes longer than a command may.
PATIENCE = 60

# One pack at a time, whichever instance takes it. A running transaction's clock is wound up anew
# only from nothing.
LOCK = """
SELECT set_config('transaction_timeout', '0', true), set_config('transaction_timeout', '60s', true),
       set_config('idle_in_transaction_session_timeout', '20s', true),
       set_config('lock_timeout', '60s', true),
       pg_advisory_xact_lock(hashtextextended(current_schema() || '.packs', 0))
"""
NEXT_VERSION = """
SELECT greatest(
    (SELECT coalesce(max(version), 0) + 1 FROM packs),
    -- Greater than any version of an earlier database, whose entries the topic may still hold.
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint
)
"""
IN_FORCE = """
SELECT version, checksum FROM packs WHERE in_force_time IS NOT NULL ORDER BY version DESC LIMIT 1
"""
ADD_PACK = """
INSERT INTO packs (version, checksum, archive, effective_time, loader)
VALUES ($1, $2, $3, coalesce($4, clock_timestamp()), $5)
RETURNING effective_time, effective_time <= clock_timestamp() AS is_due
"""
# One that could not be put in force is overtaken by the next that is loaded, and holds up no other.
DUE = """
SELECT version, archive, effective_time FROM packs
WHERE in_force_time IS NULL AND effective_time <= clock_timestamp()
AND effective_time >= coalesce((
    SELECT effective_time FROM packs WHERE in_force_time IS NOT NULL ORDER BY version DESC LIMIT 1
), '-infinity')
ORDER BY effective_time, version LIMIT 1
"""
# One that waited gets its version now: greater than those that came in force meanwhile.
RENUMBER = "UPDATE packs SET version = $2 WHERE version = $1"
PUT_IN_FORCE = "UPDATE packs SET in_force_time = clock_timestamp() WHERE version = $1"

# The directory signs what stands here: an entry that it has not written is neither shown nor sent.
ENTRIES = Beside("entries", ("key", "version", "body"), ("key",))
CHANGE = """
INSERT INTO entries (key, version, body, unpublished, proof)
SELECT key, $1, body, true, proof
FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS given (key, body, proof)
ON CONFLICT (key) DO UPDATE
SET version = excluded.version, body = excluded.body, unpublished = true, proof = excluded.proof
WHERE entries.body IS DISTINCT FROM excluded.body
"""
REMOVE = """
UPDATE entries SET version = $1, body = NULL, unpublished = true
WHERE body IS NOT NULL AND key NOT IN (SELECT unnest($2::text[]))
RETURNING key, version, body
"""
ALL = "SELECT key, version, body, proof FROM entries WHERE body IS NOT NULL"
HEAD_BODY = "SELECT body FROM entries WHERE key = 'city'"

# The head comes last: a reader that has it has read all.
UNPUBLISHED = """
SELECT key, version, body, proof FROM entries WHERE unpublished ORDER BY key = 'city', key
"""
WAITING = "SELECT count(*) FROM entries WHERE unpublished"
PUBLISH_AGAIN = "UPDATE entries SET unpublished = true"
PUBLISHED = """
UPDATE entries SET unpublished = false
FROM unnest($1::text[], $2::bigint[]) AS sent (key, version)
WHERE entries.key = sent.key AND entries.version = sent.version
"""
FORGET_REMOVED = "DELETE FROM entries WHERE body IS NULL AND NOT unpublished"
READ_BOOKMARK = "SELECT log_offset, log_time FROM replica_bookmark WHERE topic = $1"
SAVE_BOOKMARK = """
INSERT INTO replica_bookmark (topic, log_offset, log_time) VALUES ($1, $2, $3)
ON CONFLICT (topic) DO UPDATE SET log_offset = excluded.log_offset, log_time = excluded.log_time
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pack that was accepted; whether its moment has come."""

    effective_time: datetime
    is_due: bool


async def lock(conn: Connection) -> None:
    await conn.execute(LOCK, timeout=PATIENCE)


async def next_version(conn: Connection) -> int:
    return int(await conn.fetchval(NEXT_VERSION))


async def in_force(conn: Connection) -> tuple[int, str] | None:
    """Return version and checksum of the pack that is in force."""
    row = await conn.fetchrow(IN_FORCE)
    return (row["version"], row["checksum"]) if row else None


async def add_pack(
    conn: Connection, version: int, checksum: str, archive: bytes, when: datetime | None, by: str
) -> Waiting:
    [row] = await conn.fetch(ADD_PACK, version, checksum, archive, when, by)
    return Waiting(row["effective_time"], row["is_due"])


async def renumber(conn: Connection, version: int) -> int:
    """Give a pack that has waited the next version, and return it."""
    following = await next_version(conn)
    await conn.execute(RENUMBER, version, following)
    return following


async def put_in_force(
    conn: Connection, version: int, bodies: Mapping[str, bytes], coded: CodedRows
) -> tuple[int, int]:
    """Return how many entries were changed, and how many removed."""
    keys = list(bodies)
    proofs = [
        coded.made({"key": key, "version": version, "body": body}) for key, body in bodies.items()
    ]
    written = (version, keys, list(bodies.values()), proofs)
    changed = await conn.execute(CHANGE, *written, timeout=PATIENCE)
    removed = await conn.fetch(REMOVE, version, keys, timeout=PATIENCE)
    await coded.code(conn, removed)
    await conn.execute(PUT_IN_FORCE, version)
    return _count(changed), len(removed)


async def unpublished(conn: Connection) -> list[asyncpg.Record]:
    return await conn.fetch(UNPUBLISHED, timeout=PATIENCE)


async def waiting(pool: Pool) -> int:
    """How many entries wait to be published."""
    return int(await pool.fetchval(WAITING))


async def published(conn: Connection, rows: Sequence[asyncpg.Record]) -> None:
    keys, versions = [row["key"] for row in rows], [row["version"] for row in rows]
    await conn.execute(PUBLISHED, keys, versions, timeout=PATIENCE)
    await conn.execute(FORGET_REMOVED)


async def publish_again(conn: Connection) -> None:
    await conn.execute(PUBLISH_AGAIN, timeout=PATIENCE)


async def bookmark(conn: Connection, topic: str) -> Bookmark | None:
    """Return where the head was published last."""
    row = await conn.fetchrow(READ_BOOKMARK, topic)
    return Bookmark(row["log_offset"], row["log_time"]) if row else None


async def save_bookmark(conn: Connection, topic: str, mark: Bookmark) -> None:
    await conn.execute(SAVE_BOOKMARK, topic, mark.offset, mark.timestamp)


def _count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
