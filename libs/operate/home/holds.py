"""Files that hold processes down: a person's until `liandong start`, a command's while it lives.

A command that restarts a process holds it for a moment. Were its file like a person's, then one
that is killed in that moment, as with its terminal, would leave the process down for good.
"""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from operate.home.home import is_of, try_lock, write

log = logging.getLogger(__name__)

# The content of a command's file; the system ends its lock with the command. A person's is empty.
MEANWHILE = "while its command lives"


def hold(folder: Path, name: str) -> None:
    """Hold a process until a person lets it go, also where a command holds it."""
    write(folder / name, "")


def is_lasting(folder: Path, name: str) -> bool:
    """Whether a person holds the process."""
    with suppress(FileNotFoundError):
        return (folder / name).read_text() != MEANWHILE
    return False


@contextmanager
def held_meanwhile(folder: Path, name: str) -> Iterator[bool]:
    """Hold a process for the block, and not longer than this process lives; false, and nothing is
    held, where another holds it already. What a person has held meanwhile stays held."""
    path, fresh = folder / name, folder / f".{name}.{uuid4().hex}"
    with fresh.open("x") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # before anyone sees whose it is
            file.write(MEANWHILE)
            file.flush()
            try:
                path.hardlink_to(fresh)
            except FileExistsError:
                yield False
                return
        finally:
            fresh.unlink()
        try:
            yield True
        finally:
            if is_of(path, file):
                path.unlink(missing_ok=True)


def wanted(folder: Path) -> set[str]:
    """The names of all that is to be held down. A file whose command has died holds nothing, and is
    removed."""
    return {path.name for path in folder.iterdir() if path.is_file() and not _is_left(path)}


class Held:
    """The names in the folder of a running city. While the folder cannot be read, the last names
    hold: the supervisor goes on, and starts nothing that a person has stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: set[str] = set()
        self._told = ""

    def wanted(self) -> set[str]:
        try:
            self._last = wanted(self._folder)
            self._told = ""
        except OSError as error:
            if self._told != str(error):
                self._told = str(error)
                log.warning("what is held down stays as it is: %s", error)
            with suppress(OSError):
                self._folder.mkdir(exist_ok=True)
                for name in self._last:
                    hold(self._folder, name)
        return self._last


def _is_left(path: Path) -> bool:
    with suppress(FileNotFoundError), path.open() as file:
        if file.read() == MEANWHILE and try_lock(file):
            path.unlink(missing_ok=True)
            return True
    return False
