"""Server-sent events with heartbeats; slow readers and ended sessions are cut off."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.types import Receive, Scope, Send

from services.gateway.accounts.auth import Caller
from services.gateway.http.problems import Problem
from services.gateway.http.refusals import UNKNOWN, away
from services.gateway.metrics import STREAMS, STREAMS_DROPPED

log = logging.getLogger(__name__)

# Returns whether the caller's session is still valid.
Admits = Callable[[], Awaitable[bool]]


class EventStream(EventSourceResponse):
    """Ends if the reader is slow, which resumes by its last id, and soon after the session ends.

    The session is checked by a timer, and when rights have changed: an idle and a busy stream both
    end.
    """

    def __init__(
        self, content: AsyncIterator[bytes], streams: "Streams", still_admits: Admits
    ) -> None:
        super().__init__(
            content,
            sep="\n",
            ping=streams.heartbeat,
            ping_message_factory=lambda: ServerSentEvent(comment="", sep="\n"),
            send_timeout=streams.patience,
        )
        self._streams, self._still_admits = streams, still_admits
        self._is_over = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._streams.running() as task:
            watching = asyncio.create_task(self._end_with_the_session(task))
            try:
                await super().__call__(scope, receive, send)
            except SendTimeoutError:
                STREAMS_DROPPED.inc()
            except asyncio.CancelledError:
                if not self._streams.closed and not self._is_over:
                    raise
                task.uncancel()
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            finally:
                watching.cancel()

    async def _end_with_the_session(self, task: asyncio.Task[Any]) -> None:
        while not self._is_over:
            await self._streams.until_the_next_look()
            self._is_over = not await self._still_admits()
        task.cancel()


class Streams:
    """The open streams: their number by principal, their settings, and closing all."""

    def __init__(self, most: int, heartbeat: float, patience: float, check: float = 30) -> None:
        self.heartbeat, self.patience, self.check = heartbeat, patience, check
        self.closed = False
        self._most = most
        self._open: Counter[str] = Counter()
        self._running: set[asyncio.Task[Any]] = set()
        self._looking = asyncio.Event()

    def look_again(self) -> None:
        """Have every open stream look now whether its session still lives."""
        self._looking.set()
        self._looking = asyncio.Event()

    async def until_the_next_look(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.check):
                await self._looking.wait()

    def respond(self, content: AsyncIterator[bytes], still_admits: Admits) -> EventStream:
        return EventStream(content, self, still_admits)

    def close(self) -> None:
        """End every stream cleanly; clients resume on another gateway by their id."""
        self.closed = True
        for task in self._running:
            task.cancel()

    @contextmanager
    def running(self) -> Iterator[asyncio.Task[Any]]:
        task = asyncio.current_task()
        assert task is not None  # Starlette sends each response in a task
        self._running.add(task)
        try:
            yield task
        finally:
            self._running.discard(task)

    def require_room(self, caller: Caller) -> None:
        """Raises Problem 429 at the caller's cap, and 503 while the process stops."""
        if self.closed:
            raise away(UNKNOWN, is_write=False)
        if self._open[caller.principal] >= self._most:
            facts = {"most": self._most}
            raise Problem(429, "TOO_MANY_STREAMS", facts, headers={"Retry-After": "5"})

    @contextmanager
    def counted(self, kind: str, caller: Caller) -> Iterator[None]:
        self._open[caller.principal] += 1
        STREAMS.labels(kind).inc()
        began = time.monotonic()
        try:
            yield
        finally:
            told = {"kind": kind, "role": caller.role, "s": round(time.monotonic() - began, 1)}
            log.info("stream.finished", extra=told)
            STREAMS.labels(kind).dec()
            self._open[caller.principal] -= 1
            if not self._open[caller.principal]:
                del self._open[caller.principal]
