"""Chinese sentences name fields by their labels, never by the names of the contract."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import yaml

from services.gateway.contract.labels import (
    AS_WRITTEN,
    LABELS,
    OF_COLLECTION,
    OF_FIELDS,
    OF_QUERY,
    label_of,
    labels_of,
)
from services.gateway.contract.naming import ALLOWED, Names
from services.gateway.http.located import MISSING, NAMES
from services.gateway.http.problems import FILE, Flaw, Problem, Reasons, collection_of, problem_text
from tests.contract.test_input import fields_of
from tests.contract.test_openapi import DOCUMENT, PLANS

REASONS = yaml.decode(FILE.read_bytes())
SAY = Reasons(Names())
REQUESTED = {
    *(field.name for plan in PLANS for field in fields_of(plan.method.input_type)),
    *(name for plan in PLANS for name in plan.query),
    *(name for names in NAMES.values() for name in names if name[0].islower()),
} - {MISSING}
CODE = re.compile(r"[a-z]+_[a-z_]+|[A-Z]+_[A-Z_]+|\b[a-z]{4,}\b")
# Names of formats and addresses that stand in sentences.
FORMATS = {"application", "json", "openapi"}


def test_every_field_of_every_request_has_its_label() -> None:
    assert len(REQUESTED) > 110
    assert REQUESTED - LABELS.keys() == set()


def parameters() -> Iterator[Any]:
    """Each query parameter of each route, as the OpenAPI document shows it."""
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            for each in operation.get("parameters", ()):
                if each["in"] == "query":
                    yield pytest.param(path, each, id=f"{path}?{each['name']}")


@pytest.mark.parametrize(("path", "parameter"), [*parameters()])
def test_a_query_parameter_is_called_what_it_is(path: str, parameter: dict[str, Any]) -> None:
    collection, name = collection_of(path), parameter["name"]
    label = label_of(name, collection, in_query=True)
    assert re.fullmatch(r"[\u4e00-\u9fff]+", label), "it has a Chinese label"
    plan = next((plan for plan in PLANS if plan.route.path == path and name in plan.query), None)
    if plan is not None and plan.query[name] in ("from_time", "to_time"):
        assert label == LABELS[plan.query[name]], "a period has a beginning and an end"
    codes = parameter["schema"].get("enum", [])
    said = SAY.names.allowed(name, ", ".join(map(str, codes)), collection)
    unnamed = [code for code in codes if code is not True and f"（{code}）" not in said]
    assert not unnamed, "each value is said by its term and its code"
    for language, dash in (("zh", "—"), ("en", "—")):
        flaw = Flaw(name, "UNKNOWN_VALUE", {ALLOWED: ", ".join(map(str, codes)) or "text"})
        problem = Problem(422, flaw.reason, flaw.facts, [flaw])
        text = problem_text(problem, SAY, language, "0" * 32, collection, in_query=True).decode()
        assert dash not in text and (label if language == "zh" else name) in text


def test_a_parameter_and_a_field_of_a_body_may_have_one_name() -> None:
    assert label_of("to", "receipts") == "转往单位"
    assert label_of("to", "receipts", in_query=True) == "截止时间"


def test_every_label_is_chinese() -> None:
    tables = (*OF_COLLECTION.values(), *OF_QUERY.values())
    own = (label for labels in tables for label in labels.values())
    assert all(re.fullmatch(r"[\u4e00-\u9fff]+", label) for label in (*LABELS.values(), *own))


def test_a_field_is_called_what_it_is_in_its_collection() -> None:
    """The subject of a line of a register is who the act was about, and no title."""
    said = {
        of: SAY.say("detail", "WRONG_LENGTH", 422, "zh", {"field": "subject"}, of)
        for of in ("petitions", "audit", "reveals")
    }
    assert ("标题" in said["petitions"], "操作对象" in said["audit"]) == (True, True)
    assert "查看对象" in said["reveals"]
    assert "标题" not in said["audit"] + said["reveals"]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("place.point.latitude", "地点的坐标的纬度"),
        ("care_workers[1]", "帮扶人员第 2 项"),
        ("parties[0].name", "当事人第 1 项的姓名"),
        ("Idempotency-Key", "Idempotency-Key"),
        ("place.colour", "place.colour"),
        ("", ""),
    ],
)
def test_a_path_in_words(path: str, label: str) -> None:
    assert label_of(path) == label


def test_several_fields_in_words() -> None:
    assert labels_of("agreement.facts, terms") == "调解协议的事实、协议内容"


@pytest.mark.parametrize("reason", [r for r in REASONS if r not in AS_WRITTEN])
def test_no_sentence_says_a_field_or_a_code(reason: str) -> None:
    facts = dict.fromkeys(OF_FIELDS, "performance_due_time") | {"expected": "text"}
    for part in ("title", "detail"):
        said = SAY.say(part, reason, 422, "zh", facts)
        assert not {*CODE.findall(said)} - FORMATS, said


def test_a_field_that_there_is_not_is_quoted() -> None:
    said = SAY.say("detail", "UNKNOWN_FIELD", 400, "zh", {"field": "incident_id"})
    assert said == "没有名为“incident_id”的字段。"
    english = SAY.say("detail", "FIELD_MISSING", 400, "en", {"field": "place.point.latitude"})
    assert english == "The field place.point.latitude is missing."
