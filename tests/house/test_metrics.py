"""Metrics stand beside their service, are named alike, and say what they mean."""

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from backbone.door import timers
from backbone.kafka import lag
from backbone.process import clock
from backbone.shell import standing
from operate.watching.naming import rules_of
from tests.house.sources import TOP, calls, shown, sources, tree_of

KINDS = {"Counter", "Gauge", "Histogram", "Info"}
UNBOUNDED = {"id", "user", "incident", "aggregate_id", "request_id", "unit", "team", "path", "key"}


@cache
def declared() -> list[tuple[Path, ast.Call, str]]:
    found = [(path, call, name) for path, call, name in calls() if name in KINDS]
    # collections.Counter is another one.
    return [each for each in found if each[1].args and isinstance(each[1].args[0], ast.Constant)]


def test_a_metric_is_declared_and_documented() -> None:
    assert declared()
    for path, call, kind in declared():
        name, text = (ast.literal_eval(each) for each in call.args[:2])
        assert path.name == "metrics.py", f"{name}: metrics stand together, beside their service"
        assert name.startswith("liandong_")
        assert text.endswith("."), f"{name}: one sentence that says what it counts"
        assert (kind == "Counter") == name.endswith("_total"), name
        if kind == "Histogram":
            assert [each for each in call.keywords if each.arg == "buckets"], f"{name}: buckets"


def test_labels_are_enums_and_never_ids() -> None:
    for _, call, _ in declared():
        labels = ast.literal_eval(call.args[2]) if len(call.args) > 2 else []
        assert not set(labels) & UNBOUNDED, ast.literal_eval(call.args[0])


def test_no_name_is_used_twice() -> None:
    names = [ast.literal_eval(call.args[0]) for _, call, _ in declared()]
    assert len(names) == len(set(names))


# Thousands of series would stand for nothing: they come with their first event, and no alert asks.
COME_LATER = {
    "liandong_commands_total": "each command that a service can be given",
    "liandong_outcomes_total": "each reason of each service; ACCEPTED begins with 0",
}


@cache
def variables() -> dict[tuple[str, str], tuple[str, str]]:
    """The (name, kind) of each metric that has labels, by its module and its variable."""
    found = {}
    for path in {path for path, _, _ in declared()}:
        for node in tree_of(path).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                call = node.value
                kind = call.func.id if isinstance(call.func, ast.Name) else ""
                if kind in KINDS and len(call.args) > 2:
                    variable = ast.unparse(node.targets[0])
                    found[module_of(path), variable] = ast.literal_eval(call.args[0]), kind
    return found


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(TOP).with_suffix("").parts).removeprefix("libs.")


@cache
def named_in(path: Path) -> dict[str, str]:
    """The metrics with labels that a file can name, by the words that it has for them."""
    known = {key: name for key, (name, _) in variables().items()}
    found = {variable: name for (of, variable), name in known.items() if of == module_of(path)}
    for node in ast.walk(tree_of(path)):
        for each in node.names if isinstance(node, ast.ImportFrom) else ():
            if (node.module, each.name) in known:
                found[each.name] = known[node.module, each.name]
            of = f"{node.module}.{each.name}"
            found |= {f"{each.name}.{var}": name for (at, var), name in known.items() if at == of}
    return found


def used() -> Iterator[tuple[str, str, bool]]:
    """Each `METRIC.labels(…)`: its metric, where it stands, and whether the series is held from the
    moment at which what counts is made."""
    for path in sources():
        named = named_in(path)
        if not named:
            continue
        made = [
            node
            for function in ast.walk(tree_of(path))
            if isinstance(function, ast.FunctionDef) and function.name == "__init__"
            for node in ast.walk(function)
        ]
        at_once = {
            node.value for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute)
        }
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                metric = named.get(ast.unparse(node.func.value), "")
                if metric and node.func.attr == "labels":
                    held = node in made and node not in at_once
                    yield metric, f"{shown(path)}:{node.lineno}", held


def begun() -> set[str]:
    """The metrics that a call of `begin` names, also by the list over which its loop runs."""
    found = set()
    for path in sources():
        named = named_in(path)
        for node in ast.walk(tree_of(path)) if named else ():
            if isinstance(node, ast.For) and any(map(is_begin, ast.walk(node))):
                found |= {named.get(ast.unparse(each), "") for each in ast.walk(node.iter)}
            elif is_begin(node) and isinstance(node, ast.Call):
                found.add(named.get(ast.unparse(node.args[0]), ""))
    return found - {""}


def is_begin(node: ast.AST) -> bool:
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return is_call and node.func.id == "begin"


def test_what_an_alert_counts_begins_with_0_in_whatever_counts_it() -> None:
    """No list of who counts can be forgotten: the series is there as soon as its counter is."""
    asked = {name for rule in rules() for name in re.findall(r"increase\((\w+)", rule["expr"])}
    labelled = asked & {name for name, _ in variables().values()}
    assert labelled == {metric for metric, _, _ in used()} & asked
    late = {where for metric, where, held in used() if metric in asked and not held}
    assert late == set()


def test_every_other_series_begins_with_0() -> None:
    counting = {name for name, kind in variables().values() if kind in ("Counter", "Histogram")}
    held = {metric for metric, _, _ in used()} - {metric for metric, _, held in used() if not held}
    assert counting - held - begun() == set(COME_LATER) - begun()


RULES = TOP / "deploy/prometheus"
BOARDS = TOP / "deploy/grafana"
PAGE = TOP / "docs/metrics.md"
NAME = re.compile(r"\bliandong[_:][a-z0-9_:]+")
HEAD = """# Metrics

Written by `METRICS=write pytest tests/house/test_metrics.py`; a test keeps it equal to the code.
Every process serves them at `/metrics` of its metrics address; beside them stand Python's and the
process's own. Labels are enums, never ids. Each series of a counter and of a histogram begins with
0, so that the first event shows; only commands and their reasons come with the first of each.
Alerts: [runbook.md](runbook.md).

A city of `up` has at most 2,000 series, and a process at most 400; `make test` counts them after a
short day. With a process for each service (`--split`) they were 1,576 before it, and 1,626 after.

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


def test_readiness_and_alerts_have_the_same_limits() -> None:
    told = yaml.safe_load((RULES / "limits.yml").read_text())["groups"][0]["rules"]
    given = {rule["record"].rpartition(":")[2]: rule["expr"] for rule in told}
    own = {
        "lag_seconds": lag.LATE,
        "unsent_seconds": standing.UNSENT_LATE,
        "timers_late_seconds": timers.TOO_LATE,
        "clock_skew_seconds": clock.TOLERATED.total_seconds(),
    }
    assert {name: given[name] for name in own} == {
        name: f"vector({seconds:g})" for name, seconds in own.items()
    }
