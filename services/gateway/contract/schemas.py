"""JSON schemas of the contracts' messages, for the OpenAPI document."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from backbone.rpc.forms import Rules
from backbone.rpc.rules import is_required, rules_of
from services.gateway.contract.fields import (
    DURATION,
    PAGE_PLACE,
    PAGE_TOKEN,
    STRUCT,
    TIMESTAMP,
    items_of,
    map_of,
    names_of,
    shown_of,
)
from services.gateway.contract.naming import SUFFIXES
from services.gateway.contract.writing import named

Schema: TypeAlias = dict[str, Any]

REF = "#/components/schemas/"
PLAIN: dict[int, Schema] = {
    FieldDescriptor.CPPTYPE_STRING: {"type": "string"},
    FieldDescriptor.CPPTYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.CPPTYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.CPPTYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.CPPTYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.CPPTYPE_INT64: {"type": "integer", "format": "int64"},
    FieldDescriptor.CPPTYPE_UINT32: {"type": "integer", "format": "int32", "minimum": 0},
    FieldDescriptor.CPPTYPE_UINT64: {"type": "integer", "format": "int64", "minimum": 0},
}
# The bounds that readers of requests check; answers need none.
BOUNDS: dict[int, Schema] = {
    FieldDescriptor.CPPTYPE_INT32: {"minimum": -(2**31), "maximum": 2**31 - 1},
    FieldDescriptor.CPPTYPE_INT64: {"minimum": -(2**63), "maximum": 2**63 - 1},
    FieldDescriptor.CPPTYPE_UINT32: {"maximum": 2**32 - 1},
    FieldDescriptor.CPPTYPE_UINT64: {"maximum": 2**64 - 1},
}
# Control characters and bidi controls are refused in every text (backbone.words.texts).
BIDI = "\\u061c\\u202a-\\u202e\\u2066-\\u2069"
PLAIN_TEXT = f"^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029{BIDI}]*$"
PLAIN_LINES = f"^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f{BIDI}]*$"
# A time of a request: in the first and the last year some zones would leave the calendar.
TIME: Schema = {"type": "string", "format": "date-time", "pattern": "^(?!000[01]|9999)"}
WELL_KNOWN: dict[str, Schema] = {
    TIMESTAMP: {"type": "string", "format": "date-time"},
    DURATION: {"type": "number", "description": "seconds"},
    STRUCT: {"type": "object", "additionalProperties": True},
}


class Schemas:
    """Collects components; a message has separate schemas for requests and answers."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words
        self.components: dict[str, Schema] = {}

    def body(self, message: Descriptor, without: Iterable[str]) -> Schema | None:
        """The schema of a request body; None if the path gives all fields."""
        fields = [field for field in message.fields if field.name not in set(without)]
        if not fields:
            return None
        name = f"{_name(message)}Body"
        schema = self._object(fields, answered=False)
        self.components[name] = self._said(message.full_name, schema)
        return {"$ref": REF + name}

    def component(self, reference: Schema) -> Schema:
        """The component that a reference points at."""
        return self.components[reference["$ref"].removeprefix(REF)]

    def answer(self, field: FieldDescriptor) -> Schema:
        """The schema of an answer that is one field of the response."""
        return self._field(field, answered=True)

    def whole(self, message: Descriptor) -> Schema:
        """The schema of a whole response; the list of a page is called `items`."""
        page = items_of(message)
        if page is None:
            return self._message(message, answered=True)
        token = PLAIN[FieldDescriptor.CPPTYPE_STRING]
        others = [f for f in shown_of(message) if f.name not in (page.name, PAGE_TOKEN)]
        more = {field.name: self._field(field, answered=True) for field in others}
        items = self._field(page, answered=True)
        return _closed({"items": items, PAGE_TOKEN: token, **more}, ["items", PAGE_TOKEN])

    def parameter(self, field: FieldDescriptor) -> Schema:
        schema, rules = self._field(field, answered=False, nullable=False), rules_of(field)
        if rules.only_true:
            return {**schema, "const": True}
        if field.name == PAGE_PLACE or field.type != FieldDescriptor.TYPE_STRING:
            return schema
        if field.is_repeated:
            return schema | {"items": {"minLength": 1, **schema["items"]}}
        return {"minLength": 1, **schema}

    def _field(self, field: FieldDescriptor, *, answered: bool, nullable: bool = True) -> Schema:
        entry = map_of(field)
        if entry is not None:
            return {"type": "object", "additionalProperties": self._one(entry[1], answered)}
        schema, rules = self._one(field, answered), rules_of(field)
        if field.is_repeated:
            schema = schema if answered else schema | _asked(field, rules.items)
            items = {"type": "array", "items": schema}
            return items if answered else items | _ruled_list(rules)
        if not answered:
            schema = schema | _asked(field, rules)
        absent = field.has_presence or field.enum_type is not None
        # A number that every request must give is in every answer; other parts came later.
        shown = answered and field.message_type is not None
        absent = absent and (shown or not is_required(rules))
        return _or_null(schema) if absent and nullable else schema

    def _one(self, field: FieldDescriptor, answered: bool) -> Schema:
        if field.enum_type is not None:
            return {"type": "string", "enum": list(names_of(field.enum_type).values())}
        if field.message_type is not None:
            return self._message(field.message_type, answered=answered)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return {"type": "string", "format": "byte"}
        return PLAIN[field.cpp_type]

    def _message(self, message: Descriptor, *, answered: bool) -> Schema:
        if message.full_name == TIMESTAMP and not answered:
            return TIME
        if message.full_name in WELL_KNOWN:
            return WELL_KNOWN[message.full_name]
        name = _name(message) if answered else f"{_name(message)}Input"
        if name not in self.components:
            self.components[name] = {}  # placeholder: a message may contain itself
            fields = shown_of(message) if answered else message.fields
            schema = self._object(fields, answered=answered)
            if answered:
                _add_names(schema, message)
            self.components[name] = self._said(message.full_name, schema)
        return {"$ref": REF + name}

    def _said(self, full_name: str, schema: Schema) -> Schema:
        words = self._words.get(full_name)
        return {**schema, "description": words} if words else schema

    def _object(self, fields: Sequence[FieldDescriptor], *, answered: bool) -> Schema:
        members = {
            field.name: self._said(field.full_name, self._field(field, answered=answered))
            for field in fields
        }
        required = [field.name for field in fields if answered or is_required(rules_of(field))]
        return _closed(members, required)


