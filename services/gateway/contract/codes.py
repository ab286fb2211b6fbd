"""Codes as people type them: those of units, areas, classes and teams, priorities, ids and codes of
matters are read in full width too. Names of accounts are compared in one width where they are kept.
"""

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from pydantic_core import core_schema
from pydantic_core.core_schema import CoreSchema

from backbone.rpc.rules import rules_of
from backbone.words.texts import narrow, refused_character
from services.gateway.contract.naming import kind_of

OF_CITY = frozenset({"unit", "area", "category", "team", "unit_kind", "skill"})
# Codes by what they are called alone: the office to which a call is passed.
NAMED = frozenset({"to"})


def holds_codes(field: FieldDescriptor) -> bool:
    """Whether the text, or each of several, is a code, and no words of a person."""
    if field.type != FieldDescriptor.TYPE_STRING:
        return False
    rules = rules_of(field)
    one = rules.items if field.is_repeated else rules
    has_form = bool(one.pattern or one.one_of or one.matter_code or one.key)
    return has_form or kind_of(field) in OF_CITY or field.name in NAMED


def as_code(text: Any) -> Any:
    """The code that is meant. What no text may hold stays, and is refused where texts are."""
    if not isinstance(text, str) or text.isascii() or refused_character(text):
        return text
    return narrow(text).strip()


def of_codes(schema: CoreSchema) -> CoreSchema:
    """The same for codes: those that are listed are compared in one width."""
    if schema["type"] == "literal":
        return core_schema.no_info_before_validator_function(as_code, schema)
    return core_schema.no_info_after_validator_function(as_code, schema)
