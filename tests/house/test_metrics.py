"""Metrics stand beside their service, are named alike, and say what they mean."""

import ast
import os
import re
from pathlib import Path

import pytest
import yaml

from operate.watching.naming import rules_of
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


@pytest.mark.parametrize("name", ["systemd.yml", "kubernetes.yml"])
def test_where_no_supervisor_runs_no_rule_waits_for_one(name: str) -> None:
    """An absent() of what only the supervisor tells would fire for ever, and the others never."""
    theirs = yaml.safe_load((RULES / name).read_text())
    ours = {path.name for path in rule_files()}
    assert {*theirs["rule_files"]} == ours - {"supervised.yml"}
    of_supervisor = {
        ast.literal_eval(call.args[0])
        for path, call, _ in declared()
        if path == TOP / "libs/operate/run/metrics.py"
    }
    assert "liandong_processes" in of_supervisor
    for path in (RULES / each for each in theirs["rule_files"]):
        for rule in rules_of(path):
            assert not {*NAME.findall(rule["expr"])} & of_supervisor, rule
    jobs = {each["job_name"] for each in theirs["scrape_configs"]}
    assert jobs == {"liandong"}, "NotScraped names it"


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


def test_documents_name_metrics_that_exist() -> None:
    pages = [*TOP.glob("*.md"), *(TOP / "docs").glob("*.md")]
    named = {(page.name, name) for page in pages for name in SERIES.findall(page.read_text())}
    known = {*exported(), *histograms()}
    assert named
    assert {each for each in named if each[1] not in known} == set()


def histograms() -> set[str]:
    """A page may name the whole of a histogram."""
    return {ast.literal_eval(call.args[0]) for _, call, kind in declared() if kind == "Histogram"}


# Labels that Prometheus and the scraped process add by themselves.
ADDED = {"job", "instance", "le", "process", "alertname", "alertstate", "quantile"}
SERIES = re.compile(r"\bliandong_[a-z0-9_]*[a-z0-9]\b")
MATCHED = re.compile(r"\b(liandong_[a-z0-9_]+)\{([^}]*)\}")
GROUPED = re.compile(r"\b(?:by|on|ignoring|without|group_left|group_right) ?\(([a-z_, ]*)\)")


def labels_of() -> dict[str, set[str]]:
    """The labels of each series of the code."""
    found = {}
    for _, call, kind in declared():
        name = ast.literal_eval(call.args[0])
        labels = set(ast.literal_eval(call.args[2])) if len(call.args) > 2 else set()
        for part in ("_bucket", "_sum", "_count") if kind == "Histogram" else ("",):
            found[name + part] = labels
    return found


def test_rules_and_boards_name_labels_that_exist() -> None:
    known = labels_of()
    every = set().union(*known.values()) | ADDED
    every |= {name for rule in rules() for name in rule.get("labels", {})}
    boards = [path.read_text() for path in BOARDS.glob("*.json")]
    matched = 0
    for text in [rule["expr"] for rule in rules()] + boards:
        for name, inside in MATCHED.findall(text):
            named = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside))
            assert named <= known.get(name, every) | ADDED, (name, inside)
            matched += 1
        for inside in GROUPED.findall(text):
            assert set(re.findall(r"\w+", inside)) <= every, inside
    assert matched


def test_each_alert_has_a_severity_and_a_line_in_the_runbook() -> None:
    headings = set(re.findall(r"^## (\w+)$", (TOP / "docs/runbook.md").read_text(), re.MULTILINE))
    alerts = [rule for rule in rules() if "alert" in rule]
    for rule in alerts:
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
    assert headings == {rule["alert"] for rule in alerts}
