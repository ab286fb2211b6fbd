"""A second process of each service, of another release than the first, in the same groups."""

import asyncio
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from backbone.process.settings import PORTS, prefix_of
from operate.admin.probe import flaws_of
from operate.home.ports import free_port
from tests.servers import Installed
from tests.upgrading.swapped import Swapped

READY = 60.0


def started(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> "subprocess.Popen[bytes]":
    with log.open("ab") as file:
        return subprocess.Popen(
            command, env=environment, stdout=file, stderr=file, start_new_session=True
        )


class Copies:
    """Copies that run beside a city, with ports of their own."""

    def __init__(self, city: Installed, code: Swapped, logs: Path) -> None:
        self._city, self._code, self._logs = city, code, logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir()

    async def start(self, name: str) -> None:
        """Start one with the code of now, and return when it is ready."""
        told = await asyncio.to_thread(self._city.liandong, "env", name)
        assert told.returncode == 0, told.stderr
        port = free_port()
        environment = {
            **self._city.env,
            **dict(each.split("=", 1) for each in shlex.split(told.stdout, comments=True)),
            f"{prefix_of(name)}_PORT": str(free_port()),
            f"{prefix_of(name)}_METRICS_PORT": str(port),
        }
        command, log = (self._code.python, "-m", "services", name), self._logs / f"{name}.log"
        self._running[name] = await asyncio.to_thread(started, command, environment, log)
        deadline = time.monotonic() + READY
        while flaws := await flaws_of(port, "/readyz?serving"):
            assert self._running[name].poll() is None, f"the copy of {name} died"
            assert time.monotonic() < deadline, f"the copy of {name}: {flaws}"
            await asyncio.sleep(0.1)

    async def stop(self, name: str) -> int:
        """End one as an operator does; return its exit code."""
        process = self._running.pop(name)
        process.terminate()
        return await asyncio.to_thread(process.wait, READY)

    def kill_all(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()


@contextmanager
def beside(city: Installed, code: Swapped, logs: Path) -> Iterator[Copies]:
    copies = Copies(city, code, logs)
    try:
        yield copies
    finally:
        copies.kill_all()


NAMES = tuple(PORTS)
