"""The HTTP server: uvicorn, without its signal handlers, ended by cancelling it."""

import asyncio
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from backbone.process.current import load_own
from backbone.process.pulse import Pulse
from backbone.process.wires import written
from services.gateway.http.connections import Bounds, connection_class, watch
from services.gateway.http.forwarded import Forwarded

log = logging.getLogger(__name__)

# Seconds between two looks at the certificate.
RENEWAL = 2.0


class Server(uvicorn.Server):
    """uvicorn without signal handlers: the process handles signals."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@dataclass(frozen=True, slots=True)
class Door:
    """Where the server listens, and what it bears from a connection.

    `tls` is a file with a private key and its certificates: it is read anew when it has changed.
    """

    host: str
    port: int
    bounds: Bounds
    tls: Path | None = None


async def serve(app: ASGIApp, door: Door, pulse: Pulse, close: Callable[[], None]) -> None:
    """Serve until cancelled; running requests are finished, `close` ends the streams."""
    config = uvicorn.Config(
        Forwarded(app, door.bounds.proxies, door.bounds.proxy_header),
        host=door.host,
        port=door.port,
        http=connection_class(door.bounds),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # uvicorn's own reads the last line alone, and knows no RFC 7239
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        ssl_certfile=door.tls,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    watching = asyncio.create_task(watch(lambda: server.server_state.connections))
    renewing = asyncio.create_task(_renew(config, door.tls)) if door.tls else None
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110  # uvicorn has no event
            await asyncio.sleep(0.02)
        pulse.started()
        await asyncio.wait((serving, watching), return_when=asyncio.FIRST_COMPLETED)
        raise RuntimeError("the HTTP server has ended")
    except asyncio.CancelledError:
        close()
        server.should_exit = True
        await serving
        raise
    finally:
        watching.cancel()
        if renewing:
            renewing.cancel()


async def _renew(config: uvicorn.Config, tls: Path) -> None:
    """Show a renewed certificate to every connection that begins from then on, for ever."""
    seen = written(tls)
    while True:
        await asyncio.sleep(RENEWAL)
        if (now := written(tls)) in (seen, 0) or config.ssl is None:
            continue
        try:
            load_own(config.ssl, tls)
            seen = now
        except (OSError, ValueError) as error:  # the old one serves on; readiness tells of it
            log.warning("certificate.unusable", extra={"error": str(error)})
