"""Background tasks of a replay, which are cancelled at its end."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Crew:
    """Holds the background tasks; `check` raises the first error of any of them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    def hire(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._left)

    def check(self) -> None:
        """Raise the first error of a task: a bug of the replay, not a refusal."""
        if self._failure is not None:
            raise self._failure

    async def __aenter__(self) -> "Crew":
        return self

    async def __aexit__(self, *failure: object) -> None:
        leaving = list(self._tasks)
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() and self._failure is None:
            self._failure = task.exception()
