"""The actions of resources: every verb on the path of a resource can be listed as one."""

from typing import Any

import pytest

from backbone.door.actions import BY
from backbone.words.roles import EVERYONE
from services.alarm.receipt import RECEIPTS
from services.dispute.dispute import DISPUTES
from services.emergency.mission import MISSIONS
from services.gateway.contract.acting import ACTIONS, verbs_of
from services.gateway.contract.plan import Plan, plan_of
from services.gateway.routes import AREAS
from services.petition.petition import PETITIONS
from services.population.care_case import CARE_CASES
from services.workflow.incident import FROM_RECEIPTS, INCIDENTS, UNSEEN
from services.workflow.supervision import SUPERVISIONS

CYCLES = {
    "Incident": INCIDENTS,
    "Supervision": SUPERVISIONS,
    "Receipt": RECEIPTS,
    "Ticket": RECEIPTS,
    "Petition": PETITIONS,
    "Dispute": DISPUTES,
    "CareCase": CARE_CASES,
    "Mission": MISSIONS,
}
PLANS = [plan_of(area, route) for area in AREAS for route in area.routes]
ONES = {
    plan.method.output_type.fields[0].message_type: plan
    for plan in PLANS
    if plan.narrow and plan.route.method == "GET" and plan.route.path.endswith("}")
}


def test_the_resources_with_a_life_cycle_have_actions() -> None:
    assert {each.name for each in ONES} == {*CYCLES}


@pytest.mark.parametrize("resource", ONES, ids=lambda each: each.name)
def test_each_verb_on_its_path_is_one_that_a_person_gives(resource: Any) -> None:
    verbs = verbs_of(ONES[resource].area, resource)
    known = {command.__name__: verb for command, verb in CYCLES[resource.name].verbs.items()}
    inside = {each.__name__ for each in {*UNSEEN, *FROM_RECEIPTS}}
    assert verbs
    for rpc in verbs:
        assert known[rpc].states is not None, rpc
        assert BY in known[rpc].command.__struct_fields__, rpc
        assert rpc not in inside


def path(label: str) -> Plan:
    return next(each for each in PLANS if each.label == label)


@pytest.mark.parametrize("label", ["GET /v1/incidents/{incident_id}", "GET /v1/incidents"])
def test_actions_have_the_names_of_the_paths_and_are_those_of_the_role(label: str) -> None:
    plan = path(label)
    answer = {ACTIONS: ["ClaimIncident", "MergeIncident", "LinkCaller", "UrgeIncident"]}
    page = {"items": [answer]} if label.endswith("incidents") else answer
    assert plan.narrow is not None
    plan.narrow(page, "clerk")
    assert answer[ACTIONS] == ["claim", "urge"]


def test_no_role_gets_an_action_that_its_route_refuses() -> None:
    for resource, plan in ONES.items():
        verbs = verbs_of(plan.area, resource)
        for role in EVERYONE:
            answer = {ACTIONS: [*verbs]}
            assert plan.narrow is not None
            plan.narrow(answer, role)
            may = {verb for verb, roles in verbs.values() if role in roles}
            assert {*answer[ACTIONS]} == may
