"""The same benches of this checkout and of an earlier commit, in turn, and both in one table.

A bench belongs to its checkout, so each side measures itself, run after run in turn, with an
installation of its own for each. B18 needs nothing but HTTP, so this checkout's drives both sides.
"""

import json
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any

import uvloop

from tests.bench import commands
from tests.bench.checkout import Code
from tests.bench.figures import LESS, Figure, as_row, demand, lines, shown, spread
from tests.bench.plan import Plan
from tests.bench.world import World
from tests.servers import Installed

DRIVEN = "B18"
TOLERATED = 1.1  # times worse than the earlier commit
HEAD = ("", "what", "unit", "ours", "base", "times worse", "gate", "limit of ours", "kept")

Install = Callable[[Code], AbstractContextManager[Installed]]


@dataclass(slots=True)
class Side:
    """One checkout and its figures by bench and name."""

    code: Code
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)
    flaws: list[str] = field(default_factory=list)

    def add(self, figures: Sequence[Figure]) -> None:
        """One run more of each; the limits are among them."""
        for figure in figures:
            known = self.figures.setdefault((figure.bench, figure.name), figure)
            if known is not figure:
                known.runs += figure.runs

    def fail(self, what: str) -> None:
        self.flaws.append(f"{self.code.name}: {what}")
        sys.stderr.write(f"{self.code.name}: {what}\n")


def measure(sides: Sequence[Side], names: Sequence[str], plan: Plan, install: Install) -> None:
    """All runs of all sides in turn; what fails is noted with its side, the rest goes on."""
    has = {side.code.name: set(side.code.benches) for side in sides}
    for number in range(plan.runs):
        for side in sides:
            its = [name for name in names if name != DRIVEN and name in has[side.code.name]]
            if its:
                sys.stderr.write(f"run {number + 1}: {' '.join(its)} of {side.code.name} …\n")
                by_itself(side, its, plan)
    if DRIVEN in names:
        driven(sides, plan, install)


def by_itself(side: Side, names: Sequence[str], plan: Plan) -> None:
    """One run of the side's own benches; its last line names the file with the figures."""
    warm_ups = str(min(1, plan.warm_ups))
    asked = ("--runs", "1", "--warm-ups", warm_ups, "--seconds", str(plan.seconds))
    done = side.code.run("-m", "tests.bench", *names, *asked, check=False)
    lines = done.stdout.split()
    if done.returncode != 0:
        side.fail(f"exit code {done.returncode} of {' '.join(names)}")
    if lines and lines[-1].endswith(".md"):
        path = (side.code.root / lines[-1]).with_suffix(".json")
        side.add(figures_of(json.loads(path.read_text())))
        for each in (path, path.with_suffix(".md")):
            each.unlink()


def driven(sides: Sequence[Side], plan: Plan, install: Install) -> None:
    """All sides run at the same time, and each stretch is measured on all of them in turn."""
    sys.stderr.write(f"{DRIVEN} of {' and '.join(side.code.name for side in sides)} …\n")
    try:
        with ExitStack() as stack:
            worlds = [World(stack.enter_context(install(side.code))) for side in sides]
            for side, figures in zip(
                sides, uvloop.run(commands.in_turn(worlds, plan)), strict=True
            ):
                side.add(figures)
    except Exception as error:  # noqa: BLE001 - the other figures are worth having
        traceback.print_exc()
        sides[0].fail(f"{DRIVEN}: {error!r}")


def figures_of(document: dict[str, Any]) -> list[Figure]:
    """As they were before they were written: the limit of one is another of the same list."""
    rows = document["figures"]
    kept = [{name: row[name] for name in row if name not in ("holds", "limit")} for row in rows]
    known = {(row["bench"], row["name"]): Figure(**row) for row in kept}
    for row, figure in zip(rows, known.values(), strict=True):
        if limit := row["limit"]:
            figure.limit = known[limit["bench"], limit["name"]]
    return list(known.values())


def table(ours: Side, base: Side) -> str:
    """A figure that only one side has stands alone; a raw limit is shown and not judged."""
    rows = [row(figure, base.figures.get(key), ours) for key, figure in ours.figures.items()]
    return lines([HEAD, ["---"] * len(HEAD), *rows])


def row(figure: Figure, base: Figure | None, ours: Side) -> list[str]:
    worse = times_worse(figure, base)
    raw = any(each.limit is figure for each in ours.figures.values())
    mark = verdict(figure, worse) if figure.judged and not raw else ""
    beside = spread(base) if base else ""
    limit = shown(figure.limit.median) if figure.limit else ""
    times = f"{worse:.2f}×" if worse is not None else ""
    return [
        figure.bench,
        figure.name,
        figure.unit,
        spread(figure),
        beside,
        times,
        *(demand(figure), limit, mark),
    ]


def times_worse(figure: Figure, base: Figure | None) -> float | None:
    """Below 1 where we are better; by the medians."""
    if base is None or not base.median or not figure.median:
        return None
    ratio = figure.median / base.median
    return ratio if figure.better == LESS else 1 / ratio


def verdict(figure: Figure, worse: float | None) -> str:
    if worse is None and figure.holds is None:
        return ""
    flaws = ["worse"] if worse is not None and worse > TOLERATED else []
    flaws += ["gate"] if figure.holds is False else []
    return f"**no: {', '.join(flaws)}**" if flaws else "yes"


def documents(sides: Sequence[Side]) -> dict[str, Any]:
    """For scripts: the figures of each side by its name."""
    return {side.code.name: [as_row(figure) for figure in side.figures.values()] for side in sides}
