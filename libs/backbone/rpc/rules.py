"""Validates requests by the rules of the contracts, compiled once per message type.

Every text is checked for control characters, also without a rule; numbers, enums and times must be
in the range of their type. A check visits the fields that are set, and returns the flaws of a value
with paths relative to it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from math import inf, isfinite
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from backbone.rpc.forms import FINE, Check, Rules, form_of, ordered
from backbone.wire import enum_names
from backbone.words.errors import Flaw, InvalidArgument
from backbone.words.spans import length_of
from backbone.words.texts import refused_character, shows_nothing
from liandong.input.v1 import rules_pb2

# Flaws per answer: they travel in a trailer, which gRPC limits to 8 KiB.
MOST_FLAWS = 10
# The years 1 to 9999, the range of a Timestamp.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799

# The result for a text without visible characters: the message or list that holds it empties it.
BLANK: Sequence[Flaw] = (Flaw("", "FIELD_MISSING"),)

TIMESTAMP = "google.protobuf.Timestamp"
OF_ALL = frozenset({"inside", "required", "missing", "wrong"})
OF_TEXTS = frozenset(
    {"min_len", "max_len", "pattern", "multi_line", "key", "free", "personal"}
    | {"one_of", "matter_code"}
)
OF_BOOLS = frozenset({"only_true"})
OF_TIMES = frozenset({"not_before"})
OF_NUMBERS = frozenset({"gte", "lte"})
OF_LISTS = frozenset({"max_items", "items"})
REAL = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)
WHOLE = (
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
)


def require_rules(request: Message) -> None:
    """Check the request, and empty its blank texts. Raises InvalidArgument with the flaws."""
    check = _CHECKS.get(type(request)) or _compiled(type(request))
    flaws = check(request)
    if flaws:
        raise InvalidArgument.of(flaws[:MOST_FLAWS])


def require_texts(texts: Mapping[str, str]) -> None:
    """Check single-line texts by name that are in no contract. Raises InvalidArgument."""
    found = {name: _characters(text, multi_line=False) for name, text in texts.items()}
    flaws = [flaw for name, each in found.items() for flaw in _below(name, each)]
    if flaws:
        raise InvalidArgument.of(flaws[:MOST_FLAWS])


@cache
def rules_of(field: Any) -> Rules:
    """The rules of a field, empty if it has none. Raises TypeError for a rule that does not apply
    to the field's type, such as a length of a number."""
    rules: Rules = field.GetOptions().Extensions[rules_pb2.field]
    said = {each.name for each, _ in rules.ListFields()}
    strange = said - OF_ALL - (OF_LISTS if field.is_repeated else _rules_for(field))
    if strange:
        raise TypeError(f"{field.full_name} cannot have {sorted(strange)}")
    return rules


def is_required(rules: Rules) -> bool:
    return bool(rules.required or rules.missing)


def _rules_for(field: Any) -> frozenset[str]:
    if field.type == FieldDescriptor.TYPE_STRING:
        return OF_TEXTS
    if field.message_type is not None:
        return OF_TIMES if field.message_type.full_name == TIMESTAMP else frozenset()
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return OF_BOOLS
    return OF_NUMBERS if field.cpp_type in REAL + WHOLE else frozenset()


_CHECKS: dict[type[Message], Check] = {}


def _compiled(kind: type[Message]) -> Check:
    check = _CHECKS[kind] = _message(kind.DESCRIPTOR)
    return check


def _message(message: Any) -> Check:
    rules = {field: rules_of(field) for field in message.fields}
    parts = {field: _field(field, rules[field]) for field in rules}
    needed = [_missing(field, rules[field]) for field in rules if is_required(rules[field])]
    needed += [ordered(field, each) for field, each in rules.items() if each.not_before]

    def check(value: Any) -> Sequence[Flaw]:
        flaws: list[Flaw] = []
        for field, part in value.ListFields():
            found = parts[field](part)
            if found is BLANK:
                setattr(value, field.name, "")
            elif found:
                flaws += _below(field.name, found)
        for missing in needed:
            flaws += missing(value)
        return flaws

    return check


