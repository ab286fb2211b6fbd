"""Leftovers: children whose supervisor was killed."""

import os
import signal
from contextlib import suppress

import psutil

from backbone.process.supervised import MARK

__all__ = ["MARK", "PROGRAM", "end", "find", "kill"]

# The identity of a process, its label and a hash of its settings and its code; its children have
# it too.
PROGRAM = "LIANDONG_PROGRAM"

PATIENCE = 15.0


def find(mark: str) -> list[psutil.Process]:
    """All processes that a supervisor of this home started, by a mark in their environment.

    Unlike a pid file, the mark cannot be missing or belong to another process.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def kill(mark: str, program: str) -> None:
    """Kill what a dead program of this identity has left. The backends of PostgreSQL have sessions
    of their own; one that is stuck keeps the memory of the server, and no other one can start."""
    for process in find(mark):
        with suppress(psutil.Error, OSError):
            if process.environ().get(PROGRAM) == program:
                process.kill()


def end(processes: list[psutil.Process]) -> None:
    """Send each its stop signal, and kill those still alive after PATIENCE seconds."""
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(stop_signal(process))
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=PATIENCE)


def stop_signal(process: psutil.Process) -> signal.Signals:
    """PostgreSQL waits for its sessions on SIGTERM, and ends them on SIGINT."""
    return signal.SIGINT if process.name() == "postgres" else signal.SIGTERM
