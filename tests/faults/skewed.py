"""A service whose host has another time than the database's: by libfaketime, from Debian's package.

It runs in the place of the one that the supervisor holds down, with the same environment.
"""

import asyncio
import shlex
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from operate.admin.probe import flaws_of
from operate.watching.packages import package
from tests.watching import home_of

READY = 60.0


def library() -> Path:
    """The library, downloaded and unpacked when needed. Raises Trouble."""
    [found] = package("libfaketime").glob("usr/lib/*/faketime/libfaketime.so.1")
    return found


class Host:
    """The host of one service, whose clock can be set."""

    def __init__(self, service: str) -> None:
        self._service = service

    async def begins(self, scene: Any) -> None:
        """The service runs there, with the right time."""
        city = scene.city
        await self._set(scene, 0)
        told = await asyncio.to_thread(city.liandong, "env", self._service)
        await asyncio.to_thread(city.liandong, "stop", self._service)
        environment = {
            **city.env,
            **dict(each.split("=", 1) for each in shlex.split(told.stdout, comments=True)),
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file(scene)),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        log = city.home / "logs" / f"{self._service}.skewed.log"
        scene.left = await asyncio.to_thread(started, self._service, environment, log)
        port = home_of(city).ports.metrics(self._service)
        async with asyncio.timeout(READY):
            while await flaws_of(port, "/readyz?serving"):
                await asyncio.sleep(0.1)

    async def ends(self, scene: Any) -> None:
        """The service is the supervisor's again."""
        scene.left.terminate()
        await asyncio.to_thread(scene.left.wait)
        await asyncio.to_thread(scene.city.liandong, "start", self._service)

    def jumps(self, seconds: float) -> Callable[[Any], Awaitable[None]]:
        async def jump(scene: Any) -> None:
            await self._set(scene, seconds)

        return jump

    async def _set(self, scene: Any, seconds: float) -> None:
        await asyncio.to_thread(self._file(scene).write_text, f"{seconds:+g}s\n")

    def _file(self, scene: Any) -> Path:
        file: Path = scene.city.home / "clock"
        return file


def started(name: str, environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """A service as a process of its own."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "services", name],
            env=environment, stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
