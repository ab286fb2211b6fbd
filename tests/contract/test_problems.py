"""Each operation of the OpenAPI document lists the problems that it can answer, and no others."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

from backbone.rpc import reasons
from backbone.words.errors import KINDS
from services.gateway.contract.answers import problems_of, statuses
from services.gateway.contract.openapi import PROBLEM
from services.gateway.contract.plan import Plan, plan_of
from services.gateway.contract.words import read_words
from services.gateway.http.refusals import ABORTED, LIMITED, UNREADABLE
from services.gateway.routes import AREAS
from tests.contract.test_openapi import DOCUMENT
from tests.house.sources import calls
from tests.house.test_verbs import LIFE_CYCLES

WORDS = read_words()
PLANS = [plan_of(area, route) for area in AREAS for route in area.routes]
# What the gateway makes of a refusal of each kind.
OF_KIND = {
    "NotFound": 404,
    "InvalidTransition": 409,
    "InvalidArgument": 422,
    "Denied": 403,
    "Conflict": 409,
    "Expired": 503,
    "Broken": 500,
    "TooSlow": 503,
    "Unavailable": 503,
}


def reasons_of(plan: Plan) -> set[str]:
    return {reason for each in problems_of(plan, WORDS).values() for reason in each}


def verbs() -> Iterator[Any]:
    of = {(s, c.__name__): v for s, cycle in LIFE_CYCLES for c, v in cycle.verbs.items()}
    for plan in PLANS:
        verb = of.get((plan.method.containing_service.full_name, plan.method.name))
        if verb is not None:
            yield pytest.param(plan, verb, id=plan.label)


@pytest.mark.parametrize(("plan", "verb"), [*verbs()])
def test_an_operation_lists_the_refusals_of_its_verb(plan: Plan, verb: Any) -> None:
    assert set(verb.reasons) <= reasons_of(plan)


@pytest.mark.parametrize(("plan", "verb"), [*verbs()])
def test_an_operation_lists_no_refusal_of_another_verb(plan: Plan, verb: Any) -> None:
    other = {
        reason
        for _, cycle in LIFE_CYCLES
        for each in cycle.verbs.values()
        for reason in each.reasons
    }
    of_rules = {reason for reason in reasons_of(plan) if 400 in statuses()[reason]}
    extra = reasons_of(plan) & other - set(verb.reasons) - of_rules
    missing = {cycle.missing for _, cycle in LIFE_CYCLES}
    assert extra - missing <= before_the_verb(plan)


def before_the_verb(plan: Plan) -> set[str]:
    """The refusals of the request's fields, the service and the gateway, before the verb."""
    _, _, said = WORDS.get(plan.method.full_name, "").partition("ails with ")
    of_rules = reasons.reasons_of(plan.method.input_type)
    return {*of_rules, *re.findall(r"[A-Z_]+", said), "ROLE_MAY_NOT"}


@pytest.mark.parametrize(("plan", "verb"), [*verbs()])
def test_where_another_person_must_decide_a_key_names_one(plan: Plan, verb: Any) -> None:
    needed = {"SECOND_PERSON_NEEDED", "ANOTHER_PERSON_NEEDED"} & set(verb.reasons)
    assert plan.route.by_another == bool(needed)
    assert ("PERSON_UNNAMED" in reasons_of(plan)) == bool(needed)


def test_a_read_lists_no_problem_of_a_change() -> None:
    for plan in PLANS:
        if not plan.route.is_write:
            assert not reasons_of(plan) & {"STALE_VERSION", "IDEMPOTENCY_KEY_REUSED", "EXPIRED"}


