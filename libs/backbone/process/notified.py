"""Tells systemd that this process runs on: one that sends nothing for WatchdogSec= is killed."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

# Set by systemd: a path, or the name of an abstract socket after an @.
SOCKET = "NOTIFY_SOCKET"
ALIVE = b"WATCHDOG=1"


def notifier(environ: Mapping[str, str]) -> Callable[[], None]:
    """A function that says once that the process is alive; it does nothing without systemd."""
    told = environ.get(SOCKET, "")
    if not told:
        return lambda: None
    address = "\0" + told[1:] if told.startswith("@") else told
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    sender.setblocking(False)

    def notify() -> None:
        with suppress(OSError):  # of a systemd that is busy: the next one counts
            sender.sendto(ALIVE, address)

    return notify
