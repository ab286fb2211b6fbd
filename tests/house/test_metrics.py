"""Metrics stand beside their service, are named alike, and say what they mean."""

import ast
from pathlib import Path

import pytest

from tests.house.sources import calls

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
