"""`python -m tests.bench [B4 B3 …] [--runs N] [--seconds N]`."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvloop

from tests.bench import claims, core, door, flow, lookups, push, startup
from tests.bench.figures import Figure, machine, table, write
from tests.bench.plan import Plan
from tests.bench.world import World
from tests.servers import Installed

ROOT = Path(__file__).parents[2]
IN_MEMORY = {"B1": core, "B14": lookups}
ALL = ("B1", "B14", "B16", "B2", "B4", "B5", "B3")


def main() -> None:
    asked = arguments()
    plan = Plan(asked.runs, asked.warm_ups, asked.seconds)
    about = machine() | {"plan": str(plan)}
    names = [name for name in ALL if not asked.benches or name in asked.benches]
    figures: list[Figure] = []
    with installed(needed=not set(names) <= set(IN_MEMORY)) as city:
        for name in names:
            sys.stderr.write(f"{name} …\n")
            try:
                figures += measured(name, city, plan)
            except Exception as error:  # noqa: BLE001 - the other figures are worth having
                traceback.print_exc()
                about[f"{name} failed"] = repr(error)
    path = write(ROOT / "results", figures, about)
    sys.stdout.write(f"{table(figures)}\n\n{path.relative_to(ROOT)}\n")
    sys.exit(1 if any(name.endswith(" failed") for name in about) else 0)


def measured(name: str, city: Installed, plan: Plan) -> Sequence[Figure]:
    if name in IN_MEMORY:
        return asyncio.run(IN_MEMORY[name].measure(plan))
    if name == "B16":
        return startup.measure(city, plan)
    bench = {"B2": door, "B3": flow, "B4": claims, "B5": push}[name]
    return uvloop.run(bench.measure(World(city), plan))


@contextmanager
def installed(needed: bool) -> Iterator[Installed]:
    """An installation of its own in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="liandong-bench-"))
    city = Installed(folder)
    try:
        if needed:
            city.up()
        yield city
    finally:
        city.down()
        shutil.rmtree(folder, ignore_errors=True)


def arguments() -> argparse.Namespace:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"{', '.join(ALL)}; none: all")
    parser.add_argument("--runs", type=int, default=usual.runs)
    parser.add_argument("--warm-ups", type=int, default=usual.warm_ups)
    parser.add_argument("--seconds", type=int, default=usual.seconds, help="of each run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
