"""A TCP proxy that can swallow everything: the other side seems alive and never answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """Between us and a server. `swallow` makes its present connections half-open."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._swallowed: set[asyncio.StreamWriter] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._servers: set[asyncio.StreamWriter] = set()
        self.port = 0

    def swallow(self) -> None:
        """From now on nothing passes over the connections that are open."""
        self._swallowed = set(self._writers)

    def keepalives_fail(self) -> None:
        """What the server's kernel finds out after eleven seconds of silence."""
        for writer in self._swallowed & self._servers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
        self._writers |= {writer, there_writer}
        self._servers.add(there_writer)
        with suppress(ConnectionError):
            await asyncio.gather(self._pump(reader, there_writer), self._pump(there_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if writer not in self._swallowed:
                writer.write(data)
                await writer.drain()
        if writer not in self._swallowed:
            writer.close()

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def proxied(dsn: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the server of the DSN, and the DSN through it."""
    parts = urlsplit(dsn)
    proxy = Proxy(parts.hostname or "", parts.port or 0)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    netloc = f"{parts.netloc.rpartition(':')[0]}:{proxy.port}"
    try:
        yield proxy, urlunsplit(parts._replace(netloc=netloc))
    finally:
        proxy.close()
        server.close()
