"""A city of its own in which people work while a real Prometheus looks on."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from operate.watching.prometheus import folder_of
from tests.faults.injected import Fault, Scene
from tests.faults.playing import Row, suffered
from tests.faults.table import line
from tests.living import ledger
from tests.living.work import Staff
from tests.people import visiting
from tests.servers import Installed
from tests.watching import home_of, hurried, watching

LOOKED = "count_over_time(liandong_processes[1m]) >= 2"
LOOKS = 60.0


class Stage:
    """Plays faults one after the other."""

    def __init__(self, scene: Scene, staff: Staff, before: ledger.Matters) -> None:
        self.scene, self._staff, self._before = scene, staff, before

    async def play(self, faults: Sequence[Fault]) -> list[Row]:
        """Play them, and print each row as its fault ends."""
        rows = []
        for fault in faults:
            try:
                row = await suffered(fault, self.scene, self._staff, self._before)
            except (AssertionError, OSError) as error:  # OSError: also what takes too long
                self._staff.go_on()
                row = Row(fault.name, "?", 0, 0, 0, 0, (), [repr(error)])
            rows.append(row)
            say("\n".join([line(row), *(f"WRONG: {words}" for words in row.wrong)]))
        return rows


@asynccontextmanager
async def at_work(city: Installed, folder: Path) -> AsyncIterator[Stage]:
    """The city is up for the block. Prometheus' own files lie outside of its home, as on another
    machine: it goes on where the disk of the home is full."""
    place = folder_of(home_of(city))
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "watch").mkdir()
    place.symlink_to(folder / "watch")
    try:
        await asyncio.to_thread(city.up, "--split")
        before, staff = await ledger.matters(city.run["database"]), Staff()
        with watching(city, hurried(folder, window="30s", patient=True)) as watch:
            # A rise is seen between two looks: before the first one there is nothing to compare.
            await asyncio.to_thread(watch.until, lambda: watch.values(LOOKED), LOOKS, "two looks")
            async with visiting(city) as visit, staff.at_work(city):
                yield Stage(Scene(city, visit, watch, ledger=staff.ledger), staff, before)
    finally:
        await asyncio.to_thread(city.down)


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
