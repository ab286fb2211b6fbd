"""The identity of a program: a hash of its settings, which are secret, and its code.

The next supervisor adopts a process that it would start alike, and replaces any other.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

TOP = Path(__file__).parents[3]


def of(label: str, settings: object, *folders: str) -> str:
    """The label, and a hash of the settings and of the code in these folders."""
    told = repr((settings, [changed(TOP / folder) for folder in folders]))
    return f"{label} {hashlib.sha256(told.encode()).hexdigest()}"


def label_of(identity: str) -> str:
    return identity.partition(" ")[0]


def said_by(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables in the shell of a person that our services read."""
    return {name: value for name, value in environ.items() if name.startswith("LIANDONG_")}


def of_the_supervisor() -> str:
    """The code of the command itself: a supervisor of other code is replaced by an upgrade."""
    return of("supervisor", (), "libs")


def changed(folder: Path) -> tuple[int, int]:
    """Count and latest change of the code in a folder: another release is another program."""
    stats = [file.stat().st_mtime_ns for file in folder.rglob("*.py")]
    return len(stats), max(stats, default=0)
