"""`python -m tests.faults [WORD…]`: every fault, with the alerts as they are deployed but for their
windows; prints a table. Words choose faults by their names. The exit code is 1 if one stays untold.
"""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from tests.faults.injected import ALL, Scene
from tests.faults.playing import Told, play
from tests.people import visiting
from tests.servers import Installed
from tests.watching import hurried, watching


def main(words: list[str]) -> int:
    folder = Path(tempfile.mkdtemp(prefix="liandong-faults-"))
    city = Installed(folder)
    try:
        city.up()
        files = hurried(folder, interval="5s", window="30s", patient=True)
        untold = asyncio.run(every_fault(city, files, words))
    finally:
        city.down()
    shutil.rmtree(folder, ignore_errors=True)
    return min(untold, 1)


async def every_fault(city: Installed, files: Path, words: list[str]) -> int:
    """Play all of them; return how many were not told of."""
    untold = 0
    with watching(city, files) as watch:
        print(f"{'fault':34}{'alert':20}{'fired after':>12}{'cleared after':>15}")  # noqa: T201
        for fault in ALL:
            if words and not any(word in fault.name for word in words):
                continue
            async with visiting(city) as visit:
                try:
                    rows = await play(fault, Scene(city, visit, watch))
                except AssertionError as error:
                    untold += 1
                    print(f"{fault.name:34}{error}")  # noqa: T201
                else:
                    show(rows)
    return untold


def show(rows: list[Told]) -> None:
    for row in rows:
        print(f"{row.fault:34}{row.alert:20}{row.fired:10.1f} s{row.cleared:13.1f} s")  # noqa: T201
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
