"""Figures: what was measured in several runs, the gate and the raw limit; JSON and Markdown."""

import json
import platform
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

VERSIONS = (
    "faust-streaming",
    "aiokafka",
    "asyncpg",
    "grpcio",
    "protobuf",
    "fastapi",
    "uvicorn",
    "uvloop",
)
MORE = "more is better"
LESS = "less is better"


@dataclass(slots=True)
class Figure:
    """One number over all runs. `limit` is the figure that this machine gives without us."""

    bench: str
    name: str
    unit: str
    better: str = LESS
    gate: float | None = None
    limit: "Figure | None" = None
    most: float | None = None  # how many times the limit is allowed
    judged: bool = True  # a part of another figure is shown, and its sum is judged
    runs: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def ratio(self) -> float | None:
        """How much worse than the limit we are."""
        if self.limit is None or not self.limit.runs or not self.median:
            return None
        ratio = self.median / self.limit.median
        return ratio if self.better == LESS else 1 / ratio

    @property
    def holds(self) -> bool | None:
        """Whether gate and ratio are kept; None where nothing is demanded."""
        kept: list[bool] = []
        if self.gate is not None:
            kept.append(
                self.median <= self.gate if self.better == LESS else self.median >= self.gate
            )
        if self.most is not None and self.ratio is not None:
            kept.append(self.ratio <= self.most)
        return all(kept) if kept else None

    def row(self) -> list[str]:
        mark = {True: "yes", False: "**no**", None: ""}[self.holds]
        limit = shown(self.limit.median) if self.limit and self.limit.runs else ""
        ratio = f"{self.ratio:.1f}×" if self.ratio is not None else ""
        return [self.bench, self.name, self.unit, spread(self), demand(self), limit, ratio, mark]


def spread(figure: Figure) -> str:
    """Minimum, median and maximum of the runs."""
    lowest, highest = min(figure.runs), max(figure.runs)
    return f"{shown(lowest)} / **{shown(figure.median)}** / {shown(highest)}"


def demand(figure: Figure) -> str:
    sign = "≤" if figure.better == LESS else "≥"
    gate = f"{sign} {shown(figure.gate)}" if figure.gate else ""
    return gate + (f" and ≤ {figure.most:g}× the limit" if figure.most else "")


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99 and p99.9 in milliseconds."""
    ordered = sorted(seconds)
    last = len(ordered) - 1
    parts = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
    return {name: 1000 * ordered[round(part * last)] for name, part in parts.items()}


def shown(number: float) -> str:
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def machine() -> dict[str, Any]:
    memory = psutil.virtual_memory().total / 2**30
    size = f"{psutil.cpu_count()} × {platform.machine()}, {memory:.0f} GiB"
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{size}, {platform.system()}",
        "load": [round(each, 1) for each in psutil.getloadavg()],
        "python": sys.version.split()[0],
        **{name: version(name) for name in VERSIONS},
    }


def table(figures: Sequence[Figure]) -> str:
    head = ["", "what", "unit", "min / median / max", "gate", "limit", "of the limit", "kept"]
    return lines([head, ["---"] * len(head), *(figure.row() for figure in figures)])


def lines(rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def as_row(figure: Figure) -> dict[str, Any]:
    """For scripts."""
    return {**asdict(figure), "holds": figure.holds}


def write(folder: Path, about: dict[str, Any], figures: Any, text: str) -> Path:
    """One file for scripts, one with the table for people; returns the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"bench-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    document = {"about": about, "figures": figures}
    stem.with_suffix(".json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    facts = "\n".join(f"- {name}: {value}" for name, value in about.items())
    path = stem.with_suffix(".md")
    path.write_text(f"# Figures\n\n{facts}\n\n{text}\n")
    return path
