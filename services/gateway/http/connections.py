"""Limits of connections: uvicorn's HTTP protocol has none of its own.

A head may have so many bytes and so many headers; head, body and answer must move on in time; an
address may hold so many connections. `watch` closes what is too slow, once a second, so that a
request costs no timer.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from backbone.process.metrics import begin
from services.gateway.http.addresses import Networks, network_of
from services.gateway.metrics import CONNECTIONS_CLOSED, CONNECTIONS_OPEN

# The reasons for which a connection is closed, with the status of its last answer.
REFUSALS = {
    "HEAD_TOO_SLOW": 408,
    "BODY_TOO_SLOW": 408,
    "HEAD_TOO_LARGE": 431,
    "MALFORMED_HTTP": 400,
    "UPGRADE_WITH_BODY": 400,
    "TOO_MANY_CONNECTIONS": 429,
}
SLOW_READER = "SLOW_READER"
begin(CONNECTIONS_CLOSED, [*REFUSALS, SLOW_READER])
# Seconds between two looks at all connections.
LOOK = 1.0
# Seconds that a closed connection has to take its last answer.
FAREWELL = 2.0
# What arrives is read in such pieces, so that what is no body is counted while it arrives.
PIECE = 4_096
# The bytes that a chunk needs beside its body: the size, line ends.
OF_CHUNK = 16


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits; `said` makes a complete HTTP answer of the reason of a refusal."""

    head_bytes: int
    head_count: int
    head_seconds: float
    body_seconds: float
    slow_reader_seconds: float
    most: int
    most_of_address: int
    proxies: Networks
    said: Callable[[str], bytes]
    proxy_header: str
    by_address: Counter[str] = field(default_factory=Counter)


class Onward:
    """The parser, which reads on behind a request that asks for another protocol.

    There is none, so the request is answered in this one (RFC 9110, 7.8), and what follows it on
    the connection is the next request: the parser alone would stop there, and it be lost.
    """

    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def feed_data(self, data: bytes) -> None:
        while data:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as asked:
                data = data[asked.args[0] :]
            else:
                return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)