def _below(place: str, flaws: Sequence[Flaw]) -> list[Flaw]:
    return [Flaw(_path(place, each.field), each.reason, each.facts) for each in flaws]


def _path(place: str, inner: str) -> str:
    return f"{place}.{inner}" if inner and not inner.startswith("[") else place + inner


def _missing(field: Any, rules: Rules) -> Check:
    name, reason = field.name, rules.missing or "FIELD_MISSING"
    flaws = [Flaw(name, reason, {name: ""})]
    if field.has_presence:
        return lambda message: FINE if message.HasField(name) else flaws
    return lambda message: FINE if getattr(message, name) else flaws


def _field(field: Any, rules: Rules) -> Check:
    return _list(field, rules) if field.is_repeated else _one(field, rules)


def _list(field: Any, rules: Rules) -> Check:
    one, required = _one(field, rules.items), is_required(rules.items)
    most, wrong = rules.max_items or inf, rules.wrong or "TOO_MANY_ITEMS"

    def check(values: Any) -> Sequence[Flaw]:
        if len(values) > most:
            return [Flaw("", wrong, {"most": most, "items": len(values)})]
        flaws: list[Flaw] = []
        for index, value in enumerate(values):
            found = one(value)
            if found is BLANK and not required:
                values[index] = ""
            elif found or (required and not value):
                flaws += _below(f"[{index}]", found or BLANK)
        return flaws

    return check


def _one(field: Any, rules: Rules) -> Check:
    """The check of one value of the field."""
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text(field.name, rules)
    if field.enum_type is not None:
        return _enum(field)
    if field.message_type is None:
        return _number(field, rules)
    if field.message_type.full_name == TIMESTAMP:
        return _time
    return _message(field.message_type)


def _text(name: str, rules: Rules) -> Check:
    lines, form = rules.multi_line, form_of(name, rules)
    least, most = (0, inf) if rules.key else (rules.min_len, rules.max_len or inf)

    def check(text: str) -> Sequence[Flaw]:
        refused = _characters(text, multi_line=lines)
        if refused:
            return refused
        if shows_nothing(text):
            return BLANK if text else FINE
        if form is not None and (wrong := form(text)):
            return wrong
        if not least <= (length := length_of(text)) <= most:
            reason = "TEXT_TOO_LONG" if length > most else "TEXT_TOO_SHORT"
            return [Flaw("", reason, {"characters": length, "least": least, "most": most})]
        return FINE

    return check


def _characters(text: str, *, multi_line: bool) -> Sequence[Flaw]:
    character = refused_character(text, multi_line=multi_line)
    if not character:
        return FINE
    reason = "NUL_CHARACTER" if character == "U+0000" else "CONTROL_CHARACTER"
    return [Flaw("", reason, {"character": character})]


def _number(field: Any, rules: Rules) -> Check:
    name, wrong = field.name, rules.wrong or "OUT_OF_RANGE"
    least = rules.gte if rules.HasField("gte") else -inf
    most = rules.lte if rules.HasField("lte") else inf
    if field.cpp_type not in REAL + WHOLE or (field.cpp_type in WHOLE and least == -most):
        return lambda value: FINE

    def check(value: float) -> Sequence[Flaw]:
        fine = least <= value <= most and isfinite(value)
        return FINE if fine else [Flaw("", wrong, {name: value})]

    return check


def _enum(field: Any) -> Check:
    names = enum_names(field)
    expected = ", ".join(filter(None, names.values()))
    flaws = [Flaw("", "UNKNOWN_VALUE", {"expected": expected})]
    return lambda number: FINE if number in names else flaws


def _time(value: Any) -> Sequence[Flaw]:
    fine = FIRST_SECOND <= value.seconds <= LAST_SECOND and 0 <= value.nanos < 1_000_000_000
    return FINE if fine else [Flaw("", "OUT_OF_RANGE")]
