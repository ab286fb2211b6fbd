"""Supervisions that have yet to hear where one of their incidents comes from.

They are noted in the transaction in which the incident is told, and each is told by an event of its
own. One that is locked, or left because the process ends, stays on the list.
"""

import asyncio
import logging
from uuid import UUID, uuid5

from msgspec.structs import replace

from backbone.door.batch import Batch
from backbone.door.door import Door
from backbone.door.outcomes import Outcome
from backbone.door.timers import attempt_each, lapse_of
from backbone.postgres.pool import Connection, Pool, is_transient
from backbone.process.pulse import Pulse
from services.workflow.supervision.inheriting import HearOrigin

log = logging.getLogger(__name__)

PAUSE = 1.0
ORIGIN_TOLD = "liandong.incident.origin_told.v1"
NOTE = """
INSERT INTO untold_supervisions (supervision, incident)
SELECT s.id, i.id FROM unnest($1::uuid[]) AS i (id) JOIN supervisions AS s
ON EXISTS (SELECT FROM unnest(s.addressed) AS a (one) WHERE starts_with(a.one, i.id || '/'))
ON CONFLICT DO NOTHING
"""
UNTOLD = """
SELECT s.id, s.version, u.incident FROM untold_supervisions AS u
JOIN supervisions AS s ON s.id = u.supervision ORDER BY u.supervision, u.incident LIMIT 100
"""
TOLD = """
DELETE FROM untold_supervisions
WHERE (supervision, incident) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""


async def note_untold(conn: Connection, batch: Batch) -> None:
    """Note the supervisions of incidents that a batch has told where they come from."""
    told = [row.aggregate_id for row in batch.journal_rows if row.kind == ORIGIN_TOLD]
    if told:
        await conn.execute(NOTE, told)


class Untold:
    """Works off the list; several processes may: the lock and the door's repeats keep to once."""

    def __init__(self, pool: Pool, door: Door, pulse: Pulse) -> None:
        self._pool, self._door, self._pulse = pool, door, pulse

    async def run(self) -> None:
        """Tell those on the list, for ever."""
        while True:
            try:
                while await self.tell():
                    pass
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("untold.away", extra={"error": str(error)})
            await asyncio.sleep(PAUSE)

    async def tell(self) -> int:
        """Tell the first of them; return how many were told."""
        self._pulse.beat("untold supervisions")
        rows = await self._pool.fetch(UNTOLD)
        requests = []
        for row in rows:
            asked = lapse_of(row, HearOrigin(UUID(str(row["incident"]))))
            name = f"hear {row['incident']}"
            requests.append(replace(asked, request_id=uuid5(asked.request_id, name)))
        answers = await attempt_each(self._door, requests) if requests else []
        told = [
            row
            for row, each in zip(rows, answers, strict=True)
            if isinstance(each, Outcome) and not each.reason
        ]
        if told:
            named = [row["id"] for row in told], [row["incident"] for row in told]
            await self._pool.execute(TOLD, *named)
        return len(told)
