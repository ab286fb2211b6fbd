"""The smallest HTTP/1.1 client that measures the city and not itself: some 50 µs a request."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

FRESH = 2.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


class Http:
    """Connections are kept and opened as needed; a failure is a failure, nothing is repeated."""

    def __init__(self, base: str, key: str, ca: str | None = None) -> None:
        parts = urlsplit(base)
        self._host, self._port, self._netloc = parts.hostname or "", parts.port or 80, parts.netloc
        self._head = self._head_of(key)
        self._idle: list[tuple[float, Streams]] = []
        self._trust = ssl.create_default_context(cafile=ca) if ca else None

    def speaking_for(self, key: str) -> "Http":
        """The same connections, with another key."""
        other = copy(self)
        other._head = self._head_of(key)
        return other

    def _head_of(self, key: str) -> str:
        return f"host: {self._netloc}\r\nauthorization: Bearer {key}\r\n"

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Headers are named with `_` for `-`."""
        content = orjson.dumps(body)
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"POST {path} HTTP/1.1\r\n{self._head}{more}content-type: application/json\r\n"
        return await self._send(f"{head}content-length: {len(content)}\r\n\r\n".encode() + content)

    async def get(self, path: str) -> Answer:
        return await self._send(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())

    async def open_stream(self, path: str) -> asyncio.StreamReader:
        """The lines of an event stream, after its head."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        writer.write(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(head.decode())
        reader._writer = writer  # type: ignore[attr-defined]  # keeps it open as long as the reader
        return reader

    async def _send(self, request: bytes) -> Answer:
        streams = self._kept() or await self._connect()
        reader, writer = streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        headers = {name.lower(): v for name, _, v in (line.partition(": ") for line in lines) if v}
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        self._idle.append((time.monotonic(), streams))
        return Answer(int(first.split(" ", 2)[1]), headers, orjson.loads(content or b"null"))

    def _kept(self) -> Streams | None:
        """A connection that was used a moment ago: a server closes those that rest."""
        while self._idle:
            used, streams = self._idle.pop()
            if time.monotonic() - used < FRESH:
                return streams
            streams[1].close()
        return None

    async def _connect(self) -> Streams:
        return await asyncio.open_connection(self._host, self._port, ssl=self._trust)

    def close(self) -> None:
        for _, (_, writer) in self._idle:
            writer.close()
