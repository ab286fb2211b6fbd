"""Terminals: whose stream is open, who must look into the mailbox, and who reads too slowly."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from uuid import uuid4

from backbone.postgres import Pool, is_transient
from backbone.pulse import Pulse
from liandong.emergency.v1.emergency_service_pb2 import SubscribeResponse
from services.emergency import storage
from services.emergency.metrics import DROPPED, OVERDUE, TERMINALS, WAITING
from services.emergency.session import HEARTBEAT, Session

log = logging.getLogger(__name__)

# A lost wake-up costs at most this.
POLL = 1.0
# Who does not take a frame for so long loses the connection, never a message.
PATIENCE = 15.0


class Terminals:
    """The open streams of this process."""

    def __init__(
        self, pool: Pool, pulse: Pulse, heartbeat: float = HEARTBEAT, patience: float = PATIENCE
    ) -> None:
        self._pool = pool
        self._pulse = pulse
        self._heartbeat = heartbeat
        self._patience = patience
        self._teams: dict[str, dict[str, Session]] = defaultdict(dict)
        self._tasks: dict[Session, asyncio.Task[object] | None] = {}
        self._looking = asyncio.Event()

    def connected(self, team: str) -> int:
        """How many terminals of the team have an open stream."""
        return len(self._teams.get(team, ()))

    def look(self) -> None:
        """Something was pushed, perhaps: look at once."""
        self._looking.set()

    async def stream(self, team: str, device: str, after: str) -> AsyncIterator[SubscribeResponse]:
        """Serve one terminal; the newest session of a device wins."""
        name = uuid4().hex
        with self._open(team, device or name) as session:
            async for frame in session.frames(after, name):
                yield frame

    @contextmanager
    def _open(self, team: str, device: str) -> Iterator[Session]:
        sessions = self._teams[team]
        if older := sessions.get(device):
            older.end("REPLACED")
            DROPPED.labels("REPLACED").inc()
        session = sessions[device] = Session(self._pool, team, device, self._heartbeat)
        self._tasks[session] = asyncio.current_task()
        TERMINALS.set(len(self._tasks))
        try:
            yield session
        finally:
            del self._tasks[session]
            if sessions.get(device) is session:
                del sessions[device]
            if not sessions and self._teams.get(team) is sessions:
                del self._teams[team]
            TERMINALS.set(len(self._tasks))

    async def run(self) -> None:
        """Wake those whose mailbox has moved, for ever."""
        try:
            while True:
                self._pulse.beat("terminals")
                await self._pause()
                self._drop_the_slow()
                try:
                    await self._wake()
                except Exception as error:
                    if not is_transient(error):
                        raise
                    log.warning("terminals.blind", extra={"error": str(error)})
                    await asyncio.sleep(0.1)
        finally:
            for session in self._tasks:
                session.end("STOPPING")

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self._looking.wait()
        except TimeoutError:
            pass
        self._looking.clear()

    async def _wake(self) -> None:
        if not self._teams:
            return
        for row in await self._pool.fetch(storage.MARKS, list(self._teams)):
            for session in self._teams.get(row["team"], {}).values():
                if session.last_push < row["last_push"]:
                    session.woken.set()

    def _drop_the_slow(self) -> None:
        now = time.monotonic()
        for session, task in list(self._tasks.items()):
            since = session.writing_since
            if task and since and now - since > self._patience:
                log.warning("terminal.slow", extra={"team": session.team})
                DROPPED.labels("SLOW").inc()
                task.cancel()

    async def count(self, pause: float = 5.0) -> None:
        """Keep the gauges of what nobody has answered, for ever."""
        while True:
            self._pulse.beat("unanswered")
            try:
                rows = {row["state"]: row for row in await self._pool.fetch(storage.UNANSWERED)}
                for state in ("PENDING", "DELIVERED"):
                    WAITING.labels(state).set(rows[state]["missions"] if state in rows else 0)
                OVERDUE.set(sum(row["overdue"] for row in rows.values()))
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(pause)
