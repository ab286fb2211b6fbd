"""Calls between services: each has a time limit."""

import ast

from tests.house.sources import calls, shown


def test_every_call_of_another_service_has_a_deadline() -> None:
    asked = [
        (f"{shown(path)}:{call.lineno}", {keyword.arg for keyword in call.keywords})
        for path, call, name in calls()
        if name[:1].isupper() and "stub" in ast.unparse(call.func).rpartition(".")[0].lower()
    ]
    assert len(asked) > 5
    assert [where for where, given in asked if "timeout" not in given] == []
