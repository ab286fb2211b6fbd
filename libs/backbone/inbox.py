"""The inbox of a consumer group: what it has applied, what waits, and which links were refused."""

from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from backbone.outcomes import Outcome
from backbone.postgres import Connection, Pool

HAS = "SELECT 1 FROM inbox WHERE consumer = $1 AND aggregate_id = $2 AND version >= $3"
NOTE = """
INSERT INTO inbox (consumer, aggregate_id, version) VALUES ($1, $2, $3)
ON CONFLICT (consumer, aggregate_id) DO UPDATE SET version = excluded.version
WHERE inbox.version < excluded.version
"""
WAITS = "SELECT 1 FROM parked WHERE consumer = $1 AND aggregate_id = $2 LIMIT 1"
PARK = """
INSERT INTO parked (consumer, aggregate_id, version, topic, partition, record, value, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""
UNPARK = "DELETE FROM parked WHERE consumer = $1 AND aggregate_id = $2 AND version = $3"
PARKED = """
SELECT version, value FROM parked WHERE consumer = $1 AND aggregate_id = $2 ORDER BY version
"""
REFUSED = """
INSERT INTO refused_links (consumer, event_id, aggregate_id, reason, facts)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""


class Inbox:
    """Statements over the tables of one consumer group; the caller brings the transaction."""

    def __init__(self, group: str) -> None:
        self._group = group

    async def has(self, conn: Connection, source: UUID, version: int) -> bool:
        return await conn.fetchval(HAS, self._group, source, version) is not None

    async def note(self, conn: Connection, source: UUID, version: int) -> None:
        await conn.execute(NOTE, self._group, source, version)

    async def waits(self, conn: Connection, source: UUID) -> bool:
        return await conn.fetchval(WAITS, self._group, source) is not None

    async def park(
        self, conn: Connection, source: UUID, version: int, record: ConsumerRecord, reason: str
    ) -> None:
        origin = (record.topic, record.partition, record.offset)
        await conn.execute(PARK, self._group, source, version, *origin, record.value, reason)

    async def unpark(self, conn: Connection, source: UUID, version: int) -> None:
        await conn.execute(UNPARK, self._group, source, version)

    async def parked(self, pool: Pool, source: UUID) -> list[Any]:
        return await pool.fetch(PARKED, self._group, source)

    async def refused(self, conn: Connection, event: Any, outcome: Outcome) -> None:
        """A link that was refused is a task for a dispatcher: it stays visible until settled."""
        event_id = UUID(event.meta.event_id)
        facts = outcome.answer["facts"]
        await conn.execute(
            REFUSED, self._group, event_id, outcome.aggregate_id, outcome.reason, facts
        )
