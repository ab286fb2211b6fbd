"""The open streams of terminals: waking them for new entries, and cutting off slow readers."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias
from uuid import uuid4

from backbone.door.rows import RowsOf
from backbone.postgres.pool import is_transient
from backbone.process.pulse import Pulse
from liandong.emergency.v1.emergency_service_pb2 import SubscribeRequest, SubscribeResponse
from services.emergency import storage
from services.emergency.metrics import DROPPED, ON_RUNG, OVERDUE, RUNGS, TERMINALS, WAITING
from services.emergency.presence import Open, Presence
from services.emergency.pressed import Pressed
from services.emergency.session import Session

log = logging.getLogger(__name__)

# Seconds between polls: the longest delay after a lost notification.
POLL = 1.0
# Seconds: a terminal that takes no frame for so long is disconnected; it loses no message.
PATIENCE = 15.0

Cut: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


class Terminals:
    """The open streams of this process, and what is known of those of others."""

    def __init__(self, rows: RowsOf, pulse: Pulse, patience: float = PATIENCE) -> None:
        """`rows` are those of missions."""
        self.pressed = Pressed()
        self._pool, self._rows = rows.pool, rows
        self._pulse = pulse
        self._patience = patience
        self._teams: dict[str, dict[str, Session]] = defaultdict(dict)
        self._presence = Presence(rows.pool)
        self._cuts: dict[Session, Cut] = {}
        self._told: dict[Session, Open] = {}
        self._stopping = False
        self._ending: set[asyncio.Task[None]] = set()

    def connected(self, team: str) -> int:
        """The number of the team's terminals with an open stream, here or elsewhere."""
        return len(self._teams.get(team, ())) + self._presence.elsewhere(team)

    async def hears(self, team: str) -> bool:
        """Whether the team has a terminal anywhere at this moment."""
        return bool(self._teams.get(team)) or await self._presence.hears(team)

    def teams(self) -> frozenset[str]:
        """The teams with an open stream, here or elsewhere."""
        here = frozenset(team for team, sessions in self._teams.items() if sessions)
        return here | self._presence.teams()

    def look(self, team: str, push: int, step: int) -> None:
        """Wake the team's streams for pushes and steps up to these."""
        for session in self._teams.get(team, {}).values():
            session.wake(push, step)

    async def stream(self, request: SubscribeRequest, cut: Cut) -> AsyncIterator[SubscribeResponse]:
        """Serve one terminal; the newest session of a device wins. `cut` ends a stuck call."""
        name = uuid4()
        told = Open(name, request.team, request.device or name.hex)
        with self._open(told, cut) as session:
            async for frame in session.frames(request.after, name.hex):
                yield frame

    @contextmanager
    def _open(self, told: Open, cut: Cut) -> Iterator[Session]:
        team, device = told.team, told.device
        sessions = self._teams[team]
        if older := sessions.get(device):
            older.end("REPLACED")
            DROPPED.labels("REPLACED").inc()
        session = sessions[device] = Session(self._rows, team, self.pressed)
        self._cuts[session], self._told[session] = cut, told
        self._presence.changed.set()
        TERMINALS.set(len(self._cuts))
        try:
            yield session
        finally:
            self._cuts.pop(session, None)
            self._told.pop(session, None)
            if sessions.get(device) is session:
                del sessions[device]
            if not sessions and self._teams.get(team) is sessions:
                del self._teams[team]
            TERMINALS.set(len(self._cuts))

    async def run(self) -> None:
        """Poll until cancelled: wake streams that missed a notification, cut off slow ones."""
        while True:
            self._pulse.beat("terminals")
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._presence.changed.wait()
            self._presence.changed.clear()
            self._drop_the_slow()
            try:
                await self._tell()
                await self._wake()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("terminals.blind", extra={"error": str(error)})
                await asyncio.sleep(0.1)

    def say_goodbye(self) -> None:
        """End every stream, as the process is about to stop.

        The others are not told: for a few seconds, in which a terminal finds another process, its
        team still counts as one that hears.
        """
        self._stopping = True
        for session in self._cuts:
            session.end("STOPPING")

    async def _tell(self) -> None:
        """Tell other processes of the streams here; one whose device went to another ends."""
        if self._stopping:
            return
        replaced = await self._presence.tell([*self._told.values()])
        for session, told in self._told.items():
            if told.session in replaced and not session.end_reason:
                session.end("REPLACED")
                DROPPED.labels("REPLACED").inc()

    async def _wake(self) -> None:
        if not self._teams:
            return
        for row in await self._pool.fetch(storage.MARKS, list(self._teams)):
            self.look(row["team"], row["last_push"], row["last_step"])

    def _drop_the_slow(self) -> None:
        now = time.monotonic()
        for session, cut in list(self._cuts.items()):
            if session.writing_since and now - session.writing_since > self._patience:
                log.warning("terminal.slow", extra={"team": session.team})
                DROPPED.labels("SLOW").inc()
                session.writing_since = now
                ending = asyncio.create_task(cut())
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)

    async def count(self, pause: float = 5.0) -> None:
        """Update the gauges of unanswered missions, until cancelled."""
        while True:
            self._pulse.beat("unanswered")
            try:
                rows = {row["state"]: row for row in await self._pool.fetch(storage.UNANSWERED)}
                for state in ("PENDING", "DELIVERED"):
                    WAITING.labels(state).set(rows[state]["missions"] if state in rows else 0)
                OVERDUE.set(sum(row["overdue"] for row in rows.values()))
                _tell_rungs(await self._pool.fetch(storage.ON_RUNGS))
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(pause)


def _tell_rungs(rows: Sequence[Any]) -> None:
    found = dict.fromkeys(("0", *RUNGS), 0)
    for row in rows:
        rung = "0" if row["rung"] < 1 else RUNGS[min(row["rung"], len(RUNGS)) - 1]
        found[rung] += row["missions"]
    for rung, missions in found.items():
        ON_RUNG.labels(rung).set(missions)
