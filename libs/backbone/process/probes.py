"""The three pages of every process for those who operate it: /healthz, /readyz, /metrics."""

import json
import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from threading import Thread

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from backbone.process.metrics import tell_build
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)


def version() -> str:
    """The version of what is installed here; unknown where it runs without an installation."""
    try:
        return metadata.version("liandong")
    except metadata.PackageNotFoundError:
        return "unknown"


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Mostly a probe that has hung up; the log keeps its form."""
        log.info("page.broken", exc_info=True)


def serve_pages(host: str, port: int, pulses: dict[str, Pulse]) -> ThreadingHTTPServer:
    """Serve in a thread of its own: a blocked event loop must be able to be seen as dead."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/healthz":
                    self._say({name: pulse.dead() for name, pulse in pulses.items()})
                case "/readyz":
                    self._say({name: pulse.unready() for name, pulse in pulses.items()})
                case "/metrics":
                    self._send(200, CONTENT_TYPE_LATEST, generate_latest())
                case _:
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
            """A scrape each few seconds is no news."""

    tell_build(version())
    server = Server((host, port), Pages)
    Thread(target=server.serve_forever, daemon=True, name="pages").start()
    return server
