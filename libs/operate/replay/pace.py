"""Paces the rows: as fast as the city answers, or spaced like the original times."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")


class Pace:
    """`speed` is the average number of rows a second; the rows keep the proportions of their times.
    Without it a row is sent as soon as one of `width` rows in work is finished."""

    def __init__(self, times: Sequence[datetime], speed: float | None, width: int) -> None:
        self._room = asyncio.Semaphore(width)
        self._due = due_times(times, speed) if speed else [0.0] * len(times)

    async def each(self, rows: Sequence[T], work: Callable[[T], Awaitable[None]]) -> None:
        """Run `work` for each row at its time; return after the last. Raises errors of the work."""
        start = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for row, due in zip(rows, self._due, strict=False):
                await asyncio.sleep(max(0.0, start + due - time.monotonic()))
                await self._room.acquire()
                group.create_task(self._one(row, work))

    async def _one(self, row: T, work: Callable[[T], Awaitable[None]]) -> None:
        try:
            await work(row)
        finally:
            self._room.release()


def due_times(times: Sequence[datetime], speed: float) -> list[float]:
    """Seconds after the start for each row; the last is due at number of rows / speed."""
    span = (times[-1] - times[0]).total_seconds()
    if not span:
        return [number / speed for number in range(len(times))]
    scale = len(times) / speed / span
    return [(each - times[0]).total_seconds() * scale for each in times]
