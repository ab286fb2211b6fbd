"""The table of routes finds what the paths say, and nothing else."""

from typing import Any

import pytest
from starlette.routing import Match

from services.gateway.http.table import RouteTable
from services.gateway.routes import incident


async def nowhere(request: Any) -> Any:
    raise AssertionError


def a_table() -> RouteTable:
    table = RouteTable()
    table.add("GET", "/v1/inbox", nowhere)
    table.add("POST", "/v1/inbox:takeNext", nowhere)
    table.add("GET", "/v1/incidents/{incident_id}", nowhere)
    table.add("GET", "/v1/incidents/{incident_id}/clocks", nowhere)
    table.add("POST", "/v1/incidents/{incident_id}:claim", nowhere)
    table.add("GET", "/v1/incidents/{incident_id}:explainRoute", nowhere)
    table.add("DELETE", "/v1/sessions/current", nowhere)
    return table


FOUND = [
    ("GET", "/v1/inbox", {}),
    ("HEAD", "/v1/inbox", {}),
    ("POST", "/v1/inbox:takeNext", {}),
    ("GET", "/v1/incidents/i-1", {"incident_id": "i-1"}),
    ("GET", "/v1/incidents/a:b", {"incident_id": "a:b"}),
    ("GET", "/v1/incidents/i-1/clocks", {"incident_id": "i-1"}),
    ("POST", "/v1/incidents/i-1:claim", {"incident_id": "i-1"}),
    ("GET", "/v1/incidents/i-1:explainRoute", {"incident_id": "i-1"}),
    ("DELETE", "/v1/sessions/current", {}),
]


@pytest.mark.parametrize(("method", "path", "params"), FOUND)
def test_found(method: str, path: str, params: dict[str, str]) -> None:
    match, child = a_table().matches({"type": "http", "method": method, "path": path})
    assert (match, child["path_params"]) == (Match.FULL, params)


MISSED = [
    ("GET", "/", Match.NONE),
    ("GET", "/v1", Match.NONE),
    ("GET", "/v1/inbox/", Match.NONE),
    ("GET", "/v1/incidents/", Match.NONE),
    ("POST", "/v1/incidents/:claim", Match.NONE),
    ("GET", "/v1/incidents/i-1/clocks/x", Match.NONE),
    ("POST", "/v1/inbox", Match.PARTIAL),
    ("GET", "/v1/incidents/i-1:claim", Match.PARTIAL),
    ("POST", "/v1/incidents/i-1:explode", Match.NONE),
    ("POST", "/v1/inbox:explode", Match.NONE),
    ("PUT", "/v1/incidents/a:b", Match.NONE),
]


@pytest.mark.parametrize(("method", "path", "match"), MISSED)
def test_not_found(method: str, path: str, match: Match) -> None:
    assert a_table().matches({"type": "http", "method": method, "path": path})[0] is match


def test_nothing_is_defined_twice() -> None:
    table = a_table()
    with pytest.raises(ValueError, match="taken"):
        table.add("GET", "/v1/inbox", nowhere)
    with pytest.raises(ValueError, match="differently"):
        table.add("POST", "/v1/incidents/{id}", nowhere)


def test_whoever_may_assign_may_answer_the_return() -> None:
    roles = {route.rpc: route.roles for route in incident.AREA.routes}
    for answer in ("AcceptReturn", "RejectReturn"):
        assert roles["AssignIncident"] <= roles[answer]
