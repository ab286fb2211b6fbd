"""`make drill`: loses a city in three ways, brings it back, and prints what was lost."""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import asyncpg
import uvloop

from operate.replay import made_day
from tests.chaos.play import replayed
from tests.drill import journals, losses
from tests.servers import Installed

ARCHIVED = "SELECT pg_walfile_name(pg_switch_wal())"


class Drill:
    """One folder with the first city, its backup, and the homes in which it comes back."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        self.keys, self.archive = folder / "keys" / "secret", folder / "archive"
        self.archive.mkdir()
        self.first = Installed(folder / "first", env={"LIANDONG_WAL_ARCHIVE": str(self.archive)})
        self.second, self.third = Installed(folder / "second"), Installed(folder / "third")
        self.well = True

    async def run(self) -> bool:
        say(f"A city, {self.size} calls, a backup, twice as many more; the machine is lost.")
        self.first.up()
        await self.day(self.first, 7)
        base = self.folder / "base"
        await asyncio.to_thread(losses.base_of, self.first, base)
        backup, manifest = losses.backed_up(self.first, self.folder / "backups", self.keys)
        await self.day(self.first, 8)
        moment = await self.archived()
        await self.day(self.first, 9)
        before = await self.read(self.first)
        losses.lose_the_machine(self.first)

        say(f"\n1. Restored from the backup of {manifest.time}")
        say(losses.done(self.second, "restore", str(backup), "--keys", str(self.keys)))
        self.second.up()
        await self.compare(before, self.second, manifest.positions)
        await self.day(self.second, 7)

        say("\n2. Kafka is lost whole, with a claim that its receipt has not heard of")
        receipt = await losses.claimed_while_alarm_is_away(self.second)
        await asyncio.to_thread(losses.lose_kafka, self.second)
        heard = await losses.heard(self.second, receipt)
        say(f"  receipt {heard['code']} has heard of the claim; lost 0")
        await self.day(self.second, 7)
        self.second.down()

        say(f"\n3. Recovered up to the moment {moment}")
        await asyncio.to_thread(losses.put_back, base, self.archive, moment, self.third, self.keys)
        self.third.up()
        upto = {
            schema: max((row.position for row in rows if row.time < moment), default=0)
            for schema, rows in before.rows.items()
        }
        await self.compare(before, self.third, upto)
        await self.day(self.third, 8)
        return self.well

    async def day(self, city: Installed, seed: int) -> None:
        """A made day; one that the city has seen already must change nothing."""
        report = await replayed(city, lambda known: made_day.make(known, self.size, seed))
        say(
            f"  day {seed}: received {report.counts.received}, lost {report.counts.lost}, "
            f"doubled {report.counts.doubled}, {'agrees' if report.agrees else 'DIFFERS'}"
        )
        for words in (*report.disagreements, *report.findings):
            say(f"    {words}")
        self.well &= report.agrees

    async def archived(self) -> datetime:
        """A moment up to which everything lies in the archive."""
        conn = await asyncpg.connect(self.first.run["database"])
        moment: datetime = await conn.fetchval("SELECT clock_timestamp()")
        await asyncio.sleep(0.5)
        await conn.execute("CREATE TABLE public.later (n int)")
        file = await conn.fetchval(ARCHIVED)
        await conn.close()
        while not (self.archive / file).exists():
            await asyncio.sleep(0.2)
        return moment

    async def read(self, city: Installed) -> journals.Journals:
        return await journals.read(city.run["database"])

    async def compare(
        self, before: journals.Journals, city: Installed, upto: dict[str, int]
    ) -> None:
        after = await self.read(city)
        found = journals.compared(before, after, upto)
        for line in journals.told(found, before, after):
            say(f"  {line}")
        self.well &= not found.missing


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # its cities end with it
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=60, help="calls a day")
    folder = Path(tempfile.mkdtemp(prefix="liandong-drill-"))
    drill = Drill(folder, parser.parse_args().size)
    try:
        well = uvloop.run(drill.run())
    finally:
        for city in (drill.first, drill.second, drill.third):
            city.down()
    if well:
        shutil.rmtree(folder, ignore_errors=True)
    say("\nthe drill succeeded" if well else f"\nTHE DRILL FAILED; what is left: {folder}")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
