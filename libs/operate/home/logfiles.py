"""Keeps the logs of running children bounded."""

import shutil
from pathlib import Path

MOST = 50 * 1024 * 1024


def trim(folder: Path) -> None:
    """Copy each long log to `.log.1` and truncate it; its writer appends, so it goes on at 0."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > MOST:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as file:
                file.truncate(0)
