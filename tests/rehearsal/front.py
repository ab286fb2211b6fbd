"""A balancer as small as can be: TCP to the gateways that say they serve, one after the other.

It knows nothing of HTTP and repeats nothing: a request that a gateway drops is a failed request.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from operate.admin import probe

LOOK = 0.2


@dataclass(frozen=True, slots=True)
class Behind:
    """A gateway: its port, and that of its probes."""

    port: int
    probes: int


class Front:
    """`port` is the address for people."""

    def __init__(self, gateways: Sequence[Behind]) -> None:
        self.port = 0
        self._gateways, self._serving = gateways, list(gateways)
        self._turn = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def look(self) -> None:
        """Ask every gateway whether it serves, as a balancer does, for ever."""
        while True:
            asked = (probe.flaws_of(each.probes, "/readyz?serving") for each in self._gateways)
            flaws = await asyncio.gather(*asked)
            self._serving = [g for g, flaw in zip(self._gateways, flaws, strict=True) if not flaw]
            await asyncio.sleep(LOOK)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await self._connected()
        if there is None:
            writer.close()
            return
        both = writer, there[1]
        self._open.update(both)
        with suppress(ConnectionError):
            await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))
        self._open.difference_update(both)
        for each in both:
            each.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The next gateway that takes a connection: nothing was sent yet to one that does not."""
        for _ in range(2 * len(self._gateways)):
            gateways = self._serving or list(self._gateways)
            self._turn += 1
            with suppress(OSError):
                return await asyncio.open_connection(
                    "127.0.0.1", gateways[self._turn % len(gateways)].port
                )
            await asyncio.sleep(LOOK)
        return None

    def close(self) -> None:
        for writer in self._open:
            writer.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def in_front_of(gateways: Sequence[Behind]) -> AsyncIterator[Front]:
    front = Front(gateways)
    server = await asyncio.start_server(front.serve, "127.0.0.1", 0)
    front.port = server.sockets[0].getsockname()[1]
    looking = asyncio.create_task(front.look())
    try:
        yield front
    finally:
        looking.cancel()
        server.close()
        front.close()


def gateways_of(run: dict[str, object]) -> list[Behind]:
    """The gateways of a city, from its run.json."""
    processes = run["processes"]
    assert isinstance(processes, dict)
    found = [each for each in processes.values() if "http" in each]
    return [Behind(port_in(each["http"]), port_in(each["metrics"])) for each in found]


def port_in(url: str) -> int:
    return int(url.split("/")[2].rpartition(":")[2])
