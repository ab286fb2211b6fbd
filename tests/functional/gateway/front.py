"""The gateway behind its real HTTP server, with settings of a test."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass

import httpx

from backbone.process.pulse import Pulse
from operate.home.ports import free_port
from services.gateway.http.parting import Parting
from services.gateway.http.server import Door, serve
from services.gateway.wiring import Gateway, drain_seconds_of, open_gateway
from tests.gateway import HOST, PASSWORD, settings_for
from tests.servers import PLAIN, running_task

PREFIX = "LIANDONG_GATEWAY_"


@dataclass(frozen=True)
class Front:
    """Where it listens, and what stands behind it."""

    port: int
    gateway: Gateway
    pulse: Pulse
    parting: Parting

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def client(self, source: str = HOST, **headers: str) -> httpx.AsyncClient:
        """A client whose connections come from this loopback address."""
        transport = httpx.AsyncHTTPTransport(local_address=source, verify=PLAIN)
        return httpx.AsyncClient(transport=transport, base_url=self.url, headers=headers)

    async def sign_in(
        self, user: str, password: str = PASSWORD, source: str = HOST, **headers: str
    ) -> httpx.Response:
        async with self.client(source, **headers) as http:
            return await http.post("/v1/sessions", json={"user": user, "password": password})

    async def say(self, *parts: bytes, pause: float = 0, wait: float = 10) -> bytes:
        """Send raw bytes, and read until the server closes."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        answer = asyncio.create_task(_read(reader))
        with closing(writer):
            for part in parts:
                writer.write(part)
                await asyncio.sleep(pause)
                if answer.done():
                    break
            try:
                return await asyncio.wait_for(answer, wait)
            finally:
                writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> bytes:
    answer = b""
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            answer += part
    return answer


@asynccontextmanager
async def a_front(database: str, **settings: str) -> AsyncIterator[Front]:
    """Serve until the test is over; the settings are named without their prefix."""
    environ: Mapping[str, str] = {PREFIX + name.upper(): value for name, value in settings.items()}
    port = free_port()
    pulse = Pulse()
    told = settings_for(database, dict(environ), port=port)
    async with open_gateway(told, pulse) as gateway:
        door = Door(HOST, port, gateway.bounds)
        parting = Parting(gateway.app, pulse, drain_seconds_of(told))
        async with running_task(serve(parting, door, pulse, gateway.streams.close)):
            front = Front(port, gateway, pulse, parting)
            await _answers(front)
            yield front


async def _answers(front: Front) -> None:
    """Return when it takes connections, and holds none."""
    async with asyncio.timeout(10):
        while not await _connects(front.port):
            await asyncio.sleep(0.02)
        while front.gateway.bounds.by_address:
            await asyncio.sleep(0.02)


async def _connects(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
