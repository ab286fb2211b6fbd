"""Tells by readiness that the supervisor, which would start this process again, is gone."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from backbone.process.pulse import Pulse

# Set by the supervisor: the home of its installation.
MARK = "LIANDONG_SUPERVISED"
LOOK = 2.0
GONE = (
    "the supervisor is gone, and starts nothing again: `liandong up --detach` adopts what runs, "
    "without an outage"
)


async def watch_supervisor(pulses: Sequence[Pulse], environ: Mapping[str, str]) -> None:
    """Tell for ever; a process that was started by other means has none."""
    home = environ.get(MARK, "")
    while home:
        for pulse in pulses:
            pulse.note("supervisor", "" if runs(Path(home)) else GONE)
        await asyncio.sleep(LOOK)


def runs(home: Path) -> bool:
    """Whether the process that holds the lock of the home is alive."""
    try:
        pid = int((home / "lock").read_text() or 0)
        os.kill(pid, 0)
    except PermissionError:  # it runs under another account
        return True
    except (OSError, ValueError):
        return False
    return pid > 0
