"""The home of an installation: the folder that LIANDONG_HOME names, and the paths in it."""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from operate.home.kinds import demand_kinds
from operate.home.own_files import read_own
from operate.home.ports import Ports
from operate.home.trouble import Trouble, full_disk, full_disk_told

ROOM = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Home:
    """The folder and ports of one installation; each checkout may have its own."""

    path: Path
    ports: Ports

    @classmethod
    def here(cls) -> "Home":
        """The home that the environment names, `.run` in the current folder by default.

        The port is that of the running installation, or else of LIANDONG_PORT. Raises Trouble.
        """
        home = cls(Path(os.environ.get("LIANDONG_HOME") or ".run").absolute(), Ports.chosen())
        try:
            home = cls(home.path.resolve(), home.ports)
            demand_kinds(home.path)
            remembered = home.remembered()
        except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
            raise home._impossible(error) from error
        return cls(home.path, Ports.remembered(remembered)) if remembered else home

    @property
    def secret(self) -> Path:
        return self.path / "secret"

    @property
    def signers(self) -> Path:
        """The file with the public keys of all services, by which they know each other."""
        return self.path / "signers.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def held(self) -> Path:
        """The folder with one empty file for each process that is to be held down."""
        return self.path / "held"

    @property
    def state(self) -> Path:
        """The supervisor's state, for `liandong status`."""
        return self.path / "state.json"

    @property
    def choices(self) -> Path:
        """The settings of the running installation, for commands in other terminals."""
        return self.path / "choices.json"

    @property
    def demo_ended(self) -> Path:
        """An empty file: the demo's accounts and keys were ended while a supervisor runs."""
        return self.path / "demo-ended"

    @property
    def run_file(self) -> Path:
        """Addresses and accounts for scripts; exists only while everything is ready."""
        return self.path / "run.json"

    def make(self) -> None:
        """Create the folders. Raises Trouble if that fails or the disk is nearly full."""
        try:
            with full_disk_told(self.path):
                self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.logs.mkdir(exist_ok=True)
                self.held.mkdir(exist_ok=True)
        except OSError as error:
            raise self._impossible(error) from error
        if full := self.is_full(ROOM):
            raise full

    def _impossible(self, error: Exception) -> Trouble:
        why = getattr(error, "strerror", None) or error
        return Trouble(
            f"{self.path} cannot be used ({why}): choose another folder, "
            "for example LIANDONG_HOME=~/liandong make run",
            f"无法使用 {self.path}（{why}）：请换一个文件夹，如 LIANDONG_HOME=~/liandong make run",
        )

    def is_full(self, room: int = 64 * 1024 * 1024) -> Trouble | None:
        """A Trouble if fewer than `room` bytes are free, else None."""
        return full_disk(self.path) if shutil.disk_usage(self.path).free < room else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the home's lock, which the system releases even after `kill -9`. Raises Trouble."""
        with self.lock.open("a+") as file:
            if not try_lock(file):
                raise self.in_use()
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Remove what was made here if it fails; what was here before stays. Only under the lock,
        and before anything has started."""
        before = {*self.path.iterdir()}
        try:
            yield
        except BaseException:
            for made in {*self.path.iterdir()} - before:
                if made.is_dir():
                    shutil.rmtree(made)
                else:
                    made.unlink()
            self.leave()
            raise

    def leave(self) -> None:
        """Leave an empty folder where nothing has started yet; a file of others stays."""
        if self.secret.exists():
            return
        self.lock.unlink(missing_ok=True)
        for folder in (self.held, self.logs):
            with suppress(OSError):
                folder.rmdir()

    def in_use(self) -> Trouble:
        return Trouble(
            f"liandong already runs in {self.path} (pid {read_pid(self.lock)}): "
            "`liandong status` shows it, `liandong down` stops it.",
            f"liandong 已在 {self.path} 运行（pid {read_pid(self.lock)}）："
            "liandong status 查看，liandong down 停止。",
        )

    def remembered(self) -> dict[str, Any]:
        """The settings of the running installation; empty if none runs, or its supervisor has not
        said them yet: then they are those of one before."""
        pid = self.supervisor()
        if pid is None or not self.choices.exists():
            return {}
        choices = read_own(self.choices)
        return choices if choices.get("pid", pid) == pid else {}

    def supervisor(self) -> int | None:
        """The pid of the process that holds the lock, None if none does."""
        if not self.lock.exists():
            return None
        with self.lock.open() as file:  # read-only suffices, also on a read-only disk
            return None if try_lock(file) else read_pid(self.lock)


def try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_pid(path: Path) -> int:
    try:
        return int(path.read_text() or 0)
    except ValueError as error:
        raise Trouble(
            f"{path} is damaged: write the number of the running `liandong up` into it, which "
            "holds it (`pgrep -f liandong`); do not remove it.",
            f"{path} 已损坏：请将占用该文件的 liandong up 的进程号写入其中（pgrep -f liandong），"
            "不要删除该文件。",
        ) from error


def read_state(home: Home) -> dict[str, Any]:
    """The state that the supervisor last wrote; empty if none runs."""
    try:
        state = _whole(home.state)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return state if home.supervisor() else {}


def _whole(path: Path, tries: int = 5) -> dict[str, Any]:
    try:
        return read_own(path)
    except Trouble:  # written over at this moment, see `write_over`
        if tries == 0:
            raise
        time.sleep(0.02)
        return _whole(path, tries - 1)


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file atomically: readers see the old or the new content, never a part."""
    fresh = path.with_name(f".{path.name}.new")
    with _alone_at(fresh, mode) as file:
        file.write(text)
        file.flush()
        fresh.replace(path)


@contextmanager
def _alone_at(path: Path, mode: int) -> Iterator[TextIO]:
    """A new file that one writer has at a time, until it gets another name; what a killed one has
    left is overwritten."""
    while True:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, mode), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if is_of(path, file):  # else the writer before us has given it its name
                file.truncate(0)
                yield file
                return


def is_of(path: Path, file: TextIO) -> bool:
    """Whether the path still names this open file."""
    with suppress(FileNotFoundError):
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    return False


def write_over(path: Path, text: str) -> None:
    """Write into the room that a file has, where the disk has none for a new one.

    Readers may meet a part, and read again. Raises OSError if the room is too small.
    """
    room, content = path.stat().st_size, text.encode()
    if len(content) > room:
        raise OSError(errno.ENOSPC, "no room left in", str(path))
    with path.open("r+b") as file:
        file.write(content.ljust(room))
