"""Adopts processes whose supervisor was killed, if the next supervisor would start the same."""

import asyncio
import os
import signal
from collections.abc import Collection
from contextlib import suppress

import psutil

from operate.home import leftovers
from operate.home.leftovers import PROGRAM
from operate.run.identity import label_of

POLL = 0.1


class Adopted:
    """A running process that is not our child, with the methods of one that is."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.pid: int = process.pid

    async def wait(self) -> None:
        """Wait for its end. Its exit code is not told to us."""
        while self.runs():  # noqa: ASYNC110 - another process is polled
            await asyncio.sleep(POLL)

    def runs(self) -> bool:
        try:
            return self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def send_signal(self, number: signal.Signals) -> None:
        with suppress(psutil.Error):
            self._process.send_signal(number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def sort_out(
    mark: str, identities: Collection[str], *, of_any_release: bool = False
) -> dict[str, Adopted]:
    """Adopt the processes that were started as one of these; end all others of this home.

    `of_any_release` adopts also what runs the same programs with other code or settings.
    """
    found = leftovers.find(mark)
    ours = {label_of(identity): identity for identity in identities}
    kept = {}
    for process in found:
        identity = started_as(process)
        if of_any_release:
            identity = ours.get(label_of(identity) or program_of(process), "")
        if identity in identities and identity not in kept and leads(process):
            kept[identity] = Adopted(process)
    spared = {each.pid for each in kept.values()}
    leftovers.end([each for each in found if group_of(each) not in spared])
    return kept


def started_as(process: psutil.Process) -> str:
    with suppress(psutil.Error, OSError):
        return str(process.environ().get(PROGRAM, ""))
    return ""


def program_of(process: psutil.Process) -> str:
    """The label of a process by its command line: releases up to 0.2.0 did not tell it."""
    with suppress(psutil.Error, OSError):
        words = process.cmdline()
        if "services" in words:
            return "+".join(words[words.index("services") + 1 :])
        return "kafka" if "kafka.Kafka" in words else process.name()
    return ""


def leads(process: psutil.Process) -> bool:
    return group_of(process) == process.pid


def group_of(process: psutil.Process) -> int:
    with suppress(OSError):
        return os.getpgid(process.pid)
    return 0


def kill_group(pid: int) -> None:
    """Kill the rest of a dead process's group, which could hold its ports."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def is_frozen(pid: int) -> bool:
    """Whether a process was stopped by a signal, so that it can never answer."""
    with suppress(psutil.Error):
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    return False
