"""`python -m tests.bench [B4 B18 …] [--base COMMIT] [--runs N]`: exit code 1 when a bench fails."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from backbone.process import interpreter
from tests.bench import (
    beside,
    claims,
    commands,
    core,
    door,
    flow,
    hearing,
    lookups,
    push,
    rungs,
    startup,
    wires,
)
from tests.bench.checkout import Code, checked_out
from tests.bench.figures import Figure, as_row, machine, table, write
from tests.bench.lists import measuring
from tests.bench.plan import ROOT, Plan
from tests.bench.world import World
from tests.servers import Installed

ALONE = {"B1": core, "B7": hearing, "B14": lookups, "B8": measuring}  # they need no installation
# B8 builds a database for minutes and keeps it: it is measured when it is asked for by name.
ALL = ("B1", "B7", "B14", "B16", "B2", "B4", "B5", "B3", "B18", "B6", "B20")
OURS = Code("ours")


def main() -> None:
    interpreter.tune()  # what runs in this process runs as it does in a service
    asked = arguments()
    plan = Plan(
        asked.runs,
        asked.warm_ups,
        asked.seconds,
        tuple(asked.incidents),
        asked.size,
        tuple(asked.file),
    )
    names = [name for name in (*ALL, "B8") if name in (asked.benches or ALL)]
    about = machine() | {"plan": str(plan)}
    if asked.base:
        figures, text, flaws = both(asked.base, names, plan)
        about["base"] = asked.base
    else:
        figures, text, flaws = alone(names, plan)
    path = write(asked.out, about | {f"failed: {flaw}": True for flaw in flaws}, figures, text)
    sys.stdout.write(f"{text}\n\n{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}\n")
    sys.exit(1 if flaws else 0)


def alone(names: Sequence[str], plan: Plan) -> tuple[Any, str, list[str]]:
    """The figures as documents and as a table, and what failed."""
    figures: list[Figure] = []
    flaws: list[str] = []
    with installed(OURS, needed=not set(names) <= set(ALONE)) as city:
        for name in names:
            sys.stderr.write(f"{name} …\n")
            try:
                figures += measured(name, city, plan)
            except Exception as error:  # noqa: BLE001 - the other figures are worth having
                traceback.print_exc()
                flaws.append(f"{name}: {error!r}")
    return [as_row(figure) for figure in figures], table(figures), flaws


def both(base: str, names: Sequence[str], plan: Plan) -> tuple[Any, str, list[str]]:
    """The same with the commit before beside it."""
    with checked_out(base) as code:
        ours, its = beside.Side(OURS), beside.Side(code)
        beside.measure((ours, its), names, plan, installed)
    return beside.documents((ours, its)), beside.table(ours, its), [*ours.flaws, *its.flaws]


def measured(name: str, city: Installed, plan: Plan) -> Sequence[Figure]:
    if name in ALONE:
        return asyncio.run(ALONE[name].measure(plan))
    if name == "B16":
        return startup.measure(city, plan)
    if name == "B20":
        with installed(OURS, more={"LIANDONG_SECURE": "1"}) as secure:
            return uvloop.run(wires.measure(World(city), World(secure), plan))
    benches = {"B2": door, "B3": flow, "B4": claims, "B5": push, "B18": commands, "B6": rungs}
    bench: Any = benches[name]
    found: Sequence[Figure] = uvloop.run(bench.measure(World(city), plan))
    return found


# A bench drives a few keys as fast as it can: their limits would be what it measures.
# So would the connections of an address be, where a busy machine lets an open loop wait.
UNLIMITED = {
    f"LIANDONG_GATEWAY_{name}": "1000000"
    for name in ("KEY_RATE", "KEY_BURST", "CONNECTIONS_PER_ADDRESS", "CONNECTIONS")
}


@contextmanager
def installed(
    code: Code, needed: bool = True, more: Mapping[str, str] | None = None
) -> Iterator[Installed]:
    """An installation of this code, in a folder of its own that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="liandong-bench-"))
    city = Installed(folder, code.command, {**UNLIMITED, **code.env, **(more or {})})
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
    parser.add_argument(
        "benches", nargs="*", metavar="BENCH", help=f"{', '.join(ALL)}; none: these; B8"
    )
    parser.add_argument("--base", help="a commit whose figures are measured in turn with ours")
    parser.add_argument("--runs", type=int, default=usual.runs)
    parser.add_argument("--warm-ups", type=int, default=usual.warm_ups)
    parser.add_argument("--seconds", type=int, default=usual.seconds, help="of each run")
    parser.add_argument(
        "--incidents",
        type=int,
        nargs="+",
        default=usual.incidents,
        help="how many the tables hold when B18 begins; several: one after the other",
    )
    parser.add_argument(
        "--size", type=int, default=usual.lists, help="incidents and receipts of B8"
    )
    parser.add_argument(
        "--file", type=Path, nargs="+", default=(), help="labelled petitions or calls for B7"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "results", help="a folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
