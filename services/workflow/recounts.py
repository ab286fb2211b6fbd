"""Counts provisional due times anew whenever the city changes, and once after each start.

A due time that is left, because the process ends or its supervision is locked, is found again. One
that was counted anew is provisional no more, so none is counted twice.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec.structs import replace

from backbone.door.door import Door
from backbone.door.request import Request
from backbone.door.rows import RowsOf
from backbone.door.timers import attempt_each, lapse_of
from backbone.postgres.pool import is_transient
from backbone.postgres.states import with_proof
from backbone.process import clock
from backbone.process.pulse import Pulse
from backbone.words.city import City
from backbone.words.errors import Unavailable
from services.workflow.supervision.recounting import RecountDueTimes, is_outdated

log = logging.getLogger(__name__)

# Seconds until supervisions that were locked, or not reached, are tried again.
PAUSE = 5.0
BATCH = 100
FIRST = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
# In the order of the index of due times, which holds only what an answer is waited for.
WAITING = f"""
SELECT {with_proof("s")}, s.due_time FROM supervisions AS s
WHERE s.due_time IS NOT NULL AND (s.due_time, s.id) > ($1, $2)
ORDER BY s.due_time, s.id LIMIT {BATCH}
"""  # noqa: S608  # our names


class Recounts:
    """Several processes may run it: the lock and the door's repeats let each event happen once."""

    def __init__(self, door: Door, rows: RowsOf, pulse: Pulse) -> None:
        """`rows` are those of the supervisions."""
        self._door, self._rows, self._pulse = door, rows, pulse
        self._news = asyncio.Event()
        self._city: City | None = None

    def learn(self, city: City) -> None:
        """A city was loaded; it may know the holidays of a further year."""
        self._city = city
        self._news.set()

    async def run(self) -> None:
        """Count for ever, with each city that is loaded."""
        while True:
            self._pulse.beat("recounts")
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE):
                    await self._news.wait()
            if not self._news.is_set():
                continue
            self._news.clear()
            try:
                left = await self.recount()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("recount.away", extra={"error": str(error)})
                left = 1
            if left:
                await asyncio.sleep(PAUSE)
                self._news.set()

    async def recount(self) -> int:
        """Count all that wait, one batch in one transaction; return how many are left."""
        place, left, city = FIRST, 0, self._city
        while city and (rows := await self._rows.pool.fetch(WAITING, *place)):
            self._pulse.beat("recounts")
            place = rows[-1]["due_time"], UUID(str(rows[-1]["id"]))
            proven = await self._rows.sound(rows)
            requests = [_request(each, city) for each in proven if self._is_outdated(each, city)]
            answers = await attempt_each(self._door, requests) if requests else []
            left += sum(1 for each in answers if each is None)
        return left

    def _is_outdated(self, row: Any, city: City) -> bool:
        """False for a row of a newer release, which counts it by itself."""
        try:
            found = self._rows.decider.from_row(row)
        except Unavailable:
            return False
        return is_outdated(found, clock.now(), city.calendar)


def _request(row: Any, city: City) -> Request[Any]:
    """Its id names the city too: a later one may say something else of the same version."""
    request = lapse_of(row, RecountDueTimes())
    name = f"recount@{row['version']}@{city.head.version}"
    return replace(request, request_id=uuid5(row["id"], name))
