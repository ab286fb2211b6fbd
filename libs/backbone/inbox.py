"""The inbox of a consumer group: what it has applied, what waits, and which links were refused."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from backbone.outcomes import Outcome
from backbone.postgres import Connection, Pool
from liandong.event.v1.event_pb2 import Meta

# Taking and replaying the events of one source aggregate exclude each other, or an event could
# queue behind another one that has just been applied.
LOCK = """
SELECT pg_advisory_xact_lock(
    hashtextextended(current_schema() || ' inbox {group} {source}', 0))
"""
STANDING = """
SELECT coalesce(
           (SELECT version FROM inbox WHERE consumer = $1 AND aggregate_id = $2), 0) AS last,
       EXISTS (SELECT FROM parked WHERE consumer = $1 AND aggregate_id = $2) AS waits
"""
NOTE = """
INSERT INTO inbox (consumer, aggregate_id, version) VALUES ($1, $2, $3)
ON CONFLICT (consumer, aggregate_id) DO UPDATE SET version = excluded.version
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
WAITING = "SELECT count(*) FROM parked WHERE consumer = $1 AND aggregate_id = $2"
REFUSED = """
INSERT INTO refused_links (consumer, event_id, aggregate_id, reason, facts)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The last version of a source aggregate that was applied, and whether events of it wait."""

    last: int
    waits: bool


class Inbox:
    """Statements over the tables of one consumer group; the caller brings the transaction."""

    def __init__(self, group: str) -> None:
        self._group = group

    def lock(self, source: UUID) -> str:
        """The first statement of a transaction over this source: nobody else goes on with it."""
        return LOCK.format(group=self._group, source=source)

    async def standing(self, conn: Connection, source: UUID) -> Standing:
        """How far the group is with this source."""
        row = await conn.fetchrow(STANDING, self._group, source)
        assert row is not None, "a SELECT without FROM has one row"  # noqa: S101
        return Standing(row["last"], row["waits"])

    async def note(self, conn: Connection, meta: Meta) -> None:
        await conn.execute(NOTE, self._group, UUID(meta.aggregate_id), meta.version)

    async def park(self, conn: Connection, meta: Meta, record: ConsumerRecord, reason: str) -> None:
        whose = (self._group, UUID(meta.aggregate_id), meta.version)
        origin = (record.topic, record.partition, record.offset)
        await conn.execute(PARK, *whose, *origin, record.value, reason)

    async def unpark(self, conn: Connection, source: UUID, version: int) -> None:
        await conn.execute(UNPARK, self._group, source, version)

    async def first_parked(self, conn: Connection, source: UUID) -> Any | None:
        return await conn.fetchrow(FIRST_PARKED, self._group, source)

    async def waiting(self, pool: Pool, source: UUID) -> int:
        return int(await pool.fetchval(WAITING, self._group, source))

    async def refused(self, conn: Connection, meta: Meta, outcome: Outcome) -> None:
        """A link that was refused is a task for a dispatcher: it stays visible until settled."""
        event_id, facts = UUID(meta.event_id), outcome.answer["facts"]
        await conn.execute(
            REFUSED, self._group, event_id, outcome.aggregate_id, outcome.reason, facts
        )
