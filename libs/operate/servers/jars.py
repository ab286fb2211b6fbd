"""Kafka's jars: downloaded once into the user's cache, verified by SHA-256 at each start."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from operate.home.trouble import full_disk_told

LIST = Path(__file__).with_name("jars.txt")
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the pinned list."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        """The jar's path below a Maven repository."""
        folder = Path(*self.group.split("."), self.name, self.version)
        return folder / f"{self.name}-{self.version}.jar"


def cache_folder() -> Path:
    """The folder of downloads, which all checkouts of this user share."""
    parent = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(parent) / "liandong"


def read_list() -> list[Jar]:
    """Each line is `group:name:version sha256`; deploy/pin_jars.py writes the file."""
    lines = [line for line in LIST.read_text().splitlines() if line and line[0] != "#"]
    return [Jar(*line.replace(" ", ":").split(":")) for line in lines]


def fetch(
    jars: list[Jar], cache: Path, progress: Progress = lambda done, total: None
) -> list[Path]:
    """Return the path of each jar, in order; missing and damaged jars are downloaded.

    Raises Trouble if a jar cannot be downloaded, or differs from the pinned one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    kept = [cache / "m2" / jar.path for jar in jars]
    with full_disk_told(cache), alone(cache / "m2.lock"), ThreadPoolExecutor(8) as pool:
        good = list(pool.map(is_good, kept, jars))
        missing = [jar for jar, is_there in zip(jars, good, strict=True) if not is_there]
        progress(len(jars) - len(missing), len(jars))
        if missing:
            from operate.servers import downloads  # what it imports is a third of a command's start

            told = partial(_told, progress, sum(good), len(jars))
            downloads.download(cache / "m2", missing, pool, told)
    return kept


def _told(progress: Progress, good: int, whole: int, done: int) -> None:
    progress(good + done, whole)


def is_good(path: Path, jar: Jar) -> bool:
    return path.exists() and checksum(path) == jar.sha256


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock file, so that two checkouts do not write the same jar at once."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
