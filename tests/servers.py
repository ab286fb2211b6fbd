"""A real Kafka and a real PostgreSQL for tests, on free ports, from the modules of `make run`."""

import asyncio
import fcntl
import json
import logging
import os
import random
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any, TextIO

from operate.home.home import Home
from operate.home.ports import LAST, Ports, free_port, is_free
from operate.run.installation import Installation
from operate.run.launch import Launch
from operate.servers import kafka, postgres
from operate.servers.kafka import Kafka
from operate.servers.postgres import Postgres

log = logging.getLogger(__name__)

START, READY = 60.0, 60.0
# The lock of the ports of this process, held to its end.
HELD: list[TextIO] = []
COMMAND = (sys.executable, "-m", "operate.cli.command")
# For clients that speak plain HTTP. Each would otherwise read the certificates of the world's
# authorities, which takes longer than a whole request.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Server:
    """A child process that a test may stop and start again."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    def start(self) -> None:
        with self._launch.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._launch.argv, stdout=log, stderr=log, start_new_session=True
            )

    def start_again_if_ended(self) -> None:
        """As the supervisor does: the backends of a killed PostgreSQL hold its memory for a moment,
        in which a new one ends at once."""
        if self._process is not None and self._process.poll() is not None:
            self.start()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(self._launch.stop_signal)
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Broker(Server):
    """One Kafka node."""

    def __init__(self, folder: Path) -> None:
        node = Kafka(folder, free_port(), free_port(), folder / "kafka.log")
        self.address = str(node.address)
        super().__init__(node.prepare())

    async def started(self) -> None:
        """Return when the broker can be asked for its topics."""
        await until(lambda: kafka.answers(self.address), self.start_again_if_ended)


class Database(Server):
    """One PostgreSQL server. It does not wait for the disk: no test cuts the power of the machine,
    and what a killed server has written stays with the operating system."""

    def __init__(self, folder: Path) -> None:
        server = Postgres(folder, free_port(), "test", folder / "postgres.log")
        self.dsn = server.dsn
        launch = server.prepare()
        super().__init__(replace(launch, argv=[*launch.argv, "--fsync=off"]))

    async def started(self) -> None:
        """Return when the server takes connections."""
        await until(lambda: postgres.answers(self.dsn), self.start_again_if_ended)


async def until(answers: Callable[[], Awaitable[bool]], meanwhile: Callable[[], None]) -> None:
    async with asyncio.timeout(START):
        while not await answers():
            await asyncio.sleep(0.1)
            meanwhile()


@asynccontextmanager
async def running_task(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Work beside the test, ended with it."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Installed:
    """A whole installation in a folder of its own, driven by the command that people use.

    `command` and `env` start another checkout's code instead of this one's.
    """

    def __init__(
        self, folder: Path, command: Sequence[str] = COMMAND, env: Mapping[str, str] | None = None
    ) -> None:
        self.home = folder / "run"
        self.command = command
        self.env = {
            **os.environ,
            "COLUMNS": "400",  # no table is folded in the midst of what a test looks for
            **(env or {}),
            "LIANDONG_HOME": str(self.home),
            "LIANDONG_PORT": str(free_base()),
        }

    @property
    def run(self) -> dict[str, Any]:
        """What scripts are told; waits while something is not ready, as on a busy machine."""
        deadline = time.monotonic() + READY
        while True:
            try:
                return self.told()
            except FileNotFoundError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    @property
    def installation(self) -> Installation:
        """What an operator's command would find in this folder."""
        ports = Ports(int(self.env["LIANDONG_PORT"]))
        return Installation.here(Home(self.home.resolve(), ports))

    def told(self) -> dict[str, Any]:
        """The same at once; raises FileNotFoundError while something is not ready."""
        document: dict[str, Any] = json.loads((self.home / "run.json").read_text())
        return document

    def liandong(self, *arguments: str, timeout: float = 180) -> "subprocess.CompletedProcess[str]":
        """Run one command to its end; its exit code says whether what was asked is true.

        What a failed one has said is logged: a test that expected another end shows it.
        """
        done = subprocess.run(
            [*self.command, *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            said = (done.returncode, done.stdout, done.stderr)
            log.warning("%s ended with %d:\n%s%s", " ".join(arguments), *said)
        return done

    def up(self, *options: str) -> None:
        done = self.liandong("up", "--detach", *options)
        if done.returncode != 0:
            details = self.home / "logs" / "commands.log"
            told = details.read_text()[-3_000:] if details.exists() else ""
            raise RuntimeError(done.stderr + done.stdout + told)

    def down(self) -> None:
        self.liandong("down")


def free_base() -> int:
    """A base port whose whole range is free, below those that outgoing connections are given.

    It is one of this process alone: a city of another process that is down for a moment, or has not
    bound all of its ports yet, finds no stranger there.
    """
    bases = _own_bases()
    while True:
        base = next(bases)
        if all(is_free(port) for port in range(base, base + LAST + 1)):
            return base


@cache
def _own_bases() -> Iterator[int]:
    """Ten bases that no other process takes while this one lives, in turn."""
    for first in random.sample(range(10_000, 30_000, 1_000), 20):
        held = (Path(tempfile.gettempdir()) / f"liandong-test-ports-{first}").open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            continue
        HELD.append(held)
        return cycle(range(first, first + 1_000, 100))
    raise RuntimeError("more than 20 processes test at once")
