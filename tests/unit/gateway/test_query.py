"""Query parameters onto fields of the request: lists once and several times, each flaw named."""

from typing import Any

import pytest
from starlette.requests import Request

from backbone.rpc.rules import require_rules
from backbone.words.errors import InvalidArgument
from services.gateway.contract.plan import plan_of
from services.gateway.http.addressed import read_query
from services.gateway.http.incoming import parse_texts
from services.gateway.http.problems import Problem
from services.gateway.routes import emergency

[PLAN] = [
    plan_of(emergency.AREA, route)
    for route in emergency.AREA.routes
    if route.path == "/v1/team-statuses"
]


def read(query: str) -> dict[str, Any]:
    request = Request({"type": "http", "query_string": query.encode()})
    return parse_texts(PLAN.read_query, read_query(request, PLAN.query_lists))


@pytest.mark.parametrize(
    ("query", "teams"),
    [
        ("teams=fire-1", ["fire-1"]),
        ("teams=fire-2&teams=fire-1", ["fire-2", "fire-1"]),
        ("&".join(f"teams=t{n}" for n in range(12)), [f"t{n}" for n in range(12)]),
    ],
)
def test_a_list_may_be_said_once_and_several_times(query: str, teams: list[str]) -> None:
    values = read(query)
    assert values == {"teams": teams} and PLAN.request(**values).teams == teams


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(Problem) as refused:
        read("team=a")
    [flaw] = refused.value.errors
    assert (refused.value.status, flaw.reason, flaw.field) == (400, "UNKNOWN_FIELD", "team")


def test_a_flaw_of_a_list_names_its_member() -> None:
    with pytest.raises(InvalidArgument) as refused:
        require_rules(PLAN.request(**read("teams=a&teams=%00")))
    [flaw] = refused.value.flaws
    assert (flaw.reason, flaw.field) == ("NUL_CHARACTER", "teams[1]")