def _add_names(schema: Schema, message: Descriptor) -> None:
    """The names that an answer carries beside its codes."""
    for name, beside in named(message).items():
        said = {"type": "string", "description": f"The name of `{name}`; null if none is known."}
        one = _or_null(said)
        several = {"type": "array", "items": one}
        schema["properties"][beside] = several if beside.endswith(SUFFIXES) else one
        schema["required"].append(beside)


def _asked(field: FieldDescriptor, rules: Rules) -> Schema:
    """The constraints on this field of a request: its type's bounds, and its rules."""
    if field.type == FieldDescriptor.TYPE_STRING:
        plain: Schema = {"pattern": PLAIN_LINES if rules.multi_line else PLAIN_TEXT}
        return plain | _ruled(rules)
    bounds = {} if field.enum_type is not None else BOUNDS.get(field.cpp_type, {})
    return bounds | _ruled(rules)


def _ruled(rules: Rules) -> Schema:
    """The rules of one value as JSON Schema. They allow an empty text unless it is required, as the
    edge treats it like an absent one."""
    least = max(rules.min_len, 1) if is_required(rules) and rules.max_len else 0
    any_text = "" if least else "^$|"
    said = {
        "minLength": least,
        "maxLength": rules.max_len,
        "pattern": any_text + rules.pattern if rules.pattern else "",
    }
    schema: Schema = {name: value for name, value in said.items() if value}
    for name, word in (("gte", "minimum"), ("lte", "maximum")):
        if rules.HasField(name):
            schema[word] = int(getattr(rules, name))
    return {**schema, "enum": list(rules.one_of)} if rules.one_of else schema


def _ruled_list(rules: Rules) -> Schema:
    schema: Schema = {"maxItems": rules.max_items} if rules.max_items else {}
    return schema | ({"minItems": 1} if is_required(rules) else {})


def _closed(members: dict[str, Schema], required: list[str]) -> Schema:
    schema: Schema = {"type": "object", "properties": members, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _name(message: Descriptor) -> str:
    """A name such as `incident.Incident`: unique, and short enough for generated clients."""
    return str(message.full_name.removeprefix("liandong.").replace(".v1.", "."))