# What the edges themselves refuse, whatever the verb: by what an operation takes.
SIGNED_IN = {
    "NOT_SIGNED_IN", "SESSION_OVER", "MALFORMED_PERSON", "NOT_THE_DEPUTY", "REPEATED_HEADER",
    "SECOND_FACTOR_NOT_ENROLLED", "PERSON_IN_DISGUISE", "HEADER_OF_OTHERS",
    "DEPUTY_OF_OTHER_UNIT",
}  # fmt: skip
WITH_BODY = {"MALFORMED_JSON", "NOT_JSON", "ENCODED_BODY", "REPEATED_FIELD", "BODY_TOO_LARGE"}
HEALTH = {"/healthz", "/readyz"}
OPERATIONS = [
    pytest.param(method, path, operation, id=f"{method} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if path not in HEALTH
]


def listed(operation: Any) -> set[str]:
    problems = (said.get("content", {}).get(PROBLEM) for said in operation["responses"].values())
    return {
        reason
        for each in problems
        if each
        for reason in each["schema"]["allOf"][1]["properties"]["reason"]["enum"]
    }


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_an_operation_lists_what_the_edges_refuse(method: str, path: str, operation: Any) -> None:
    reasons = listed(operation)
    away = {"SERVICE_AWAY", "UNKNOWN_REPEAT"} & reasons
    reads = method == "get" or path == "/v1/track"
    assert away == ({"SERVICE_AWAY"} if reads else {"UNKNOWN_REPEAT"})
    assert {"INTERNAL", "RATE_LIMITED"} <= reasons
    assert reasons >= SIGNED_IN or operation.get("security") == []
    assert reasons >= WITH_BODY or "requestBody" not in operation
    queries = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
    assert {"REPEATED_PARAMETER", "BROKEN_UTF8"} <= reasons or not queries


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.label)
def test_an_operation_on_one_record_lists_what_its_row_can_be(plan: Plan) -> None:
    """A row of a newer release, a forged one, an archived journal; a list leaves such rows out."""
    reasons = reasons_of(plan)
    if plan.area.service == "directory":
        assert not reasons & {"NEWER_SHAPE", "EVIDENCE_BROKEN", "ARCHIVED"}
        assert "DIRECTORY_NOT_LOADED" in reasons
    elif plan.path_fields or plan.route.is_write:
        assert {"NEWER_SHAPE", "NEWER_EVENT", "EVIDENCE_BROKEN"} <= reasons
        assert ("ARCHIVED" in reasons) is (plan.route.is_write or "timeline" in plan.label)
    if plan.route.is_write:
        assert "DIRECTORY_NOT_LOADED" in reasons
        on_a_record = any(name.endswith("_id") for name in plan.path_fields)
        assert ("INVALID_TRANSITION" in reasons) is on_a_record


def test_a_filter_that_shows_nothing_is_listed() -> None:
    named = {plan.label: reasons_of(plan) for plan in PLANS}
    assert "WRONG_LENGTH" in named["GET /v1/incidents"]
    assert "WRONG_LENGTH" not in named["GET /v1/incidents/{incident_id}"]


def test_every_list_that_reads_the_database_can_be_too_slow() -> None:
    """Of one record a page is read by its key, and the directory answers from memory."""
    lists = {
        f"{method.upper()} {path}": listed(operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if any(each["name"] == "page_token" for each in operation.get("parameters", ()))
    }
    quick = {label for label, reasons in lists.items() if "LIST_TOO_SLOW" not in reasons}
    assert len(lists) > 15
    assert quick == {
        "GET /v1/incidents/{incident_id}/timeline",
        "GET /v1/incidents/{incident_id}/clocks",
        "GET /v1/supervisions/{supervision_id}/timeline",
        "GET /v1/units",
        "GET /v1/teams",
        "GET /v1/categories",
        "GET /v1/grids",
    }


def test_no_answer_that_is_no_refusal_is_listed() -> None:
    assert not {reason for plan in PLANS for reason in reasons_of(plan)} & {"RECALLED_MEANWHILE"}


def test_a_reason_has_the_status_of_the_refusal_that_raises_it() -> None:
    for path, call, name in calls():
        reason = call.args[0] if name in KINDS and call.args else None
        if not isinstance(reason, ast.Constant) or reason.value not in statuses():
            continue
        expected = OF_KIND[name]
        if name == "Conflict":
            expected = ABORTED.get(reason.value, expected)
        expected = 429 if reason.value in LIMITED else expected
        expected = 400 if reason.value in UNREADABLE else expected
        assert expected in statuses()[reason.value], f"{path}: {reason.value}"
