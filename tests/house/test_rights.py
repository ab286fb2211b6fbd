"""The matrix of rights: written from the rule, complete, and the same at the gateway."""

import runpy
from dataclasses import replace

import pytest

from backbone.words.cells import OF, cells
from backbone.words.rights import RIGHTS
from backbone.words.roles import roles
from services.gateway.routes import AREAS
from services.gateway.routes.rights import require_rows
from tests.house.sources import TOP

WRITER = runpy.run_path(str(TOP / "deploy" / "write_rights.py"))


def test_the_document_says_what_the_rule_says() -> None:
    text = (TOP / "docs" / "rights.md").read_text(encoding="utf-8")
    assert text == WRITER["document"](), "python deploy/write_rights.py, then review its diff"


def test_every_rpc_has_a_row_and_every_row_an_rpc() -> None:
    for area in AREAS:
        assert RIGHTS[area.contract.name].keys() == set(area.contract.methods_by_name)
    require_rows(AREAS)


def test_a_route_that_differs_from_its_row_stops_the_start() -> None:
    area = AREAS[0]
    first, *others = (each for each in area.routes if each.rpc != "ListIncidents")
    wider = replace(first, roles=first.roles | roles("operator"))
    with pytest.raises(ValueError, match=f"{first.rpc} is admitted for other roles: operator"):
        require_rows([replace(area, routes=(wider, *others))])


def test_a_route_admits_the_roles_of_its_row() -> None:
    one_each = [
        (area, route)
        for area in AREAS
        for route in area.routes
        if [each.rpc for each in area.routes].count(route.rpc) == 1
    ]
    assert len(one_each) > 100
    for area, route in one_each:
        assert route.roles == RIGHTS[area.contract.name][route.rpc].roles, route.path


def test_a_route_to_what_services_alone_call_stops_the_start() -> None:
    area = AREAS[0]
    inside = replace(area.routes[0], path="/v1/inside", rpc="AmendMatter")
    with pytest.raises(ValueError, match="AmendMatter has a route, and services alone call it"):
        require_rows([replace(area, routes=(*area.routes, inside))])


def test_each_cell_is_either_allowed_or_denied_and_the_operator_may_nothing() -> None:
    found = list(cells())
    assert {cell.service for cell in found} == OF.keys()
    keys = [
        (each.service, each.verb, each.source, each.accused, each.relation, each.role)
        for each in found
    ]
    assert len(set(keys)) == len(keys)
    assert {each.allowed for each in found} == {True, False}
    assert not any(each.allowed for each in found if each.role == "operator")
