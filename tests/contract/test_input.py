"""The contract for input is whole: every text has its limit, every demand stands in OpenAPI."""

import ast
import re
import string
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import (
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass
from msgspec import yaml

import liandong
from backbone.postgres.paging import scope_of
from backbone.rpc.rules import is_required, require_rules, rules_of
from backbone.words.errors import InvalidArgument
from liandong.input.v1 import rules_pb2
from services.gateway.contract.plan import Plan
from services.gateway.contract.words import CONTRACTS
from services.gateway.http.problems import FILE
from tests.contract.test_openapi import DOCUMENT, PLANS, SCHEMAS, operation

LINES = yaml.decode(FILE.read_bytes())
# Of the rules themselves, whichever field they stand at.
GENERAL = {
    "FIELD_MISSING", "UNKNOWN_VALUE", "OUT_OF_RANGE", "NUL_CHARACTER", "CONTROL_CHARACTER",
    "WRONG_FORMAT", "TEXT_TOO_LONG", "TEXT_TOO_SHORT", "TOO_MANY_ITEMS",
}  # fmt: skip


def requests() -> Iterator[Any]:
    """The request of every RPC of every contract but the shared stream: its frames hold requests
    of the others, and gRPC's own limits bound them."""
    folder = Path(next(iter(liandong.__path__)))
    for file in FileDescriptorSet.FromString((folder / CONTRACTS).read_bytes()).file:
        if file.service:
            __import__(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
        for service in file.service if file.package != "liandong.calls.v1" else ():
            known = Default().FindServiceByName(f"{file.package}.{service.name}")
            yield from (method.input_type for method in known.methods)


def fields_of(message: Any, seen: set[str] | None = None) -> Iterator[Any]:
    """Every field that a request can carry, however deep."""
    seen = set() if seen is None else seen
    if message.full_name in seen or message.full_name.startswith("google."):
        return
    seen.add(message.full_name)
    for field in message.fields:
        yield field
        if field.message_type is not None:
            yield from fields_of(field.message_type, seen)


REQUESTS = {each.full_name: each for each in requests()}
FIELDS = {field.full_name: field for each in REQUESTS.values() for field in fields_of(each)}
TEXTS = {name: field for name, field in FIELDS.items() if field.type == FieldDescriptor.TYPE_STRING}


def test_there_is_something_to_look_at() -> None:
    assert len(REQUESTS) > 80 and len(TEXTS) > 150


@pytest.mark.parametrize("name", REQUESTS)
def test_an_empty_request_lacks_what_is_required_and_nothing_else(name: str) -> None:
    message = REQUESTS[name]
    required = {field.name for field in message.fields if is_required(rules_of(field))}
    with pytest.raises(InvalidArgument) if required else nullcontext() as refused:
        require_rules(GetMessageClass(message)())
    if refused:
        assert {flaw.field for flaw in refused.value.flaws} == required


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_has_its_limit(name: str) -> None:
    rules = rules_of(TEXTS[name])
    if TEXTS[name].is_repeated:
        assert rules.max_items and rules.items.max_len
    else:
        assert rules.max_len or rules.key


@pytest.mark.parametrize("name", [n for n, field in FIELDS.items() if field.is_repeated])
def test_every_list_has_its_limit(name: str) -> None:
    assert rules_of(FIELDS[name]).max_items


def test_a_rule_of_another_type_is_refused() -> None:
    file = FileDescriptorProto(name="wrong.proto", package="wrong", syntax="proto3")
    field = file.message_type.add(name="Wrong").field.add(
        name="count", number=1, type=FieldDescriptorProto.TYPE_INT32, label=1
    )
    field.options.Extensions[rules_pb2.field].max_len = 3
    file.dependency.append("liandong/input/v1/rules.proto")
    Default().AddSerializedFile(file.SerializeToString())
    [made] = Default().FindMessageTypeByName("wrong.Wrong").fields
    with pytest.raises(TypeError, match="max_len"):
        rules_of(made)


def reasons_of(field: Any) -> Iterator[str]:
    rules = rules_of(field)
    yield from filter(None, (rules.missing, rules.wrong))


@pytest.mark.parametrize("name", [n for n, field in FIELDS.items() if [*reasons_of(field)]])
def test_a_reason_of_a_rule_can_be_read(name: str) -> None:
    """Its sentences tell of the field, of the value under the name of the field, or of a limit."""
    told = {"field", "most", "items", FIELDS[name].name}
    for reason in reasons_of(FIELDS[name]):
        for part in ("detail_zh", "detail_en"):
            places = {each for _, each, _, _ in string.Formatter().parse(LINES[reason][part])}
            assert places - {None} <= told, reason


# Of what services alone send, no person reads the refusal.
OF_SERVICES = "liandong.emergency.v1.Order."
REQUIRED = [n for n, field in FIELDS.items() if rules_of(field).missing]


@pytest.mark.parametrize("name", [n for n in REQUIRED if not n.startswith(OF_SERVICES)])
def test_what_is_missing_is_asked_for(name: str) -> None:
    """Not told as a wrong value: there is none that the sentence could quote."""
    missing = rules_of(FIELDS[name]).missing
    assert missing.endswith(("_MISSING", "_INCOMPLETE", "_NOT_GIVEN")) or missing == "UNKNOWN_DUTY"


def test_the_general_reasons_can_be_read() -> None:
    assert LINES.keys() >= GENERAL


# A service's requests, and those of its commands that carry a record of their own.
AREA_OF = {"incident": "incident", "supervision": "supervision"}  # by the aggregate's folder
RECORDS = {"Filing": "Register", "Admission": "Register"}
# The purpose of a disclosure travels in the metadata of the call.
BESIDE = "PURPOSE_MISSING"


def demands() -> Iterator[tuple[str, str, str, str]]:
    """Service, record, field and reason of every `require_text(record.field, REASON)`."""
    for path in sorted(Path("services").glob("*/*/*.py")):
        if "require_text(" not in (text := path.read_text("utf-8")):
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef):
                kinds = {each.arg: each.annotation for each in node.args.args if each.annotation}
                said = re.findall(r"require_text\((\w+)\.(\w+), '(\w+)'\)", ast.unparse(node))
                for name, field, reason in said:
                    if name in kinds and reason != BESIDE:
                        area = AREA_OF.get(path.parts[2], path.parts[1])
                        yield area, ast.unparse(kinds[name]), field, reason


DEMANDS = sorted({*demands()})


@pytest.mark.parametrize(("service", "record", "field", "reason"), DEMANDS)
def test_what_a_verb_requires_the_contract_requires(
    service: str, record: str, field: str, reason: str
) -> None:
    package = f"liandong.{service}.v1."
    own = [message for name, message in REQUESTS.items() if name.startswith(package)]
    named = RECORDS.get(record, f"{record}Request")
    owners = [m for m in own if m.name.startswith(named) and field in m.fields_by_name]
    assert owners, f"no request of {service} carries {record}.{field}"
    assert [rules_of(owner.fields_by_name[field]).missing for owner in owners] == [reason]


def test_the_scan_of_the_verbs_finds_them() -> None:
    assert len(DEMANDS) > 20


@pytest.mark.parametrize(
    "plan", [p for p in PLANS if p.body_without is not None], ids=lambda p: p.label
)
def test_the_document_shows_the_rules_of_a_body(plan: Plan) -> None:
    message = plan.method.input_type
    fields = [each for each in message.fields if each.name not in plan.body_without]
    if not fields:
        assert "requestBody" not in operation(plan)
        return
    body = operation(plan)["requestBody"]
    schema = SCHEMAS[body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]]
    required = {each.name for each in fields if is_required(rules_of(each))}
    assert set(schema.get("required", ())) == required
    assert body["required"] is bool(required)
    for field in fields:
        shown, rules = schema["properties"][field.name], rules_of(field)
        parts = [shown, shown.get("items", {}), *shown.get("anyOf", ())]
        for rule, word in (("max_len", "maxLength"), ("max_items", "maxItems")):
            if getattr(rules, rule):
                assert getattr(rules, rule) in [part.get(word) for part in parts], field.full_name


