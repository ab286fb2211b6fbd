"""JSON in and out of every request and response of every contract, with anything in them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.contract.codes import holds_codes
from services.gateway.contract.fields import DURATION, PAGE_SIZE, TIMESTAMP, map_of, names_of
from services.gateway.contract.naming import Names
from services.gateway.contract.plan import plan_of
from services.gateway.contract.reading import body_reader
from services.gateway.contract.writing import Writer, named, to_json
from services.gateway.http.incoming import TYPES, parse_body
from services.gateway.http.problems import Problem, Reasons
from services.gateway.routes import AREAS

PLANS = [plan_of(area, route) for area in AREAS for route in area.routes]
MESSAGES: dict[str, Any] = {
    plan.method.input_type.full_name: plan.method.input_type for plan in PLANS
}
READERS = {name: body_reader(message) for name, message in MESSAGES.items()}
REASONS = Reasons(Names())
RESPONSES = {plan.method.output_type.full_name: plan for plan in PLANS}

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ANYTHING: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=5,
)
EARLY, LATE = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001  # hypothesis adds the zone
TIMES = st.datetimes(EARLY, LATE, timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]))


def with_point(numbers: Any) -> Any:
    """Whole numbers as they are, or as clients of one kind of number write them: 3.0."""
    return numbers | numbers.map(float)


PLAIN: dict[int, Any] = {
    FieldDescriptor.CPPTYPE_STRING: TEXT,
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(width=32, allow_nan=False, allow_infinity=False),
    FieldDescriptor.CPPTYPE_INT32: with_point(st.integers(-(2**31), 2**31 - 1)),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: with_point(st.integers(0, 2**32 - 1)),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
}


def bodies(message: Descriptor, depth: int = 3) -> Any:
    """What a careful client may send."""
    fields = {
        field.name: _field(field, depth)
        for field in message.fields
        if depth or not field.message_type
    }
    return st.fixed_dictionaries({}, optional=fields)


def _field(field: FieldDescriptor, depth: int) -> Any:
    entry = map_of(field)
    if entry is not None:
        return st.dictionaries(TEXT, _one(entry[1], depth), max_size=2)
    one = _one(field, depth)
    return st.lists(one, max_size=3) if field.is_repeated else one


def _one(field: FieldDescriptor, depth: int) -> Any:
    if field.enum_type is not None:
        return st.sampled_from(list(names_of(field.enum_type).values()))
    if field.name == PAGE_SIZE:
        return st.integers(0, 2**31 - 1)
    if holds_codes(field):  # of which another width is another way to write it
        return st.text(st.characters(max_codepoint=127, exclude_characters="\0"), max_size=20)
    if field.message_type is None:
        return PLAIN[field.cpp_type]
    if field.message_type.full_name == TIMESTAMP:
        return TIMES.map(lambda time: time.isoformat())
    if field.message_type.full_name == DURATION:
        return st.floats(-1e9, 1e9)
    return bodies(field.message_type, depth - 1)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(MESSAGES)), st.data())
def test_what_is_sent_is_what_the_service_gets(name: str, data: st.DataObject) -> None:
    message = MESSAGES[name]
    body = data.draw(bodies(message))
    request = GetMessageClass(message)(**parse_body(READERS[name], orjson.dumps(body)))
    answer = orjson.loads(to_json(Writer(message, Names())(request)))
    assert answer.keys() == {*named(message).values(), *message.fields_by_name}
    for field, value in body.items():
        if isinstance(value, str | bool | int) and not message.fields_by_name[field].message_type:
            assert answer[field] == value


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(MESSAGES)), st.data())
def test_whatever_is_sent_is_taken_or_refused_by_name(name: str, data: st.DataObject) -> None:
    message = MESSAGES[name]
    names = st.sampled_from([*message.fields_by_name, "more"])
    body = data.draw(st.dictionaries(names, ANYTHING, max_size=3) | ANYTHING)
    try:
        sent = orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return  # lone surrogates and huge numbers cannot even be written
    try:
        values = parse_body(READERS[name], sent)
    except Problem as problem:
        refused = problem
    else:
        GetMessageClass(message)(**values)
        return
    assert refused.status == 400 and refused.errors


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_an_empty_answer_can_be_written(name: str) -> None:
    plan = RESPONSES[name]
    response = GetMessageClass(plan.method.output_type)()
    assert to_json(plan.write(response))


WRONG: list[Any] = [7, 1.5, "x", [1], {"x": 1}, True, [[]], ["x"]]


@pytest.mark.parametrize("name", MESSAGES)
def test_a_value_of_another_type_is_refused_in_words(name: str) -> None:
    """The sentence names the field, and the type or the values that it takes, in Chinese."""
    bodies = [{field.name: value} for field in MESSAGES[name].fields for value in WRONG]
    for body in [*WRONG, *bodies]:
        try:
            parse_body(READERS[name], orjson.dumps(body))
        except Problem as problem:
            for flaw in problem.errors:
                facts = {"field": flaw.field, **flaw.facts}
                assert "—" not in REASONS.say("detail", flaw.reason, 400, "zh", facts)
                if flaw.reason == "WRONG_TYPE":
                    assert flaw.facts["expected"] in TYPES.values()
