"""Chinese sentences name fields by their labels, never by the names of the contract."""

import re

import pytest
import yaml

from services.gateway.contract.labels import (
    AS_WRITTEN,
    LABELS,
    OF_COLLECTION,
    OF_FIELDS,
    label_of,
    labels_of,
)
from services.gateway.contract.naming import Names
from services.gateway.http.located import MISSING, NAMES
from services.gateway.http.problems import FILE, Reasons
from tests.contract.test_input import fields_of
from tests.contract.test_openapi import PLANS

REASONS = yaml.safe_load(FILE.read_text("utf-8"))
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


def test_every_label_is_chinese() -> None:
    own = (label for labels in OF_COLLECTION.values() for label in labels.values())
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
