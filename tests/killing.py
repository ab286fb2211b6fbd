"""Kills processes of a whole city without a word, and waits until they are back."""

import asyncio
import os
import signal
import time

from tests.servers import Installed

BACK = 60.0


def pids(city: Installed) -> dict[str, int]:
    """The process of each name; empty while run.json is away."""
    try:
        return {name: each["pid"] for name, each in city.told()["processes"].items() if each["pid"]}
    except FileNotFoundError:
        return {}


async def kill(city: Installed, name: str) -> int:
    """kill -9; returns the pid that is gone."""
    pid = (await present(city))[name]
    os.kill(pid, signal.SIGKILL)
    return pid


async def killed(city: Installed, name: str) -> None:
    """kill -9, and return when it is ready again."""
    pid = await kill(city, name)
    deadline = time.monotonic() + BACK
    while pids(city).get(name) in (None, pid):
        assert time.monotonic() < deadline, f"{name} does not come back"
        await asyncio.sleep(0.05)


async def present(city: Installed) -> dict[str, int]:
    deadline = time.monotonic() + BACK
    while not (found := pids(city)):
        assert time.monotonic() < deadline, "the city does not become ready"
        await asyncio.sleep(0.05)
    return found
