"""The values that a query may ask for: a filter that could filter nothing is refused, not ignored.

Texts of a query are stricter than those of a body, in which an empty text means none: a filter that
shows nothing, a `false` that filters nothing, or a number in the way of a program is a mistake.
"""

import re
from collections.abc import Collection
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from pydantic_core import PydanticKnownError, core_schema
from pydantic_core.core_schema import CoreSchema

from backbone.rpc.forms import Rules
from backbone.rpc.rules import REAL, WHOLE, rules_of
from backbone.words.texts import refused_character, shows_nothing
from services.gateway.contract.fields import PAGE_PLACE

# Python reads `1_0` as 10, and digits of every script.
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")
ANY_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?")


def _shown(text: str) -> str:
    """Raises for a text without a visible character; others are for the edge of the service."""
    if shows_nothing(text) and not refused_character(text):
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return text


def _first_page(text: str) -> str:
    return _shown(text) if text else text


def _whole(text: Any) -> int:
    if not WHOLE_NUMBER.fullmatch(text):
        raise PydanticKnownError("int_parsing")
    return int(text)


def _real(text: Any) -> float:
    if not ANY_NUMBER.fullmatch(text):
        raise PydanticKnownError("float_parsing")
    return float(text)


def _on(value: bool) -> bool:
    if not value:
        raise PydanticKnownError("literal_error", {"expected": "'true'"})
    return value


SHOWN = core_schema.no_info_after_validator_function(_shown, core_schema.str_schema())
# Of one whom a body names.
NAMED = core_schema.no_info_after_validator_function(_shown, core_schema.str_schema(max_length=200))
SIZE = core_schema.no_info_before_validator_function(
    _whole, core_schema.int_schema(ge=0, le=2**31 - 1)
)
PLACE = core_schema.no_info_after_validator_function(_first_page, core_schema.str_schema())
ON = core_schema.no_info_after_validator_function(_on, core_schema.bool_schema())


def one_of(codes: Collection[str]) -> CoreSchema:
    return core_schema.literal_schema(list(codes))


def asked(field: FieldDescriptor) -> CoreSchema | None:
    """The schema of a parameter, where it differs from that of the field in a body."""
    rules = rules_of(field)
    each = rules.items if field.is_repeated else rules
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text(field.name, each)
    if field.enum_type is None and field.cpp_type in REAL + WHOLE:
        return _number(field, each)
    return ON if rules.only_true else None


def _text(name: str, rules: Rules) -> CoreSchema:
    if rules.one_of:
        return one_of(rules.one_of)
    return PLACE if name == PAGE_PLACE else SHOWN


def _number(field: FieldDescriptor, rules: Rules) -> CoreSchema:
    least = rules.gte if rules.HasField("gte") else None
    most = rules.lte if rules.HasField("lte") else None
    if field.cpp_type in REAL:
        real = core_schema.float_schema(ge=least, le=most, allow_inf_nan=False)
        return core_schema.no_info_before_validator_function(_real, real)
    bits = 31 if field.cpp_type == FieldDescriptor.CPPTYPE_INT32 else 63
    first = -(2**bits) if least is None else int(least)
    last = 2**bits - 1 if most is None else int(most)
    whole = core_schema.int_schema(ge=first, le=last)
    return core_schema.no_info_before_validator_function(_whole, whole)
