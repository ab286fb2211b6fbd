"""Rotates the logs of running children, so that they stay bounded and reach back far enough."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from operate.home.trouble import NO_ROOM

MOST = 50 * 1024 * 1024
# Older parts: `.log.1` is the newest. A process writes 6 files of 50 MB at most.
KEPT = 5
# The end of a log that stays where there is room for nothing else.
END = 256 * 1024


def trim(folder: Path, most: int = MOST) -> None:
    """Copy each long log to `.log.1` and truncate it; its writer appends, so it goes on at 0.

    It is copied and not renamed, because its writer keeps it open. What is written between the
    copy and the truncation is copied once more. On a full disk older parts go, the oldest first,
    and without any all of the log but its end: the city needs the room more than its past. Raises
    OSError of the first log for which something else is wrong, after all the others.
    """
    wrong: list[OSError] = []
    for log in sorted(folder.glob("*.log")):
        try:
            if log.stat().st_size > most:
                _shorten(log, most)
        except OSError as error:
            wrong.append(error)
    if wrong:
        raise wrong[0]


def _shorten(log: Path, most: int) -> None:
    while True:
        try:
            return _cut(log, most)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
        parts = [log.with_suffix(f".log.{number}") for number in range(KEPT, 0, -1)]
        oldest = next((part for part in parts if part.exists()), None)
        if oldest is None:
            return _keep_the_end(log)
        oldest.unlink()


def _move_up(log: Path) -> None:
    for number in range(KEPT - 1, 0, -1):
        older = log.with_suffix(f".log.{number}")
        if older.exists():
            older.replace(log.with_suffix(f".log.{number + 1}"))


def _cut(log: Path, most: int) -> None:
    """At most twice `most` bytes of its end: it may have grown while it could not be copied."""
    fresh = log.with_suffix(".log.new")
    try:
        with log.open("r+b") as file, fresh.open("wb") as copy:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 2 * most))
            shutil.copyfileobj(file, copy)
            copy.flush()
            _move_up(log)
            fresh.replace(log.with_suffix(".log.1"))
            with suppress(OSError):  # what came meanwhile, if there is room
                shutil.copyfileobj(file, copy)
                copy.flush()
            file.truncate(0)
    finally:
        fresh.unlink(missing_ok=True)


def _keep_the_end(log: Path) -> None:
    with log.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - END))
        end = file.read()
    with log.open("ab", buffering=0) as file:  # as its writer: after what has come meanwhile
        file.truncate(0)
        file.write(end)
