"""The reasons for which the rules of a message can refuse it: for documents and tests."""

from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from backbone.rpc.forms import Rules
from backbone.rpc.rules import REAL, TIMESTAMP, WHOLE, is_required, rules_of


def reasons_of(message: Any, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """All reasons for which the rules can refuse a message of this type."""
    within = seen | {message.full_name}
    parts = (_reasons_of(field, rules_of(field), within) for field in message.fields)
    ordered = any(rules_of(field).not_before for field in message.fields)
    return frozenset({"PERIOD_UPSIDE_DOWN"} if ordered else ()).union(*parts)


def _reasons_of(field: Any, rules: Rules, seen: frozenset[str]) -> frozenset[str]:
    found = {rules.missing or "FIELD_MISSING"} if is_required(rules) else set()
    if field.is_repeated:
        found |= {rules.wrong or "TOO_MANY_ITEMS"} if rules.max_items else set()
        return frozenset(found | _reasons_of_one(field, rules.items, seen))
    return frozenset(found | _reasons_of_one(field, rules, seen))


def _reasons_of_one(field: Any, rules: Rules, seen: frozenset[str]) -> frozenset[str]:
    """The reasons for one value of the field."""
    inner = field.message_type
    if field.type == FieldDescriptor.TYPE_STRING:
        return _reasons_of_text(rules)
    if field.enum_type is not None:
        return frozenset({"UNKNOWN_VALUE"})
    if inner is None:
        is_number = field.cpp_type in REAL + WHOLE
        return frozenset({rules.wrong or "OUT_OF_RANGE"}) if is_number else frozenset()
    if inner.full_name == TIMESTAMP:
        return frozenset({"OUT_OF_RANGE"})
    return frozenset() if inner.full_name in seen else reasons_of(inner, seen)


def _reasons_of_text(rules: Rules) -> frozenset[str]:
    found = {"NUL_CHARACTER", "CONTROL_CHARACTER"}
    found |= {rules.wrong or "WRONG_FORMAT"} if rules.pattern or rules.matter_code else set()
    found |= {rules.wrong or "UNKNOWN_VALUE"} if rules.one_of else set()
    if not rules.key:
        found |= {"TEXT_TOO_LONG"} if rules.max_len else set()
        found |= {"TEXT_TOO_SHORT"} if rules.min_len else set()
    return frozenset(found)
