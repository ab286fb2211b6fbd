"""A process that is asked to stop ends soon, also where its servers take calls and never answer."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import Installation

# The same as `python -m services`, with a shorter time.
STARTED = """
import sys
from services import __main__ as process
process.LONGEST_END = 1.0
sys.exit(process.main(sys.argv[1:]))
"""


@dataclass
class Silent:
    """A Kafka that takes connections and says nothing."""

    address: str


@pytest.fixture
def silent() -> Iterator[str]:
    """An address whose server never answers: a connection stays open, as of a frozen server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("names", [("workflow-stream",), ("workflow", "alarm", "emergency")])
def test_it_ends_although_its_servers_are_silent(
    names: tuple[str, ...], silent: str, tmp_path: Path
) -> None:
    dsn = f"postgresql://postgres:secret@{silent}/liandong"
    installation = Installation(dsn, Silent(silent), tmp_path)  # type: ignore[arg-type]
    environment = {**os.environ, **installation.environment(*names)}
    process = subprocess.Popen([sys.executable, "-c", STARTED, *names], env=environment)
    try:
        asyncio.run(installation.alive(names[0]))
        process.send_signal(signal.SIGTERM)
        assert process.wait(4) == 0
    finally:
        process.kill()
        process.wait()
