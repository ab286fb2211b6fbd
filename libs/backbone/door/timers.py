"""Timers: finds due clocks without locks, and sends their requests through the door."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from backbone.door.door import Door
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.postgres.pool import Pool, is_transient
from backbone.process import tracing
from backbone.process.metrics import LATE, TIMERS, begin
from backbone.process.pulse import Pulse
from backbone.words.actor import CLOCK
from backbone.words.errors import Unavailable

log = logging.getLogger(__name__)

NEVER = datetime.max.replace(tzinfo=UTC)
# Seconds until a clock that was refused, or met a bug, is tried again.
REST = 30.0
# Seconds that a due clock may wait.
TOO_LATE = 5.0
# By this word doctor knows it.
OVERDUE = "overdue"
FATES = ("fired", "busy", "overtaken", "unchanged", "refused", "broken", "unavailable")
# Seconds between two looks of which none is due: a clock of another process is seen within it.
LOOK = 1.0
# Seconds until clocks that are due and did not fire, because they rest or are locked, are tried.
AGAIN = 0.2


@dataclass(frozen=True, slots=True)
class Due:
    """Where clocks are found.

    `page` is a query for id and version of aggregates that are due by the database's clock, except
    those with ids $1 and versions $2: they rest, and must not fill the page before all others.
    `seconds` is a query for the seconds until the next one falls due, null if there is none;
    `clock` names these clocks in metrics.
    """

    page: str
    seconds: str
    clock: str = "other"


def due_in(table: str, column: str = "due_time", columns: str = "id, version") -> Due:
    """The clocks in an indexed column of a table."""
    return Due(  # its arguments are constants of ours
        f"SELECT {columns} FROM {table} WHERE {column} <= statement_timestamp() "  # noqa: S608
        "AND (id, version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[])) "
        f"ORDER BY {column} LIMIT 100",
        f"SELECT extract(epoch FROM min({column}) - clock_timestamp())::float8 FROM {table} "  # noqa: S608
        f"WHERE {column} IS NOT NULL",
        clock=f"{table.split()[0]}.{column}",
    )


def lapse_of(row: Any, command: Any) -> Request[Any]:
    """The request of a clock; its id, and its trace, is unique per aggregate and version."""
    request_id = uuid5(row["id"], f"lapse@{row['version']}")
    return Request(
        request_id=request_id,
        aggregate_id=row["id"],
        command=command,
        body_hash="",
        actor=CLOCK,
        deadline=NEVER,
        call=uuid4().hex,
        traceparent=tracing.Trace(request_id.hex, request_id.hex[:16]).traceparent,
    )


class Timers:
    """Fires due clocks. Several processes may run it: the lock and the version decide which fires.

    `lapse` makes the request from a row.
    """

    def __init__(
        self,
        pool: Pool,
        door: Door,
        due: Due,
        lapse: Callable[[Any], Request[Any]],
        pulse: Pulse,
    ) -> None:
        self._pool = pool
        self._door = door
        self._due = due
        self._lapse = lapse
        self._pulse = pulse
        self.name = f"timers {due.clock}"
        self._woken = asyncio.Event()
        self._resting: dict[tuple[UUID, int], float] = {}
        begin(LATE, [due.clock])
        begin(TIMERS, [door.name], FATES)

    def wake(self) -> None:
        """Look at once: a clock was set that is due now."""
        self._woken.set()

    async def run(self, look: float = LOOK) -> None:
        """Fire due clocks, for ever; `look` is the longest wait between two looks, in seconds."""
        while True:
            self._pulse.beat(self.name)
            self._woken.clear()
            wait = AGAIN
            try:
                seconds = await self._pool.fetchval(self._due.seconds)
                self._tell(seconds)
                if seconds is None or seconds > 0:
                    wait = look if seconds is None else min(look, seconds)
                elif await self.fire():
                    continue  # there may be more than one page
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("timers.away", extra={"error": str(error)})
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait, look)):
                    await self._woken.wait()

    def _tell(self, seconds: float | None) -> None:
        """Tell how late the oldest clock is; a clock that rests grows later all the while."""
        late = max(0.0, -(seconds or 0.0))
        LATE.labels(self._due.clock).set(late)
        self._pulse.note(self.name, flaw_of(self._due.clock, late))

    async def fire(self) -> int:
        """Fire one page of due clocks; return how many took effect in this process.

        A locked aggregate is tried again next time. A clock that was refused, or met a bug, rests
        for REST seconds; one that found nothing to do, because another aggregate has not heard of
        it yet, rests until the next look.
        """
        now = asyncio.get_running_loop().time()
        self._resting = {key: until for key, until in self._resting.items() if until > now}
        ids, versions = [of for of, _ in self._resting], [version for _, version in self._resting]
        found = await self._pool.fetch(self._due.page, ids, versions)
        due = [(row["version"], self._lapse(row)) for row in found]
        answers = await attempt_each(self._door, [request for _, request in due]) if due else []
        fates = []
        for (version, request), answer in zip(due, answers, strict=True):
            fate = fate_of(request, version, answer)
            fates.append(fate)
            TIMERS.labels(self._door.name, fate).inc()
            if fate in ("refused", "broken", "unavailable"):
                log.warning("timer.rests", extra={"of": request.aggregate_id, "fate": fate})
                self._resting[request.aggregate_id, version] = now + REST
            elif fate == "unchanged":
                self._resting[request.aggregate_id, version] = now + LOOK
        return fates.count("fired")


def flaw_of(clock: str, late: float) -> str:
    """The flaw of clocks that do not fire in time; empty if they do."""
    if late <= TOO_LATE:
        return ""
    return f"a clock of {clock} is {late:.0f} s {OVERDUE}"


async def attempt_each(door: Door, due: list[Request[Any]]) -> list[Outcome | Exception | None]:
    """Answer all in one transaction, or one by one if a request breaks it."""
    try:
        return [*await door.attempt(due)]
    except Exception as error:
        if is_transient(error):
            raise
        if len(due) == 1:
            log.exception("timer.broken", extra={"of": due[0].aggregate_id})
            return [error]
        return [answer for request in due for answer in await attempt_each(door, [request])]


def fate_of(request: Request[Any], version: int, answer: Outcome | Exception | None) -> str:
    """The metric label for a clock that was due at this version of its aggregate."""
    if answer is None:
        return "busy"
    if isinstance(answer, Exception) or answer.reason == "INTERNAL":
        return "broken"
    if answer.kind == Unavailable.__name__:
        return "unavailable"
    if not answer.reason and answer.call == request.call:
        return "unchanged" if answer.version == version else "fired"
    # Another request may have changed the aggregate between the query and the lock.
    return "overtaken" if answer.version != version else "refused"
