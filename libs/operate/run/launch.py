"""A command line to run, with its log and its way to stop."""

import asyncio
import os
import signal
import subprocess
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from operate.home.leftovers import MARK, PROGRAM
from operate.home.trouble import Trouble, full_disk


@dataclass(frozen=True, slots=True)
class Launch:
    """A command line. `env` extends the environment; `log` receives stdout and stderr.

    `patience` is the number of seconds between `stop_signal` and SIGKILL.
    """

    argv: list[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0


def last_words(log: Path, since: int) -> str:
    """The last lines of a log after byte `since`, for an error message."""
    if not log.exists():
        return "(the log is empty)"
    with log.open("rb") as file:
        file.seek(max(since, log.stat().st_size - 10_000))
        text = file.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-8:]) or "(the log is empty)"


async def spawn(launch: Launch, mark: str, identity: str = "") -> Process:
    """Start the process in its own session: Ctrl-C must reach the supervisor only. A folder of logs
    that was removed keeps nothing from starting again."""
    launch.log.parent.mkdir(exist_ok=True)
    with launch.log.open("ab") as log_file:
        return await asyncio.create_subprocess_exec(
            *launch.argv,
            env={**os.environ, **launch.env, MARK: mark, PROGRAM: identity},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log_file,
            stderr=log_file,
            start_new_session=True,
        )


def run_once(launch: Launch, what: str, timeout: float = 120) -> None:
    """Run a command to its end; its output goes to the log. Raises Trouble if it fails."""
    start = launch.log.stat().st_size if launch.log.exists() else 0
    with launch.log.open("ab") as log:
        done = subprocess.run(launch.argv, stdout=log, stderr=log, timeout=timeout, check=False)
    if done.returncode != 0:
        raise failure(what, f"exit code {done.returncode}", launch.log, start)


def failure(what: str, manner: str, log: Path, since: int) -> Trouble:
    """The Trouble for a program that failed, with the last lines of its log."""
    words = last_words(log, since)
    if "No space left on device" in words:
        return full_disk(log)
    return Trouble(
        f"{what} does not start ({manner}). The end of {log}:\n{words}",
        f"{what} 无法启动（{manner}）。{log} 的末尾：\n{words}",
    )


def manner_of_death(code: int | None) -> str:
    if code is None:
        return "it ended"
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
