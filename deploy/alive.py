"""The health check of a container: exit status 0 while the service in it is alive."""

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from backbone.process.settings import BASE_PORT, PORTS


def probe_of(command: str, environ: Mapping[str, str]) -> int | None:
    """The metrics port of the first service that a command line names; None for a job."""
    names = [word for word in command.split("\0") if word in PORTS]
    return int(environ.get("LIANDONG_PORT", BASE_PORT)) + PORTS[names[0]][1] if names else None


def is_alive(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    # Process 1 of the container is the service; a job is alive as long as it runs.
    asked = probe_of(Path("/proc/1/cmdline").read_text(), os.environ)
    sys.exit(0 if asked is None or is_alive(asked) else 1)
