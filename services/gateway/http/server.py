"""The HTTP server: uvicorn, without its signal handlers, ended by cancelling it."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from backbone.process.pulse import Pulse


class Server(uvicorn.Server):
    """uvicorn without signal handlers: the process handles signals."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve(
    app: Starlette, host: str, port: int, pulse: Pulse, close: Callable[[], None]
) -> None:
    """Serve until cancelled; running requests are finished, `close` ends the streams."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110  # uvicorn has no event
            await asyncio.sleep(0.02)
        pulse.started()
        await asyncio.shield(serving)
        raise RuntimeError("the HTTP server has ended")
    except asyncio.CancelledError:
        close()
        server.should_exit = True
        await serving
        raise
