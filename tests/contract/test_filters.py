"""Every filter of every list says which values it takes, and refuses every other by its name."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from starlette.requests import Request

from backbone.rpc.rules import require_rules, rules_of
from backbone.words.areas import Level
from backbone.words.city import Area, Person, Team
from backbone.words.errors import InvalidArgument
from services.gateway.accounts import audit
from services.gateway.contract.fields import PAGE_PLACE, PAGE_SIZE, field_at, items_of
from services.gateway.contract.naming import Names
from services.gateway.contract.plan import Plan, plan_of, put
from services.gateway.http.addressed import read_query
from services.gateway.http.incoming import parse_texts
from services.gateway.http.problems import Problem
from services.gateway.routes import AREAS
from services.workflow.incident import waiting
from tests.cities import COUNTY, NORTH, a_city
from tests.contract.test_openapi import DOCUMENT

LISTS = [
    plan
    for area in AREAS
    for route in area.routes
    for plan in [plan_of(area, route)]
    if items_of(plan.method.output_type) is not None
]
AREAS_OF_IT = {
    code: Area(code, code, level)
    for code, level in (("990100", Level.CITY), (COUNTY, Level.COUNTY), (NORTH, Level.TOWNSHIP))
}
TEAM = Team("fire-1", "消防一队", "north", NORTH, ("rescue",), "lead", ("lead",))
PERSON = Person("lead", "李", "north", ("team_leader",), "fire-1", demo=False)
NAMES = Names()
NAMES.learn(
    replace(a_city(), areas=AREAS_OF_IT, teams={TEAM.code: TEAM}, people={PERSON.user: PERSON})
)


def filters() -> Iterator[Any]:
    for plan in LISTS:
        for name, path in plan.query.items():
            yield pytest.param(plan, name, path, id=f"{plan.label}?{name}")


def read(plan: Plan, query: str) -> Any:
    """The refusal of a query: by the gateway, or by the edge of the service. None if it passes."""
    request = Request({"type": "http", "query_string": query.encode()})
    try:
        texts = read_query(request, plan.query_lists)
        values = parse_texts(plan.read_query, texts)
    except Problem as problem:
        return problem.errors[0]
    return _at_edge(plan, values) or next(iter(plan.known.flaws(texts, NAMES)), None)


def _at_edge(plan: Plan, values: dict[str, Any]) -> Any:
    given: dict[str, Any] = {}
    for name, value in values.items():
        put(given, plan.query[name], value)
    paths = {plan.query[name] for name in values}
    try:
        require_rules(plan.request(**given))
    except InvalidArgument as refused:
        return next((flaw for flaw in refused.flaws if flaw.field.split("[")[0] in paths), None)
    return None


@pytest.mark.parametrize(("plan", "name", "path"), [*filters()])
def test_a_value_that_a_filter_does_not_know_is_refused_with_its_name(
    plan: Plan, name: str, path: str
) -> None:
    field = field_at(plan.method.input_type, path)
    if rules_of(field).key or name == PAGE_PLACE:
        return  # the service answers that there is no such thing, or that it gave no such token
    flaw = read(plan, f"{name}=nosuch")
    assert flaw is not None and flaw.field.split("[")[0] == name
    if field.type == FieldDescriptor.TYPE_STRING:
        assert flaw.reason.startswith("UNKNOWN_") or flaw.reason == "WRONG_FORMAT"


@pytest.mark.parametrize("blank", ["", "%E2%80%8B", "%20", "%E3%80%80"])
@pytest.mark.parametrize(("plan", "name", "path"), [*filters()])
def test_a_filter_that_shows_nothing_is_refused(
    plan: Plan, name: str, path: str, blank: str
) -> None:
    flaw = read(plan, f"{name}={blank}")
    if name == PAGE_PLACE and not blank:
        assert flaw is None, "the first page"
    else:
        assert flaw is not None and flaw.field.split("[")[0] == name


@pytest.mark.parametrize(("plan", "name", "path"), [*filters()])
def test_a_number_is_read_as_people_write_it(plan: Plan, name: str, path: str) -> None:
    if field_at(plan.method.input_type, path).cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return
    for written in ("1_0", "%D9%A1", "1%2000"):
        flaw = read(plan, f"{name}={written}")
        assert flaw is not None and flaw.field == name, written


def test_a_page_size_is_a_number() -> None:
    assert read(LISTS[0], f"{PAGE_SIZE}=10") is None


def plan_at(path: str) -> Plan:
    return next(plan for plan in LISTS if plan.route.path == path)


@pytest.mark.parametrize(
    ("path", "query", "field", "reason"),
    [
        ("/v1/incidents", "source=alarm", "source", "UNKNOWN_VALUE"),
        ("/v1/incidents", "priority=p1", "priority", "UNKNOWN_VALUE"),
        ("/v1/incidents", "priority=P9", "priority", "UNKNOWN_VALUE"),
        ("/v1/incidents", "category=nosuch", "category", "UNKNOWN_CATEGORY"),
        ("/v1/incidents", "unit=nosuch", "unit", "UNKNOWN_UNIT"),
        ("/v1/incidents", "area=x", "area", "UNKNOWN_AREA"),
        ("/v1/incidents", "area=9999999", "area", "UNKNOWN_AREA"),
        ("/v1/incidents", "code=xx", "code", "WRONG_FORMAT"),
        ("/v1/incidents", "code=990100261129-000001-0", "code", "WRONG_FORMAT"),
        ("/v1/incidents", "holder=nosuch", "holder", "UNKNOWN_USER"),
        ("/v1/receipts", "passed_state=BOGUS", "passed_state", "UNKNOWN_VALUE"),
        ("/v1/disputes", "level=9", "level", "OUT_OF_RANGE"),
        ("/v1/disputes", "level=0", "level", "OUT_OF_RANGE"),
        ("/v1/inbox", "overdue=false", "overdue", "UNKNOWN_VALUE"),
        ("/v1/missions", "open=false", "open", "UNKNOWN_VALUE"),
        ("/v1/team-statuses", "teams=nosuch", "teams[0]", "UNKNOWN_TEAM"),
        ("/v1/units", "kind=nosuch", "kind", "UNKNOWN_VALUE"),
        ("/v1/teams", "skill=nosuch", "skill", "UNKNOWN_VALUE"),
        (
            "/v1/receipts",
            "from_time=2026-11-29T08:00:00Z&to_time=2026-11-29T07:59:59.5Z",
            "to_time",
            "PERIOD_UPSIDE_DOWN",
        ),
    ],
)
def test_a_wrong_filter_is_refused(path: str, query: str, field: str, reason: str) -> None:
    flaw = read(plan_at(path), query)
    assert flaw is not None and (flaw.field, flaw.reason) == (field, reason)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/incidents", "source=ALARM&priority=P1&category=theft&overdue=true"),
        ("/v1/incidents", "unit=north&area=990101&closed=false"),
        ("/v1/incidents", "area=990100"),
        ("/v1/incidents", "area=99"),
        ("/v1/disputes", "level=3"),
        ("/v1/receipts", "passed_state=LAPSED"),
        ("/v1/receipts", "from_time=2026-11-29T08:00:00Z&to_time=2026-11-29T08:00:00Z"),
        ("/v1/units", "kind=police"),
    ],
)
def test_a_right_filter_passes(path: str, query: str) -> None:
    assert read(plan_at(path), query) is None


@pytest.mark.parametrize("found", [False, True])
def test_each_of_several_codes_is_refused_by_itself(found: bool) -> None:
    plans = [plan for plan in LISTS if plan.query_lists]
    assert plans
    for plan in plans:
        for name in plan.query_lists:
            assert name in plan.known.lists, "a list of codes that the city knows"
            flaws = plan.known.flaws({name: {"0": TEAM.code, "1": "nosuch"}}, NAMES, found=found)
            assert [flaw.field for flaw in flaws] == [f"{name}[1]"]
    of_one = plan_at("/v1/incidents").known
    assert not of_one.flaws({"unit": "990101-closed"}, NAMES, found=True), "data hold it"


def test_a_page_after_one_that_found_something_is_not_refused() -> None:
    """Data may hold the code of a unit that the city pack has no more."""
    known = plan_at("/v1/incidents").known
    assert known.flaws({"unit": "990101-closed"}, NAMES)
    assert known.flaws({"unit": "990101-closed", PAGE_PLACE: "x"}, NAMES) == []


def test_before_the_city_was_heard_of_every_code_passes() -> None:
    assert plan_at("/v1/incidents").known.flaws({"unit": "nosuch"}, Names()) == []


def test_the_states_of_what_was_passed_on_are_those_of_its_contracts() -> None:
    field = plan_at("/v1/receipts").method.input_type.fields_by_name["passed_state"]
    taken = set(rules_of(field).one_of)
    for path in ("/v1/petitions", "/v1/disputes", "/v1/incidents", "/v1/tickets"):
        states = plan_at(path).method.input_type.fields_by_name["state"].enum_type
        names = {each.name.removeprefix("STATE_") for each in states.values if each.number}
        assert names <= taken


def test_an_inbox_takes_the_reasons_that_it_has() -> None:
    field = plan_at("/v1/inbox").method.input_type.fields_by_name["reason"]
    assert set(rules_of(field).one_of) == waiting.REASONS


def test_the_audit_takes_the_kinds_that_it_writes() -> None:
    parameters = {p["name"]: p for p in DOCUMENT["paths"]["/v1/audit"]["get"]["parameters"]}
    assert set(parameters["kind"]["schema"]["enum"]) == audit.KINDS
    with pytest.raises(ValueError, match="BOGUS"):
        audit.Line("BOGUS", "", "", "")
