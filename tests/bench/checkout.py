"""Code that is measured: this checkout, or an earlier commit in a folder of its own."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.plan import ROOT

LOCK = "requirements-dev.lock"


@dataclass(frozen=True, slots=True)
class Code:
    """A checkout with its generated contracts, and the Python that has its packages."""

    name: str
    root: Path = ROOT
    python: str = sys.executable

    @property
    def env(self) -> dict[str, str]:
        """Its modules come first: before those of the folder in which the bench was started, and
        before those of the checkout that the virtual environment was made for."""
        modules = os.pathsep.join((str(self.root), str(self.root / "libs")))
        return {"PYTHONPATH": modules, "PYTHONSAFEPATH": "1"}

    @property
    def command(self) -> Sequence[str]:
        """The `liandong` command of this checkout, as an argument list."""
        project = tomllib.loads((self.root / "pyproject.toml").read_text())["project"]
        module: str = project["scripts"]["liandong"].partition(":")[0]
        return (self.python, "-m", module)

    @property
    def benches(self) -> tuple[str, ...]:
        """The names of the benches that this checkout has."""
        asked = "from tests.bench.__main__ import ALL; print(*ALL)"
        return tuple(self.run("-c", asked).stdout.split())

    def run(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Its Python in its folder; raises CalledProcessError when `check` and it fails."""
        return subprocess.run(
            [self.python, *arguments],
            cwd=self.root,
            env=os.environ | self.env,
            stdout=subprocess.PIPE,
            text=True,
            check=check,
        )


@contextmanager
def checked_out(commit: str) -> Iterator[Code]:
    """A copy of the commit, ready to run. Ends the program where git has no such commit.

    It is a copy out of git and no second worktree: when a bench is killed, git knows nothing of it.
    An environment of its own is made only when packages are pinned there that are not here.
    """
    full = git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}").decode().strip()
    if not full:
        sys.exit(f"{commit} is no commit of this repository")
    folder = Path(tempfile.mkdtemp(prefix="liandong-base-"))
    try:
        with tarfile.open(fileobj=io.BytesIO(git("archive", full))) as archive:
            archive.extractall(folder, filter="data")
        code = Code(full[:7], folder, python_of(folder))
        code.run("deploy/build_protos.py")
        yield code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def python_of(root: Path) -> str:
    if pins_of(root) <= pins_of(ROOT):
        return sys.executable
    subprocess.run([sys.executable, "-m", "venv", root / ".venv"], check=True)
    python = str(root / ".venv" / "bin" / "python")
    install = ("-m", "pip", "install", "-q", "--disable-pip-version-check")
    pinned = ("--require-hashes", "--no-deps", "-r", str(root / LOCK))
    subprocess.run([python, *install, *pinned], check=True)
    return python


def pins_of(root: Path) -> set[str]:
    """Each pinned package with its version and the condition under which it is needed."""
    lines = (root / LOCK).read_text().splitlines()
    return {line.rstrip(" \\") for line in lines if "==" in line and not line.startswith(" ")}


def git(*arguments: str) -> bytes:
    """What git says; nothing when it refuses."""
    done = subprocess.run(
        ["git", "-C", ROOT, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.stdout if done.returncode == 0 else b""
