"""Rotates the logs of running children, so that they stay bounded and reach back far enough."""

import shutil
from pathlib import Path

MOST = 50 * 1024 * 1024
# Older parts: `.log.1` is the newest. A process writes 6 files of 50 MB at most.
KEPT = 5


def trim(folder: Path, most: int = MOST) -> None:
    """Copy each long log to `.log.1` and truncate it; its writer appends, so it goes on at 0.

    It is copied and not renamed, because its writer keeps it open. What is written between the
    copy and the truncation is copied once more. Raises OSError, as of a full disk: then this log
    and its older parts stay as they are.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > most:
            _cut(log)


def _move_up(log: Path) -> None:
    for number in range(KEPT - 1, 0, -1):
        older = log.with_suffix(f".log.{number}")
        if older.exists():
            older.replace(log.with_suffix(f".log.{number + 1}"))


def _cut(log: Path) -> None:
    fresh = log.with_suffix(".log.new")
    try:
        with log.open("r+b") as file, fresh.open("wb") as copy:
            shutil.copyfileobj(file, copy)
            copy.flush()
            _move_up(log)
            fresh.replace(log.with_suffix(".log.1"))
            shutil.copyfileobj(file, copy)
            copy.flush()
            file.truncate(0)
    finally:
        fresh.unlink(missing_ok=True)
