"""Supervisions that have yet to hear where one of their incidents comes from, or that it accuses.

They are noted in the transaction in which the incident is told, and each is told by an event of its
own. One that is locked, or left because the process ends, stays on the list. So does one that is
refused: readiness tells of it, and those behind it are told.
"""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from msgspec.structs import replace

from backbone.door.batch import Batch
from backbone.door.door import Door
from backbone.door.outcomes import Outcome
from backbone.door.timers import attempt_each, lapse_of
from backbone.postgres.pool import Connection, Pool, is_transient
from backbone.process.pulse import Pulse
from backbone.words.correction import AGAINST
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.workflow.metrics import CANNOT_HEAR
from services.workflow.supervision.inheriting import HearOrigin

log = logging.getLogger(__name__)

PAUSE = 1.0
LOOP = "untold supervisions"
FIRST = UUID(int=0)
ORIGIN_TOLD = "liandong.incident.origin_told.v1"
AMENDED = "liandong.incident.amended.v1"
NOTE = """
INSERT INTO untold_supervisions (supervision, incident)
SELECT s.id, i.id FROM unnest($1::uuid[]) AS i (id) JOIN supervisions AS s
ON EXISTS (SELECT FROM unnest(s.addressed) AS a (one) WHERE starts_with(a.one, i.id || '/'))
ON CONFLICT DO NOTHING
"""
UNTOLD = """
SELECT s.id, s.version, u.incident FROM untold_supervisions AS u
JOIN supervisions AS s ON s.id = u.supervision
WHERE (u.supervision, u.incident) > ($1, $2) ORDER BY u.supervision, u.incident LIMIT 100
"""
TOLD = """
DELETE FROM untold_supervisions
WHERE (supervision, incident) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""


async def note_untold(conn: Connection, batch: Batch) -> None:
    """Note the supervisions of incidents that a batch has told where they come from, or made accuse
    a unit."""
    told = [row.aggregate_id for row in batch.journal_rows if limits_sight(row)]
    if told:
        await conn.execute(NOTE, told)


def limits_sight(row: Any) -> bool:
    """Whether fewer people may know of the incident since this event."""
    if row.kind == AMENDED:
        return AGAINST in IncidentEvent.FromString(row.payload).amended.changed
    return bool(row.kind == ORIGIN_TOLD)


class Untold:
    """Works off the list; several processes may: the lock and the door's repeats keep to once."""

    def __init__(self, pool: Pool, door: Door, pulse: Pulse) -> None:
        self._pool, self._door, self._pulse = pool, door, pulse

    async def run(self) -> None:
        """Tell those on the list, for ever."""
        async for _ in self._pulse.rounds(LOOP, PAUSE):
            try:
                refused = await self.tell()
                CANNOT_HEAR.set(refused)
                self._pulse.note(LOOP, flaw_of(refused))
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("untold.away", extra={"error": str(error)})

    async def tell(self) -> int:
        """Try each of them once, in pages; return how many were refused."""
        place, refused = (FIRST, FIRST), 0
        while rows := await self._pool.fetch(UNTOLD, *place):
            self._pulse.beat(LOOP)
            place = UUID(str(rows[-1]["id"])), UUID(str(rows[-1]["incident"]))
            refused += await self._tell(rows)
        return refused

    async def _tell(self, rows: Sequence[Any]) -> int:
        """Tell those of one page; return how many were refused."""
        requests = []
        for row in rows:
            asked = lapse_of(row, HearOrigin(UUID(str(row["incident"]))))
            name = f"hear {row['incident']}"
            requests.append(replace(asked, request_id=uuid5(asked.request_id, name)))
        answers = await attempt_each(self._door, requests)
        told = [row for row, each in zip(rows, answers, strict=True) if is_told(each)]
        if told:
            named = [row["id"] for row in told], [row["incident"] for row in told]
            await self._pool.execute(TOLD, *named)
        refused = [each for each in answers if each is not None and not is_told(each)]
        if refused:
            log.warning("untold.refused", extra={"count": len(refused), "first": repr(refused[0])})
        return len(refused)


def is_told(answer: Outcome | Exception | None) -> bool:
    return isinstance(answer, Outcome) and not answer.reason


def flaw_of(refused: int) -> str:
    if not refused:
        return ""
    return (
        f"{refused} supervisions cannot hear where an incident of theirs comes from: the log says "
        "why (`untold.refused`); they are tried again"
    )
