"""An event loop whose order and clock come from a seed: nothing sleeps, and a kill is a kill.

Of all callbacks that are ready the seed picks the next one, so every interleaving that asyncio
allows between tasks can happen. Time moves on only when nothing is ready.
"""

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from itertools import count
from random import Random
from typing import Any


class Process:
    """What belongs together and dies together: the callbacks of a dead one never run again.

    Every task and timer that is started inside a process inherits it through its context.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.frozen = False
        self.held: list[Handle] = []  # what has become ready while it is frozen
        self.tasks: list[asyncio.Task[Any]] = []

    def own(self, task: asyncio.Task[Any]) -> None:
        """Keep the task: one that is collected early would run its `finally` blocks."""
        self.tasks.append(task)
        if len(self.tasks) % 256 == 0:
            self.tasks = [each for each in self.tasks if not each.done()]


OUTSIDE = Process("outside")
INSIDE: ContextVar[Process] = ContextVar("process", default=OUTSIDE)


class Handle:
    """One callback that waits for its turn."""

    __slots__ = ("args", "callback", "cancelled_", "context", "time")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self.callback = callback
        self.args = args
        self.context = copy_context() if context is None else context  # an empty one is falsy
        self.cancelled_ = False
        self.time = 0.0

    def cancel(self) -> None:
        self.cancelled_ = True

    def cancelled(self) -> bool:
        return self.cancelled_

    def when(self) -> float:
        return self.time


class Loop(asyncio.AbstractEventLoop):
    """The part of an event loop that tasks, futures and queues ask for; it has no sockets."""

    def __init__(self, chance: Random) -> None:
        self._random = chance.random
        self._ready: list[Handle] = []
        self._timers: list[tuple[float, int, Handle]] = []
        self._numbers = count()
        self._now = 0.0
        self._closed = False
        self.steps = 0
        self.next_fault = 0  # the step before which the seed disturbs
        self.disturb: Callable[[], int] = lambda: 1 << 62  # returns the next such step

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        handle = Handle(callback, args, context)
        if not self._closed:
            self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> Any:
        handle = Handle(callback, args, context)
        handle.time = self._now + delay
        heapq.heappush(self._timers, (handle.time, next(self._numbers), handle))
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> Any:
        handle = Handle(callback, args, context)
        handle.time = when
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        (INSIDE.get() if context is None else context.get(INSIDE, OUTSIDE)).own(task)
        return task

    def start(self, process: Process, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run the coroutine inside the process."""
        context = copy_context()
        context.run(INSIDE.set, process)
        return self.create_task(coro, context=context)

    def thaw(self, process: Process) -> None:
        """Go on where a frozen process stood."""
        process.frozen = False
        self._ready += process.held
        process.held = []

    def run_until_complete(self, future: Any) -> Any:
        """Run until the coroutine returns."""
        asyncio._set_running_loop(self)
        try:
            task = self.create_task(future)
            self._run_until(task)
            return task.result()
        finally:
            asyncio._set_running_loop(None)

    def _run_until(self, task: asyncio.Task[Any]) -> None:
        ready, random = self._ready, self._random
        while not task.done():
            if not ready:
                self._advance()
            if self.steps >= self.next_fault:
                self.next_fault = self.disturb()
            self.steps += 1
            chosen = int(random() * len(ready))
            handle, ready[chosen] = ready[chosen], ready[-1]
            ready.pop()
            if handle.cancelled_:
                continue
            process = handle.context.get(INSIDE, OUTSIDE)
            if process.frozen:
                process.held.append(handle)
            elif process.alive:
                handle.context.run(handle.callback, *handle.args)

    def _advance(self) -> None:
        timers, ready = self._timers, self._ready
        while not ready:
            self._now = timers[0][0] if not timers[0][2].cancelled_ else self._now
            while timers and (timers[0][0] <= self._now or timers[0][2].cancelled_):
                handle = heapq.heappop(timers)[2]
                if not handle.cancelled_:
                    ready.append(handle)

    def close(self) -> None:
        """From now on nothing is scheduled any more."""
        self._closed = True
        self._ready, self._timers = [], []

    def is_closed(self) -> bool:
        return self._closed

    def is_running(self) -> bool:
        return True

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What a task leaves behind is no news: the world watches the tasks that matter."""


def bury(process: Process) -> None:
    """Take apart what a process has left, once the loop is closed: no `finally` has effects."""
    for task in process.tasks:
        if not task.done():
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            try:
                task.get_coro().close()
            except RuntimeError:  # it waits for something in a `finally`
                continue
    process.tasks = []
