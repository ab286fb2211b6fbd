"""Metrics stand beside their service, are named alike, and say what they mean."""

import ast
import os
import re
from pathlib import Path

import pytest
import yaml

from tests.house.sources import TOP, calls

KINDS = {"Counter", "Gauge", "Histogram", "Info"}
UNBOUNDED = {"id", "user", "incident", "aggregate_id", "request_id", "unit", "team", "path", "key"}


def declared() -> list[tuple[Path, ast.Call, str]]:
    found = [(path, call, name) for path, call, name in calls() if name in KINDS]
    # collections.Counter is another one.
    return [each for each in found if each[1].args and isinstance(each[1].args[0], ast.Constant)]


METRICS = [pytest.param(*each, id=ast.literal_eval(each[1].args[0])) for each in declared()]


@pytest.mark.parametrize(("path", "call", "kind"), METRICS)
def test_a_metric_is_declared_and_documented(path: Path, call: ast.Call, kind: str) -> None:
    assert path.name == "metrics.py", "metrics stand together, beside their service"
    name, text = (ast.literal_eval(each) for each in call.args[:2])
    assert name.startswith("liandong_")
    assert text.endswith("."), "one sentence that says what it counts"
    assert (kind == "Counter") == name.endswith("_total")
    if kind == "Histogram":
        assert [each for each in call.keywords if each.arg == "buckets"], "explicit buckets"


@pytest.mark.parametrize(("path", "call", "kind"), METRICS)
def test_labels_are_enums_and_never_ids(path: Path, call: ast.Call, kind: str) -> None:
    labels = ast.literal_eval(call.args[2]) if len(call.args) > 2 else []
    assert not set(labels) & UNBOUNDED


def test_no_name_is_used_twice() -> None:
    names = [ast.literal_eval(call.args[0]) for _, call, _ in declared()]
    assert len(names) == len(set(names))


RULES = TOP / "deploy/prometheus"
BOARDS = TOP / "deploy/grafana"
PAGE = TOP / "docs/metrics.md"
NAME = re.compile(r"\bliandong[_:][a-z0-9_:]+")
HEAD = """# Metrics

Written by `METRICS=write pytest tests/house/test_metrics.py`; a test keeps it equal to the code.
Every process serves them at `/metrics` of its metrics address; beside them stand Python's and the
process's own. Labels are enums, never ids; they begin with 0, so that the first event shows.
Alerts: [runbook.md](runbook.md).

| metric | kind | labels | |
|---|---|---|---|
"""


def page() -> str:
    rows = []
    for _, call, kind in declared():
        name, text = (ast.literal_eval(each) for each in call.args[:2])
        labels = ast.literal_eval(call.args[2]) if len(call.args) > 2 else []
        rows.append(f"| `{name}` | {kind.lower()} | {', '.join(labels) or '–'} | {text} |")
    return HEAD + "\n".join(sorted(rows)) + "\n"


def test_the_page_lists_every_metric() -> None:
    if os.environ.get("METRICS") == "write":
        PAGE.write_text(page())
    assert PAGE.read_text() == page()


def rules() -> list[dict[str, str]]:
    groups = [yaml.safe_load(path.read_text()).get("groups", []) for path in rule_files()]
    return [rule for each in groups for group in each for rule in group["rules"]]


def rule_files() -> list[Path]:
    return [
        RULES / name
        for name in yaml.safe_load((RULES / "prometheus.yml").read_text())["rule_files"]
    ]


def exported() -> set[str]:
    """The names of series: those of the code, and those that rules record."""
    names = {rule["record"] for rule in rules() if "record" in rule}
    for _, call, kind in declared():
        name = ast.literal_eval(call.args[0])
        parts = ("_bucket", "_sum", "_count") if kind == "Histogram" else ("",)
        names |= {name + part for part in parts}
    return names


def test_rules_and_boards_name_metrics_that_exist() -> None:
    told = [rule["expr"] for rule in rules()] + [path.read_text() for path in BOARDS.glob("*.json")]
    named = {name for text in told for name in NAME.findall(text)}
    assert named
    assert named <= exported(), named - exported()


def test_each_alert_has_a_severity_and_a_line_in_the_runbook() -> None:
    headings = set(re.findall(r"^## (\w+)$", (TOP / "docs/runbook.md").read_text(), re.MULTILINE))
    alerts = [rule for rule in rules() if "alert" in rule]
    for rule in alerts:
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
    assert headings == {rule["alert"] for rule in alerts}