def test_the_document_shows_patterns_ranges_and_headers() -> None:
    report = SCHEMAS["alarm.ReceiveAlarmRequestBody"]["properties"]
    assert report["narrative"]["maxLength"] == 5_000 and report["kind"].get("enum")
    assert re.fullmatch(report["priority"]["pattern"], "P1")
    assert re.fullmatch(report["priority"]["pattern"], "")
    point = SCHEMAS["place.PointInput"]["properties"]
    assert (point["longitude"]["minimum"], point["longitude"]["maximum"]) == (-180, 180)
    assert (point["latitude"]["minimum"], point["latitude"]["maximum"]) == (-90, 90)
    reply = SCHEMAS["alarm.AnswerAtDeskRequestBody"]["properties"]
    assert (reply["reply"]["minLength"], reply["photos"]["maxItems"]) == (1, 20)
    assert reply["photos"]["items"]["maxLength"] == 500
    parameters = {p["name"]: p for p in DOCUMENT["paths"]["/v1/receipts"]["get"]["parameters"]}
    assert parameters["page_size"]["schema"]["minimum"] == 0
    reveal = DOCUMENT["paths"]["/v1/receipts/{receipt_id}:reveal"]["post"]["parameters"]
    [purpose] = [each for each in reveal if each["name"] == "Liandong-Purpose"]
    assert purpose["required"] is True
    assert "maxLength" not in SCHEMAS["place.Place"]["properties"]["text"], "answers have no limits"


def test_every_list_signs_its_page_tokens() -> None:
    lists = [message for message in requests() if "page_token" in message.fields_by_name]
    assert len(lists) > 8
    for message in lists:
        request, window = GetMessageClass(message)(), GetMessageClass(message)(page_token="x")
        assert scope_of(request) == scope_of(window), message.full_name


# What was done without an appointment has none.
UNANNOUNCED = {"visit_id", "service_id"}


def test_a_record_that_a_body_names_beside_that_of_the_path_is_required() -> None:
    """Without it a verb could only say that there is no record of this (empty) name."""
    named = {
        field.full_name: is_required(rules_of(field))
        for plan in PLANS
        if plan.route.method == "POST" and plan.path_fields
        for field in plan.method.input_type.fields
        if field.name not in {*plan.path_fields, *UNANNOUNCED}
        and field.type == FieldDescriptor.TYPE_STRING
        and not field.is_repeated
        and rules_of(field).key
    }
    assert {"into", "incident"} <= {name.rpartition(".")[2] for name in named}
    assert [name for name, required in named.items() if not required] == []
