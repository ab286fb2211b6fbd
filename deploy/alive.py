"""The health check of a container: exit status 0 while every service of process 1 is alive."""

import os
import sys
from http.client import HTTPConnection
from pathlib import Path

from backbone.process.settings import BASE_PORT, PORTS


def main() -> int:
    """Ask the first service that process 1 was started with; it answers for all of its process."""
    words = Path("/proc/1/cmdline").read_text().split("\0")
    names = [word for word in words if word in PORTS]
    if not names:
        return 0  # a job, not a service: it lives as long as it runs
    port = int(os.environ.get("LIANDONG_PORT", BASE_PORT)) + PORTS[names[0]][1]
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return 0 if connection.getresponse().status == 200 else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
