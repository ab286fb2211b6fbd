"""The raw limit of a push: one commit, then the same bytes on an event stream, by the same server.

`python -m tests.bench.echo PORT DSN` is the server: uvicorn as the gateway runs it, one insert for
each POST, one stream for all listeners.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import uvicorn
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from operate.home.ports import free_port
from tests.bench.caller import Http
from tests.bench.world import World

TABLE = "CREATE UNLOGGED TABLE IF NOT EXISTS public.bench_echo (body text)"
LOGGED = "ALTER TABLE public.bench_echo SET LOGGED"
DROP = "DROP TABLE IF EXISTS public.bench_echo"


class Echo:
    """Posts and waits for the frame."""

    def __init__(self, http: Http, reader: asyncio.StreamReader) -> None:
        self._http, self._reader = http, reader
        self._shown: dict[bytes, asyncio.Future[None]] = {}
        self._count = 0

    async def once(self, _: int) -> None:
        self._count += 1
        name = str(self._count).encode()
        shown = self._shown[name] = asyncio.get_running_loop().create_future()
        await self._http.post("/echo", {"name": name.decode(), "narrative": "两车相撞" * 20})
        await shown

    async def listen(self) -> None:
        while line := await self._reader.readline():
            if line.startswith(b"data: ") and (shown := self._shown.pop(line[6:].strip(), None)):
                shown.set_result(None)


@asynccontextmanager
async def echoing(world: World) -> AsyncIterator[Echo]:
    """A caller with the server behind it, in a process of its own."""
    port = free_port()
    async with world.connected() as conn:
        await conn.execute(TABLE)
        await conn.execute(LOGGED)
    arguments = [sys.executable, "-m", "tests.bench.echo", str(port), world.admin_dsn]
    process = await asyncio.create_subprocess_exec(*arguments, stderr=subprocess.DEVNULL)
    http = Http(f"http://127.0.0.1:{port}", "none")
    try:
        echo = Echo(http, await stream_of(http))
        listening = asyncio.create_task(echo.listen())
        yield echo
        listening.cancel()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        async with world.connected() as conn:
            await conn.execute(DROP)


async def stream_of(http: Http) -> asyncio.StreamReader:
    async with asyncio.timeout(20):
        while True:
            with suppress(OSError):
                return await http.open_stream("/stream")
            await asyncio.sleep(0.1)


def application(dsn: str) -> Starlette:
    frames: asyncio.Queue[str] = asyncio.Queue()
    pools: list[Any] = []

    async def echo(request: Request) -> Response:
        body = await request.body()
        if not pools:
            pools.append(await asyncpg.create_pool(dsn, min_size=2, max_size=4))
        await pools[0].execute("INSERT INTO public.bench_echo VALUES ($1)", body.decode())
        frames.put_nowait((await request.json())["name"])
        return Response(status_code=204)

    async def told() -> AsyncIterator[dict[str, str]]:
        while True:
            yield {"data": await frames.get()}

    async def stream(_: Request) -> Response:
        return EventSourceResponse(told(), sep="\n")

    return Starlette(routes=[Route("/echo", echo, methods=["POST"]), Route("/stream", stream)])


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="error",
    )
