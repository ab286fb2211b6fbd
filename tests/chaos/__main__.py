"""`python -m tests.chaos [FILE] [--report OUT.json]`: the long form, against a city of its own."""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import uvloop

from operate.replay import made_day
from operate.replay.city import City
from operate.replay.files import read_day
from operate.replay.report import Report
from operate.replay.rows import Day
from tests.chaos.agreement import settled
from tests.chaos.matters import day_of
from tests.chaos.monkey import Monkey
from tests.chaos.play import replayed
from tests.chaos.race import race
from tests.killing import present
from tests.people import visiting
from tests.servers import Installed

SIZE = 1_500
KAFKA_AWAY = 30.0
PAUSE = 3.0
# Calls a second: the day must last until every process has been killed once.
SPEED = 8.0
CLERKS, INCIDENTS = 50, 500
# Acts of a stretch of the day of matters, which lasts as long as its faults do.
ACTS = 100


def main() -> None:
    asked = arguments()
    folder = Path(tempfile.mkdtemp(prefix="liandong-chaos-"))
    city, agrees = Installed(folder), False
    try:
        city.up("--split")
        agrees = uvloop.run(survived(city, asked.file, asked.report))
    finally:
        city.down()
        if agrees:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            sys.stderr.write(f"The logs for the search of the reason are in {folder}\n")
    sys.exit(0 if agrees else 1)


async def survived(city: Installed, file: Path | None, report: Path | None) -> bool:
    """Replay in trouble, then race in the calm; say whether everything came out right."""

    def choose(known: City) -> Day:
        return read_day(file, known) if file else made_day.make(known, SIZE)

    monkey = Monkey(city, lambda words: sys.stderr.write(f"{words}\n"))
    found = await tormented(city, monkey, choose)
    found.show()
    sys.stdout.write(f"{len(monkey.done)} faults: {', '.join(monkey.done)}\n")
    await asyncio.to_thread(city.liandong, "start", "kafka")
    everything = 1 + len(set((await present(city)).values()))
    if len(monkey.done) < everything:
        sys.stdout.write(f"The day was over before all {everything} faults had happened.\n")
        return False
    found_apart = await moved_about(city)
    async with visiting(city) as visit:
        raced = await race(visit, CLERKS, INCIDENTS)
    sys.stdout.write(
        f"{CLERKS} clerks, {INCIDENTS} incidents: {raced.losers} losers, fair: {raced.is_fair}\n"
    )
    if report:
        whole = {**document(found, monkey, raced.is_fair), "matters": found_apart}
        report.write_text(json.dumps(whole, ensure_ascii=False))
    return found.agrees and raced.is_fair and not found_apart


async def moved_about(city: Installed) -> list[str]:
    """Receipts, links, ends and teams at random while everything is killed once and Kafka is away;
    return where missions and their matters are apart in the end."""
    monkey = Monkey(city, lambda words: sys.stderr.write(f"{words}\n"))
    async with visiting(city) as visit:
        day = await day_of(visit, seed=random.randrange(1_000_000))
        faults = asyncio.create_task(torment_once(monkey))
        while not faults.done():
            await day.run(ACTS)
        await faults
        found = [*await settled(day, city.run["database"])]
    told = ", ".join(f"{name} {number}" for name, number in day.done.most_common())
    sys.stdout.write(f"A day of matters, seed {day.seed}: {told}\n")
    sys.stdout.write("".join(f"  {words}\n" for words in found) or "  missions and matters agree\n")
    return found


async def torment_once(monkey: Monkey) -> None:
    await monkey.hold_down("kafka", KAFKA_AWAY)
    await monkey.kill_each(PAUSE)


async def tormented(city: Installed, monkey: Monkey, choose: Callable[[City], Day]) -> Report:
    faults = asyncio.create_task(torment(monkey))
    found = await replayed(city, choose, SPEED)
    faults.cancel()
    await asyncio.gather(faults, return_exceptions=True)
    return found


async def torment(monkey: Monkey) -> None:
    """During the replay Kafka is away for half a minute, then each process is killed in turn."""
    while True:
        await asyncio.sleep(PAUSE)
        await monkey.hold_down("kafka", KAFKA_AWAY)
        await monkey.kill_each(PAUSE)


def document(found: Report, monkey: Monkey, is_fair: bool) -> dict[str, object]:
    return {**found.document(), "faults": monkey.done, "race_is_fair": is_fair}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="none: a day made here")
    parser.add_argument("--report", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
