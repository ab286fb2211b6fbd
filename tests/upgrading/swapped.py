"""A folder of code that is replaced while processes run from it, as `git pull` does."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.checkout import Code
from tests.bench.plan import ROOT

FROM = ROOT / "deploy" / "upgrade_from"


def released() -> str:
    """The commit of the release that cities run."""
    lines = FROM.read_text().splitlines()
    return next(line for line in lines if line and not line.startswith("#")).strip()


class Swapped:
    """A link to the old code, and later to the new: what is started after that is new.

    Each side has its own Python: its packages may differ.
    """

    def __init__(self, place: Path, old: Code) -> None:
        self._place = place
        own = old.root / ".venv"
        if not own.exists():
            own.symlink_to(sys.prefix)
        self._point_to(old.root)

    def swap(self) -> None:
        self._point_to(ROOT)

    @property
    def python(self) -> str:
        return str(self._place / ".venv" / "bin" / "python")

    @property
    def command(self) -> Sequence[str]:
        return (self.python, "-m", "operate.cli.command")

    @property
    def env(self) -> Mapping[str, str]:
        modules = os.pathsep.join((str(self._place), str(self._place / "libs")))
        return {"PYTHONPATH": modules, "PYTHONSAFEPATH": "1"}

    def _point_to(self, root: Path) -> None:
        fresh = self._place.with_name(".fresh")
        fresh.symlink_to(root)
        fresh.replace(self._place)