class Connection(HttpToolsProtocol):
    """One connection of a client, or of a proxy that many clients share."""

    bounds: ClassVar[Bounds]

    _address = ""
    _head_open = False
    _message_open = False
    _head_bytes = 0
    _header_bytes = 0
    _body_bytes = 0
    _beside_body = 0
    _due = inf
    _blocked_until = inf
    _refusal = ""
    # The answer to the message that arrives, once its head is whole.
    _own: RequestResponseCycle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.parser = Onward(self.parser)  # type: ignore[assignment]
        host = self.client[0] if self.client else ""
        self._address = "" if host in self.bounds.proxies else network_of(host)
        self.bounds.by_address[self._address] += 1
        CONNECTIONS_OPEN.inc()
        self._due = self.loop.time() + self.bounds.head_seconds
        crowded = self._address and (
            self.bounds.by_address[self._address] > self.bounds.most_of_address
        )
        if crowded or len(self.connections) > self.bounds.most:
            self._refuse("TOO_MANY_CONNECTIONS")

    def connection_lost(self, exc: Exception | None) -> None:
        self._due = self._blocked_until = inf
        self.bounds.by_address[self._address] -= 1
        if not self.bounds.by_address[self._address]:
            del self.bounds.by_address[self._address]
        CONNECTIONS_OPEN.dec()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            if not self._refusal:
                self._take(data[start : start + PIECE])

    def _take(self, data: bytes) -> None:
        if not self._message_open:
            self._begin()
        if self._head_open:
            self._head_bytes += len(data)
        in_body, before = not self._head_open, self._body_bytes
        super().data_received(data)
        if self._refusal:
            return
        if in_body and self._message_open and not self._head_open:
            self._beside_body += len(data) - (self._body_bytes - before)
        if max(self._head_bytes if self._head_open else 0, self._beside_body) > (
            self.bounds.head_bytes
        ):
            self._refuse("HEAD_TOO_LARGE")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._own = None
        if not self._message_open:
            self._begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_open:  # what follows a body (a trailer) is no header of the request
            super().on_header(name, value)
        self._count(len(name) + len(value))
        if name.lower() == b"transfer-encoding" and value.strip().lower() != b"chunked":
            # The end of such a body is ambiguous: two readers may see two ends.
            self._refusal = "MALFORMED_HTTP"
            raise httptools.HttpParserError(self._refusal)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() and self._announces_body():
            # The parser leaves such a body to the other protocol, which there is not: it would be
            # read as the next request, hidden from a proxy on the way.
            self._refusal = "UPGRADE_WITH_BODY"
            raise httptools.HttpParserError(self._refusal)
        self._head_open = False
        self._due = self.loop.time() + self.bounds.body_seconds
        super().on_headers_complete()
        self._own = self.cycle

    def on_chunk_header(self) -> None:
        self._beside_body -= OF_CHUNK

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._body_bytes += len(body)

    def on_message_complete(self) -> None:
        self._message_open = False
        self._due = inf
        super().on_message_complete()
        self._own = None

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if self._refusal and is_last and not self.transport.is_closing():
            self._part(said=True)

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal or "MALFORMED_HTTP")

    def pause_writing(self) -> None:
        super().pause_writing()
        self._blocked_until = self.loop.time() + self.bounds.slow_reader_seconds

    def resume_writing(self) -> None:
        super().resume_writing()
        self._blocked_until = inf

    def look(self, now: float) -> None:
        """Close the connection if it has waited for its client for too long."""
        if now > self._blocked_until or (now > self._due and self.transport.is_closing()):
            CONNECTIONS_CLOSED.labels(SLOW_READER).inc()
            self.transport.abort()
        elif now > self._due:
            has_head = self._message_open and not self._head_open
            self._refuse("BODY_TOO_SLOW" if has_head else "HEAD_TOO_SLOW")

    def _begin(self) -> None:
        self._message_open = self._head_open = True
        self._head_bytes = self._header_bytes = self._beside_body = 0
        self._due = self.loop.time() + self.bounds.head_seconds

    def _count(self, size: int) -> None:
        """Raises HttpParserError, which ends in `send_400_response`, for a head over its limits."""
        self._header_bytes += size
        if self._header_bytes > self.bounds.head_bytes or len(self.headers) > (
            self.bounds.head_count
        ):
            self._refusal = "HEAD_TOO_LARGE"
            raise httptools.HttpParserError(self._refusal)

    def _refuse(self, reason: str) -> None:
        """Say why, unless an answer to the same message has begun, and close: at once, or behind
        the answers to the messages before it, which are whole."""
        self._refusal = reason
        CONNECTIONS_CLOSED.labels(reason).inc()
        own = self._own
        if own is not None and any(own is cycle for cycle, _ in self.pipeline):
            self.pipeline.popleft()  # the last that came; it has not begun
            self._due = inf
        elif own is not None:
            is_new = not own.response_started
            own.disconnected = True
            own.message_event.set()
            self._part(said=is_new)
        elif self.cycle is None or self.cycle.response_complete:
            self._part(said=True)
        else:
            self._due = inf

    def _part(self, *, said: bool) -> None:
        self._due = self.loop.time() + FAREWELL
        if said:
            self.transport.write(self.bounds.said(self._refusal))
        self.transport.close()

    def _announces_body(self) -> bool:
        length = any(name == b"content-length" and int(value) for name, value in self.headers)
        return length or any(name == b"transfer-encoding" for name, _ in self.headers)


def connection_class(bounds: Bounds) -> type[Connection]:
    """The protocol class with these limits, as uvicorn makes each instance itself."""
    return type("BoundConnection", (Connection,), {"bounds": bounds})


async def watch(connections: Callable[[], Iterable[Any]]) -> None:
    """Look at all connections until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK)
        now = loop.time()
        for connection in tuple(connections()):
            connection.look(now)
