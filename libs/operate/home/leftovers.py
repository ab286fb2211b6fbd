"""Leftovers: children whose supervisor was killed; the next start ends them first."""

import os
import signal
from contextlib import suppress

import psutil

MARK = "LIANDONG_SUPERVISED"
PATIENCE = 15.0


def find(mark: str) -> list[psutil.Process]:
    """All processes that a supervisor of this home started, told by their environment.

    Unlike a file with a number in it, that can be neither missing nor about another process.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def end(processes: list[psutil.Process]) -> None:
    """Ask each to stop the way it likes best, and kill what does not."""
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
