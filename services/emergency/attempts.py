"""Messages to people by telephone: written with the rung that tells them, sent afterwards.

A message keeps its key at every try: the provider can leave out what it has sent already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Any
from uuid import UUID

from backbone.door.batch import Batch
from backbone.postgres.pool import Connection, Pool
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from services.emergency.metrics import LATENESS, RUNG, RUNGS

UNANSWERED = "liandong.emergency.unanswered.v1"

ADD = """
INSERT INTO delivery_attempts (key, mission, revision, recipient, channel, rung)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::integer[])
ON CONFLICT (key) DO NOTHING
"""
# A sender that dies before it has an answer is due again by itself, after its time to answer. One
# that is due later than any pause lasts was put off by a clock that has been set back since.
CLAIM = """
WITH due AS (
    SELECT key FROM delivery_attempts
    WHERE state = 'WAITING'
      AND retry_time NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '6 seconds'
    ORDER BY retry_time LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE delivery_attempts AS a
SET tries = a.tries + 1, retry_time = clock_timestamp() + interval '5 seconds'
FROM due, missions AS m WHERE a.key = due.key AND m.id = a.mission
RETURNING a.key, a.mission, a.revision, a.recipient, a.channel, a.rung, a.tries,
          m.code, m.priority, m.state,
          m.rung_due IS NOT NULL
          OR (m.state = 'REFUSED' AND m.alert_time IS NOT NULL) AS wanted
"""
END = """
UPDATE delivery_attempts SET state = $2, error = $3, end_time = clock_timestamp()
WHERE key = $1 AND state = 'WAITING'
"""
AGAIN = """
UPDATE delivery_attempts
SET tries = $2, error = $3, retry_time = clock_timestamp() + make_interval(secs => $4)
WHERE key = $1 AND state = 'WAITING'
"""
UNDELIVERED = """
SELECT mission, count(*) AS messages FROM delivery_attempts
WHERE mission = ANY($1) AND (state = 'FAILED' OR (state = 'WAITING' AND tries > 1)) GROUP BY mission
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message to one person on one channel."""

    mission: UUID
    revision: int
    recipient: str
    channel: str
    rung: int

    @property
    def key(self) -> str:
        """The id of a message: the same however often and by which process it is written down."""
        parts = (self.mission, self.revision, self.recipient, self.channel, self.rung)
        return sha256("\0".join(map(str, parts)).encode()).hexdigest()[:40]


async def ride(conn: Connection, batch: Batch) -> None:
    """Write the messages of the rungs that a batch has fired, in its transaction."""
    found: list[Attempt] = []
    for record in batch.journal_rows:
        if record.kind != UNANSWERED:
            continue
        mission = batch.changed[record.aggregate_id]
        event = EmergencyEvent.FromString(record.payload).unanswered
        _count(record.time, event)
        found += _attempts(record.aggregate_id, mission.pushes.revision, event)
    if found:
        await add(conn, found)


def _attempts(mission: UUID, revision: int, event: Any) -> list[Attempt]:
    return [
        Attempt(mission, revision, user, channel, event.rung)
        for told in event.told
        for user in told.users
        for channel in told.channels
    ]


def _count(time: Any, event: Any) -> None:
    RUNG.labels(RUNGS[min(event.rung, len(RUNGS)) - 1]).inc()
    LATENESS.observe(max(0.0, (time - event.due_time.ToDatetime(UTC)).total_seconds()))


async def add(conn: Connection | Pool, attempts: Iterable[Attempt]) -> None:
    """Write them down; one that stands already is left as it is."""
    rows = [(a.key, a.mission, a.revision, a.recipient, a.channel, a.rung) for a in attempts]
    await conn.execute(ADD, *map(list, zip(*rows, strict=True)))


async def undelivered(pool: Pool, missions: Sequence[UUID]) -> dict[UUID, int]:
    """How many messages of each mission have not got through."""
    rows = await pool.fetch(UNDELIVERED, list(missions))
    return {row["mission"]: row["messages"] for row in rows}
