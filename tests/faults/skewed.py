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

from operate.watching.packages import unpacked

LIBRARY = "libfaketime.so.1"


def library() -> Path:
    """The library, downloaded and unpacked when needed. Raises Trouble."""
    [found] = unpacked("libfaketime").glob(f"usr/lib/*/faketime/{LIBRARY}")
    return found


def started(name: str, environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """A service as a process of its own."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "services", name],
            env=environment, stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip


def beside_the_database(
    name: str, seconds: float
) -> tuple[Callable[[Any], Awaitable[None]], Callable[[Any], Awaitable[None]]]:
    """The service runs with its clock so far ahead; and as before."""

    async def make(scene: Any) -> None:
        city = scene.city
        told = await asyncio.to_thread(city.liandong, "env", name)
        await asyncio.to_thread(city.liandong, "stop", name)
        environment = {
            **city.env,
            **dict(each.split("=", 1) for each in shlex.split(told.stdout, comments=True)),
            "LD_PRELOAD": str(library()),
            "FAKETIME": f"{seconds:+g}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        log = city.home / "logs" / f"{name}.skewed.log"
        scene.left = await asyncio.to_thread(started, name, environment, log)

    async def mend(scene: Any) -> None:
        scene.left.terminate()
        await asyncio.to_thread(scene.left.wait)
        await asyncio.to_thread(scene.city.liandong, "start", name)

    return make, mend
