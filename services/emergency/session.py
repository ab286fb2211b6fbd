"""One terminal's stream: first the missed entries, then each push as it happens.

The mailbox table is the queue: a slow terminal costs no memory here.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from backbone.door.rows import RowsOf
from backbone.postgres.asking import Asked
from backbone.postgres.conditions import equal
from backbone.words.errors import InvalidArgument
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1.emergency_service_pb2 import SubscribeResponse
from services.emergency import storage
from services.emergency.codec import to_push, to_team_step
from services.emergency.deciders import missions
from services.emergency.metrics import FRAME_SECONDS, ORDER_SECONDS
from services.emergency.pressed import Pressed

HEARTBEAT = 10
# Entries of a replay that are read at once; inside such a page the most urgent go first.
WINDOW = 64


class Session:
    """Wakes once there are pushes or steps that were not read yet."""

    def __init__(self, rows: RowsOf, team: str, pressed: Pressed) -> None:
        self.team = team
        self._last_push, self._last_step = 0, 0  # read
        self._push, self._step = 0, 0  # known to be there
        self._woken = asyncio.Event()
        self.writing_since = 0.0
        self.end_reason = ""
        self._pool, self._rows = rows.pool, rows
        self._own = Asked(((equal("team", team),),))
        self._steps_beside = rows.rows.coded(storage.TEAM_STEPS)
        self._pressed = pressed
        self._epoch = 1
        # Every entry up to this number was sent, or lies before the cursor.
        self._covered = 0
        self._replayed: dict[int, int] = {}

    def end(self, reason: str) -> None:
        """End the stream with a bye frame, after the frame that is being written."""
        self.end_reason = reason
        self._woken.set()

    def wake(self, push: int, step: int) -> None:
        """The pushes and steps up to these are there, and none is missing among them."""
        self._push, self._step = max(self._push, push), max(self._step, step)
        if self._push > self._last_push or self._step > self._last_step:
            self._woken.set()

    async def frames(self, after: str, session: str) -> AsyncIterator[SubscribeResponse]:
        """The frames, until `end`. Raises InvalidArgument for a malformed cursor."""
        cursor = read_cursor(after)
        async for frame in self._frames(cursor, session):
            # While the generator is suspended here, the terminal has not taken the frame yet.
            self.writing_since = time.monotonic()
            yield frame
            self.writing_since = 0.0

    async def _frames(
        self, cursor: tuple[int, int] | None, session: str
    ) -> AsyncIterator[SubscribeResponse]:
        mailbox = await self._pool.fetchrow(storage.MAILBOX, self.team)
        self._epoch, last_seq, self._last_push, last_step = (
            tuple(mailbox) if mailbox else (1, 0, 0, 0)
        )
        resumes = cursor is not None and cursor[0] == self._epoch and cursor[1] <= last_seq
        yield self._welcome(session, resumes, last_seq)
        start = cursor[1] if cursor is not None and resumes else 0
        steps = await self._steps(start) if resumes else []
        self._last_step = max([last_step, *(row["step"] for row in steps)])
        async for frame in self._replay(start, last_seq, steps, open_only=not resumes):
            yield frame
        async for frame in self._live():
            yield frame

    def _welcome(self, session: str, resumes: bool, last_seq: int) -> SubscribeResponse:
        mode = resources.Welcome.MODE_RESUME if resumes else resources.Welcome.MODE_SNAPSHOT
        return SubscribeResponse(
            welcome=resources.Welcome(
                session=session,
                mode=mode,
                epoch=self._epoch,
                last_seq=last_seq,
                heartbeat_seconds=HEARTBEAT,
            )
        )

    async def _steps(self, after_seq: int) -> list[Any]:
        """The steps that were not read yet, of those after this entry."""
        given = (self.team, self._last_step, after_seq)
        rows = await self._pool.fetch(storage.STEPS, *given)
        sound = await self._steps_beside.sound(self._pool, rows, proof="step_proof")
        return await self._rows.all_shown(sound, self._own)

    async def _replay(
        self, start: int, last_seq: int, steps: list[Any], open_only: bool
    ) -> AsyncIterator[SubscribeResponse]:
        """The missed entries, and each step behind the entries that were there before it."""
        self._covered = start
        while self._covered < last_seq:
            window = (self._covered, last_seq, open_only, WINDOW)
            rows = await self._pool.fetch(storage.REPLAY, self.team, *window)
            self._replayed |= {row["seq"]: row["attempt"] for row in rows}
            until = rows[-1]["seq"] if len(rows) == WINDOW else last_seq
            due = [step for step in steps if step["after_seq"] < until]
            steps = steps[len(due) :]
            for frame in self._ordered(await self._rows.all_shown(rows, self._own), until, due):
                yield frame
        for frame in self._ordered([], self._covered, steps):
            yield frame

    async def _live(self) -> AsyncIterator[SubscribeResponse]:
        while not self.end_reason:
            self._woken.clear()
            rows, steps = await self._news()
            if rows or steps:
                until = max([self._covered, *(row["seq"] for row in rows)])
                sound = await self._rows.all_shown(rows, self._own)
                wanted = [row for row in sound if self._wanted(row)]
                for frame in self._ordered(wanted, until, steps):
                    yield frame
            # A push after the reads has woken it again.
            if not self.end_reason and not await self._wait():
                yield self._ping()
        yield SubscribeResponse(bye=resources.Bye(reason=self.end_reason))

    async def _news(self) -> tuple[Sequence[Any], Sequence[Any]]:
        """The entries pushed and the steps taken since the last look; what grew is read.

        A push that becomes known during the read may not be in it, so the next look reads it.
        """
        rows: Sequence[Any] = ()
        steps: Sequence[Any] = ()
        known, taken = self._push, self._step
        if known > self._last_push:
            rows = await self._pool.fetch(storage.PUSHED, self.team, self._last_push)
            self._last_push = max([known, *(row["push"] for row in rows)])
            # No entry is sent before a step that precedes it was read.
            taken = max([taken, *(row["last_step"] for row in rows)])
        if taken > self._last_step:
            steps = await self._steps(0)
            self._last_step = max([taken, *(row["step"] for row in steps)])
        return rows, steps

    async def _wait(self) -> bool:
        """Wait for a wake-up; False if the heartbeat falls due first."""
        try:
            async with asyncio.timeout(HEARTBEAT):
                return await self._woken.wait()
        except TimeoutError:
            return False

    def _wanted(self, row: Any) -> bool:
        """False for a repeat that was answered meanwhile or that the replay has already sent."""
        if row["seq"] > self._covered:
            return True
        asks = missions.from_row(row).asks
        return asks and row["attempt"] > self._replayed.get(row["seq"], 0)

    def _ordered(
        self, rows: Sequence[Any], until: int, steps: Sequence[Any]
    ) -> list[SubscribeResponse]:
        """The frames, most urgent first, each with a cursor that skips no entry and no step.

        A terminal that resumes gets every entry after the cursor, and every step that follows it,
        so the cursor stays before the first one that was not sent yet.
        """
        waiting = [row["seq"] for row in rows if row["seq"] > self._covered]
        before = min([until, *(step["after_seq"] for step in steps)])
        frames = []
        for row in sorted(rows, key=lambda row: (row["priority"], row["seq"])):
            if row["seq"] in waiting:
                waiting.remove(row["seq"])
            contiguous = min(min(waiting, default=until + 1) - 1, max(before, self._covered))
            cursor = write_cursor(self._epoch, contiguous)
            mission = missions.from_row(row)
            push = to_push(row, mission, cursor)
            frames.append(SubscribeResponse(push=push))
            if row["attempt"] == 1 and row["seq"] not in self._replayed:
                FRAME_SECONDS.observe(row["age"])
                if (pressed := self._pressed.take(mission.id)) is not None:
                    ORDER_SECONDS.observe(max(0.0, time.time() - pressed))
        for number, step in enumerate(steps, 1):
            after = steps[number]["after_seq"] if number < len(steps) else until
            cursor = write_cursor(self._epoch, max(min(after, until), self._covered))
            frames.append(SubscribeResponse(step=to_team_step(step, cursor)))
        self._covered = until
        return frames

    def _ping(self) -> SubscribeResponse:
        cursor = write_cursor(self._epoch, self._covered)
        return SubscribeResponse(ping=resources.Ping(last_seq=self._covered, cursor=cursor))


def write_cursor(epoch: int, seq: int) -> str:
    return str(seq) if epoch == 1 else f"{epoch}:{seq}"


def read_cursor(text: str) -> tuple[int, int] | None:
    """Epoch and number, or None for an empty text. Raises InvalidArgument."""
    if not text:
        return None
    epoch, _, seq = text.rpartition(":")
    digits = (epoch or "1") + seq
    if not (seq and digits.isascii() and digits.isdecimal() and len(digits) < 36):
        raise InvalidArgument("BAD_CURSOR")
    return int(epoch or 1), int(seq)
