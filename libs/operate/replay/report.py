"""The report of a replay: JSON for scripts, tables for people."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from operate.cli.screen import console, plain, words
from operate.home.trouble import Trouble
from operate.replay.counts import Counts


@dataclass(frozen=True, slots=True)
class Report:
    """Scripts rely on `counts`, `latency_ms` and `agree`; the other fields are for people."""

    day: str
    counts: Counts
    latency_ms: dict[str, dict[str, float]]
    disagreements: Sequence[str]
    findings: Sequence[str]
    notes: dict[str, Any]

    @property
    def agrees(self) -> bool:
        return not self.disagreements

    def document(self) -> dict[str, Any]:
        return {
            "counts": asdict(self.counts),
            "latency_ms": self.latency_ms,
            "agree": self.agrees,
            "day": self.day,
            "disagreements": list(self.disagreements),
            "findings": list(self.findings),
            "notes": self.notes,
        }

    @staticmethod
    def demand_room(path: Path) -> None:
        """Raise Trouble if the report cannot be written there; checked before the replay."""
        path = path.absolute()
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise Trouble(
                f"The report cannot be written to {path}: choose a file in an existing folder "
                "that you may write to.",
                f"无法将报告写入 {path}：请指定一个已存在且可写的文件夹中的文件。",
            )

    def write(self, path: Path) -> None:
        text = json.dumps(self.document(), ensure_ascii=False, indent=2)
        path.write_text(text + "\n", encoding="utf-8")

    def show(self) -> None:
        for line in sums(self.counts):
            console.print(line)
        console.print()
        console.print(latency_table(self.latency_ms))
        for name, note in self.notes.items():
            console.print(f"{name}: {note}", style="dim")
        for finding in self.findings:
            console.print(finding, style="yellow")
        for words_of_it in self.disagreements:
            console.print(words_of_it, style="red")
        if self.agrees:
            console.print(words("the counts agree", "各项计数一致"), style="green")


def sums(counts: Counts) -> list[str]:
    """The counts as lines that show the equations they must satisfy."""
    found = asdict(counts)

    def told(joint: str, *names: str) -> str:
        return joint.join(f"{name} {found[name]}" for name in names)

    ends = told(" + ", "opened", "linked", "answered", "passed", "invalid")
    return [
        f"received {counts.received} = {ends}",
        told(" = ", "opened", "offered", "claimed", "resolved", "closed"),
        told(" = ", "pushed", "acknowledged"),
        told(", ", "lost", "doubled"),
    ]


def latency_table(latencies: dict[str, dict[str, float]]) -> Any:
    table = plain(words("ms", "毫秒"), "p50", "p90", "p99", "max", "n")
    for what, row in latencies.items():
        table.add_row(what, *(f"{row[name]:g}" for name in ("p50", "p90", "p99", "max", "n")))
    return table
