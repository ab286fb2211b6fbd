"""The inbox of a consumer group: applied versions, parked events and refused links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from backbone.door.beside import Beside, CodedRows
from backbone.door.outcomes import Outcome
from backbone.postgres.pool import Connection, Pool
from liandong.event.v1.event_pb2 import Meta

# Excludes consuming and replaying events of one source aggregate at the same time: an event could
# otherwise queue behind one that has just been replayed.
LOCK = """
SELECT pg_advisory_xact_lock(
    hashtextextended(current_schema() || ' inbox {group} ' || source, 0))
FROM unnest('{{{sources}}}'::text[]) AS source
"""
STANDING = """
SELECT aggregate_id AS source, version AS last, false AS waits FROM inbox
WHERE consumer = $1 AND aggregate_id = ANY($2::uuid[])
UNION ALL
SELECT DISTINCT aggregate_id, 0, true FROM parked
WHERE consumer = $1 AND aggregate_id = ANY($2::uuid[])
"""
NOTE = """
INSERT INTO inbox (consumer, aggregate_id, version)
SELECT $1, * FROM unnest($2::uuid[], $3::bigint[])
ON CONFLICT (consumer, aggregate_id) DO UPDATE
SET version = excluded.version, month = excluded.month
WHERE inbox.version < excluded.version
"""
PARK = """
INSERT INTO parked (consumer, aggregate_id, version, topic, partition, record, value, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""
UNPARK = "DELETE FROM parked WHERE consumer = $1 AND aggregate_id = $2 AND version = $3"
FIRST_PARKED = """
SELECT version, value FROM parked WHERE consumer = $1 AND aggregate_id = $2
ORDER BY version LIMIT 1
"""
FIRST_OF_EACH = """
SELECT DISTINCT ON (aggregate_id) aggregate_id AS source, value, reason FROM parked
WHERE consumer = $1 ORDER BY aggregate_id, version
"""
WAITING = "SELECT count(*) FROM parked WHERE consumer = $1 AND aggregate_id = $2"
REFUSED = """
INSERT INTO refused_links
    (consumer, event_id, aggregate_id, reason, facts, matter, audience, area, source, accused)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING *
"""
# The facts are kept for a person at the database, and shown to no one.
LINKS = Beside(
    "refused_links",
    (
        "consumer",
        "event_id",
        "aggregate_id",
        "reason",
        "matter",
        "audience",
        "area",
        "source",
        "accused",
        "time",
        "settle_time",
        "settled_by",
        "note",
    ),
    key=("consumer", "event_id", "aggregate_id"),
    counted=True,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """The last applied version of a source aggregate, and whether it has parked events."""

    last: int
    waits: bool


class Inbox:
    """Reads and writes the inbox tables of one consumer group, in the caller's transaction."""

    def __init__(self, group: str, links: CodedRows | None = None) -> None:
        self._group = group
        self._links = links or CodedRows(None, LINKS)

    def lock(self, *sources: UUID) -> str:
        """The SQL that locks these sources; it must be the first statement of the transaction."""
        return LOCK.format(group=self._group, sources=",".join(map(str, sorted(set(sources)))))

    async def standing(self, conn: Connection, *sources: UUID) -> dict[UUID, Standing]:
        """The standing of each source; version 0 for a source of which no event was applied."""
        standing = dict.fromkeys(sources, Standing(0, waits=False))
        for row in await conn.fetch(STANDING, self._group, list(standing)):
            known = standing[row["source"]]
            last, waits = max(known.last, row["last"]), known.waits or row["waits"]
            standing[row["source"]] = Standing(last, waits)
        return standing

    async def note(self, conn: Connection, versions: Mapping[UUID, int]) -> None:
        await conn.execute(NOTE, self._group, list(versions), list(versions.values()))

    async def park(self, conn: Connection, meta: Meta, record: ConsumerRecord, reason: str) -> None:
        whose = (self._group, UUID(meta.aggregate_id), meta.version)
        origin = (record.topic, record.partition, record.offset)
        await conn.execute(PARK, *whose, *origin, record.value, reason)

    async def unpark(self, conn: Connection, source: UUID, version: int) -> None:
        await conn.execute(UNPARK, self._group, source, version)

    async def first_parked(self, conn: Connection, source: UUID) -> Any | None:
        return await conn.fetchrow(FIRST_PARKED, self._group, source)

    async def first_of_each(self, pool: Pool) -> Sequence[Any]:
        """The first parked event of every source."""
        rows: Sequence[Any] = await pool.fetch(FIRST_OF_EACH, self._group)
        return rows

    async def waiting(self, pool: Pool, source: UUID) -> int:
        return int(await pool.fetchval(WAITING, self._group, source))

    async def refused(self, conn: Connection, meta: Meta, outcome: Outcome) -> None:
        """Record a refused link, which stays visible to dispatchers until one settles it."""
        link = (self._group, UUID(meta.event_id), outcome.aggregate_id)
        task = (meta.correlation_id, [*meta.audience], meta.area or meta.audited_area)
        about = (meta.source, meta.accused)
        rows = await conn.fetch(REFUSED, *link, outcome.reason, outcome.facts, *task, *about)
        await self._links.wrote(conn, rows)
