"""Server-sent events as every stream of ours sends them: heartbeats, and no room for the slow."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.types import Receive, Scope, Send

from services.gateway.auth import Caller
from services.gateway.metrics import STREAMS, STREAMS_DROPPED
from services.gateway.problems import Problem

# What a client waits before it connects again.
RETRY = b"retry: 1000\n\n"


def frame(event: str, data: bytes = b"", cursor: str | None = None) -> bytes:
    """One event; the data is one line, as all our JSON is."""
    said = b"" if cursor is None else b"id: " + cursor.encode() + b"\n"
    return said + b"event: " + event.encode() + b"\ndata: " + data + b"\n\n"


class EventStream(EventSourceResponse):
    """Ends when the reader is slow: its place is kept by its id, not by our memory."""

    def __init__(self, content: AsyncIterator[bytes], heartbeat: float, patience: float) -> None:
        super().__init__(
            content,
            sep="\n",
            ping=heartbeat,
            ping_message_factory=lambda: ServerSentEvent(comment="", sep="\n"),
            send_timeout=patience,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            STREAMS_DROPPED.inc()


@dataclass(frozen=True, slots=True)
class Streams:
    """How many are open, and how each is kept."""

    most: int
    heartbeat: float
    patience: float
    _open: Counter[str] = field(default_factory=Counter)

    def respond(self, content: AsyncIterator[bytes]) -> EventStream:
        return EventStream(content, self.heartbeat, self.patience)

    def require_room(self, caller: Caller) -> None:
        """Raises Problem 429."""
        if self._open[caller.principal] >= self.most and not caller.exempt:
            facts = {"most": self.most}
            raise Problem(429, "TOO_MANY_STREAMS", facts, headers={"Retry-After": "5"})

    @contextmanager
    def counted(self, kind: str, caller: Caller) -> Iterator[None]:
        self._open[caller.principal] += 1
        STREAMS.labels(kind).inc()
        try:
            yield
        finally:
            STREAMS.labels(kind).dec()
            self._open[caller.principal] -= 1
            if not self._open[caller.principal]:
                del self._open[caller.principal]
