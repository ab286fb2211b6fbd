"""Refuses rules that ask for a metric that no process tells: such an alert would never fire."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from operate.home.trouble import Trouble

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(liandong_[a-z0-9_]+)` \| (\w+) \|", re.MULTILINE)
NAME = re.compile(r"\bliandong[_:][a-z0-9_:]+")


def demand_known(files: Sequence[Path]) -> None:
    """Raise Trouble for the first rule of these files that names a metric that does not exist."""
    rules = [rule for file in files for rule in rules_of(file)]
    known = told() | {str(rule["record"]) for rule in rules if "record" in rule}
    for rule in rules:
        for name in NAME.findall(str(rule["expr"])):
            if name not in known:
                raise _unknown(str(rule.get("alert") or rule["record"]), name, known)


def rules_of(file: Path) -> list[dict[str, Any]]:
    groups = (yaml.safe_load(file.read_text()) or {}).get("groups", [])
    return [rule for group in groups for rule in group["rules"]]


def told() -> set[str]:
    """The names of all series that processes tell, by docs/metrics.md, which follows the code."""
    names = set()
    for name, kind in ROW.findall(PAGE.read_text()):
        parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names |= {name + part for part in parts}
    return names


def _unknown(rule: str, name: str, known: set[str]) -> Trouble:
    near = get_close_matches(name, known, 1)
    meant = f"; {near[0]} is meant, perhaps" if near else ""
    perhaps = f"；可能应为 {near[0]}" if near else ""
    return Trouble(
        f"The rule {rule} asks for {name}, which no process tells{meant}: it would never fire. "
        "docs/metrics.md lists all metrics. Nothing was started.",
        f"规则 {rule} 引用的指标 {name} 不存在{perhaps}：该告警永远不会触发。"
        "全部指标见 docs/metrics.md。未启动任何进程。",
    )
