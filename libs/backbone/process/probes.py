"""The probes of every process, over HTTP: /healthz, /readyz and /metrics.

`/readyz` tells every flaw. `/readyz?serving` leaves out what stands still while calls are answered,
such as a stopped consumer: balancers and starters ask so, because a process that takes calls must
not be taken out for that.
"""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from threading import Thread

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    GC_COLLECTOR,
    REGISTRY,
    disable_created_metrics,
    generate_latest,
)

from backbone.process.metrics import READY, SERVING, tell_build
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

# The flaws of a service that each page tells.
FLAWS: dict[str, Callable[[Pulse], list[str]]] = {
    "/healthz": lambda pulse: pulse.dead(),
    "/readyz": lambda pulse: pulse.unready(),
    "/readyz?serving": lambda pulse: pulse.unserving(),
}


def version() -> str:
    """The version of the installed package, or `unknown` if it runs without installation."""
    try:
        return metadata.version("liandong")
    except metadata.PackageNotFoundError:
        return "unknown"


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Log the error, mostly a client that has hung up, as JSON instead of a traceback."""
        log.info("page.broken", exc_info=True)


def serve_probes(host: str, port: int, pulses: dict[str, Pulse]) -> ThreadingHTTPServer:
    """Serve in a thread of its own, so that the probes still answer if the event loop blocks."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = self.path.partition("?")[0]
            if flaws := FLAWS.get(self.path, FLAWS.get(page)):
                self._say({name: flaws(pulse) for name, pulse in pulses.items()})
            elif page == "/metrics":
                self._send(200, CONTENT_TYPE_LATEST, generate_latest())
            else:
                self._send(404, "text/plain", b"")

        def _say(self, flaws: dict[str, list[str]]) -> None:
            status = 503 if any(flaws.values()) else 200
            self._send(status, "application/json", json.dumps(flaws).encode())

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Do not log requests: there is a scrape every few seconds."""

    with suppress(KeyError):  # a process, as in tests, may serve several times
        REGISTRY.unregister(GC_COLLECTOR)
    disable_created_metrics()  # type: ignore[no-untyped-call]
    tell_build(version())
    _tell_readiness(pulses)
    server = Server((host, port), Pages)
    Thread(target=server.serve_forever, daemon=True, name="probes").start()
    return server


def _tell_readiness(pulses: dict[str, Pulse]) -> None:
    for name, pulse in pulses.items():
        READY.labels(name).set_function(partial(_has_none, pulse.unready))
        SERVING.labels(name).set_function(partial(_has_none, pulse.unserving))


def _has_none(flaws: Callable[[], list[str]]) -> float:
    return float(not flaws())
