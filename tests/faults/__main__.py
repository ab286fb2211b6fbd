"""`python -m tests.faults [WORD…]`: every fault of a city at work, with the alerts as they are
deployed, but for the windows in which they clear; prints a table. Words choose faults by their
names; `--out FILE` writes the table into a document. The exit code is 1 if anything is not as it
must be.
"""

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from operate.watching.packages import PACKAGES, program
from tests.faults import brokers
from tests.faults.injected import FULL_DISK, Fault, every
from tests.faults.playing import Row
from tests.faults.skewed import library
from tests.faults.stage import at_work, say
from tests.faults.table import HEAD, machine, written
from tests.killing import pids
from tests.servers import Installed

# The size of the disk on which the home lies: it can be filled without harm.
DISK = "1536m"
ON_A_DISK = "FAULTS_DISK"


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # its cities end with it
    asked = arguments()
    folder = disk_of_its_own()
    rows = asyncio.run(one_city(folder, asked.words))
    rows += asyncio.run(brokers.three(folder / "three", asked.words))
    if asked.out and not asked.words:
        written(rows, asked.out)
    wrong = [f"{row.fault}: {words}" for row in rows for words in row.wrong]
    say("\n".join(["", *wrong]) if wrong else "\nall as it must be")
    if not wrong:
        shutil.rmtree(folder, ignore_errors=True)
    return min(len(wrong), 1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("words", nargs="*", help="faults by their names; none: all")
    parser.add_argument("--out", type=Path, help="the document that gets the table")
    return parser.parse_args()


def disk_of_its_own() -> Path:
    """A folder whose home lies on a small disk, in a namespace of this process: it starts itself
    again there, so this function returns in the second process alone."""
    if made := os.environ.get(ON_A_DISK):
        return Path(made)
    for name in PACKAGES:
        program(name)  # apt does not work in such a namespace
    library()
    folder = Path(tempfile.mkdtemp(prefix="liandong-faults-"))
    (folder / "run").mkdir(mode=0o700)
    os.environ[ON_A_DISK] = str(folder)
    apart = ("unshare", "--mount", "--map-root-user", "sh", "-c")
    mount = f"mount -t tmpfs -o size={DISK},mode=700 none {folder / 'run'}"
    if subprocess.run([*apart, mount], capture_output=True, check=False).returncode:
        say("No disk can be mounted here without root: that of the home is not filled.")
        return folder
    again = (sys.executable, "-m", "tests.faults", *sys.argv[1:])
    command = [*apart, f'{mount} && exec "$0" "$@"', *again]
    return os.execvp("unshare", command)  # noqa: S606 - this program again


async def one_city(folder: Path, words: Sequence[str]) -> list[Row]:
    async with at_work(city := Installed(folder), folder) as stage:
        say(f"{machine()}\n\n{HEAD}")
        faults = [each for each in every(list(pids(city))) if can_be_made(each, city)]
        return await stage.play(chosen(faults, words))


def can_be_made(fault: Fault, city: Installed) -> bool:
    """Only a disk of its own is ever filled."""
    return fault is not FULL_DISK or city.home.is_mount()


def chosen(faults: Sequence[Fault], words: Sequence[str]) -> list[Fault]:
    return [each for each in faults if not words or any(word in each.name for word in words)]


if __name__ == "__main__":
    sys.exit(main())
