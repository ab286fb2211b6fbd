"""The report of a replay: JSON for scripts, tables for people."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from operate.cli.screen import console, plain, words
from operate.home.trouble import Trouble
from operate.replay.cells import Unread
from operate.replay.counts import Counts
from operate.replay.identity import Repeat

# Rows that are shown of a list; the JSON report has all of them.
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Report:
    """Scripts rely on `counts`, `latency_ms` and `agree`; the other fields are for people.

    `repeats` are rows that were taken before, `changed` those of which other content was, `unread`
    those that cannot be read.
    """

    day: str
    counts: Counts
    latency_ms: dict[str, dict[str, float]]
    disagreements: Sequence[str]
    findings: Sequence[str]
    notes: dict[str, Any]
    repeats: Sequence[Repeat] = ()
    changed: Sequence[Repeat] = ()
    unread: Sequence[Unread] = ()

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
            "repeats": [asdict(each) for each in self.repeats],
            "changed": [asdict(each) for each in self.changed],
            "unread": [asdict(each) for each in self.unread],
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
        for told in told_again(self.repeats, self.changed):
            console.print(told, style="yellow")
        for told in told_unread(self.unread):
            console.print(told, style="yellow", markup=False)
        for finding in self.findings:
            console.print(finding, style="yellow")
        for words_of_it in self.disagreements:
            console.print(words_of_it, style="red")
        if self.agrees:
            console.print(words("the counts agree", "各项计数一致"), style="green")


def told_again(repeats: Sequence[Repeat], changed: Sequence[Repeat]) -> list[str]:
    """What a person reads of rows that were taken before."""
    told = []
    if repeats:
        which = listed(repeats)
        told.append(
            words(
                f"{len(repeats)} rows were taken before, and are not taken again: {which}",
                f"{len(repeats)} 行此前已登记，不再重复登记：{which}",
            )
        )
    if changed:
        which = listed(changed)
        told.append(
            words(
                f"{len(changed)} rows differ from what was taken under their reference, and were "
                f"not taken: {which}. Correct the record itself, or give another record another "
                "reference.",
                f"{len(changed)} 行与此前按同一编号登记的内容不同，未登记：{which}。"
                "请在系统中更正原记录；如是另一件，请另编编号。",
            )
        )
    return told


def told_unread(rows: Sequence[Unread]) -> list[str]:
    """Why the first rows cannot be read, and how many more there are."""
    rest = len(rows) - SHOWN
    more = words(f"{rest} more rows cannot be read", f"另有 {rest} 行无法读取")
    return [*(each.why for each in rows[:SHOWN]), *([more] if rest > 0 else [])]


def listed(rows: Sequence[Repeat]) -> str:
    """The first rows, each with the record or the row that has it."""
    said = []
    for each in rows[:SHOWN]:
        as_row = words(f"row {each.as_row}", f"第 {each.as_row} 行")
        has = each.code or as_row
        said.append(words(f"row {each.row} ({has})", f"第 {each.row} 行（{has}）"))
    more = words(f"{len(rows) - SHOWN} more", f"另有 {len(rows) - SHOWN} 行")
    return words(", ", "、").join([*said, *([more] if len(rows) > SHOWN else [])])


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
