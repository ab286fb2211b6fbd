"""Readers built from contracts: from JSON or query text to the values of a protobuf message.

Strict on purpose: an unknown field, a number sent as text or a time without zone is refused with
the field's name, so that a client's mistake is not ignored. The gRPC edge of each service enforces
the further rules of its contract (backbone.rpc.rules). Pydantic's validators, built at start.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from pydantic_core import SchemaValidator, core_schema
from pydantic_core.core_schema import CoreConfig, CoreSchema

from services.gateway.contract.asking import PLACE, SHOWN, SIZE, asked, one_of
from services.gateway.contract.codes import holds_codes, of_codes
from services.gateway.contract.fields import (
    DURATION,
    PAGE_PLACE,
    PAGE_SIZE,
    TIMESTAMP,
    field_at,
    map_of,
    names_of,
)

TEXT = core_schema.str_schema()
STRICT = CoreConfig(strict=True, val_json_bytes="base64")
REAL = core_schema.float_schema(allow_inf_nan=False)
CENTURIES = 10_000 * 365 * 86_400  # the range of a Duration, in seconds


def _whole(bits: int, *, signed: bool) -> CoreSchema:
    top = 2 ** (bits - signed)
    return core_schema.int_schema(ge=-top if signed else 0, le=top - 1)


def _without_point(given: object) -> object:
    """In JSON 3.0 is a whole number too."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


PLAIN: dict[int, CoreSchema] = {
    FieldDescriptor.CPPTYPE_STRING: TEXT,
    FieldDescriptor.CPPTYPE_BOOL: core_schema.bool_schema(),
    FieldDescriptor.CPPTYPE_DOUBLE: REAL,
    FieldDescriptor.CPPTYPE_FLOAT: REAL,
    FieldDescriptor.CPPTYPE_INT32: _whole(32, signed=True),
    FieldDescriptor.CPPTYPE_INT64: _whole(64, signed=True),
    FieldDescriptor.CPPTYPE_UINT32: _whole(32, signed=False),
    FieldDescriptor.CPPTYPE_UINT64: _whole(64, signed=False),
}
# In no zone of the world does it leave the years 1 to 9999.
TIME = core_schema.datetime_schema(
    tz_constraint="aware",
    ge=datetime(1, 1, 2, tzinfo=UTC),
    le=datetime(9999, 12, 30, tzinfo=UTC),
)
WELL_KNOWN: dict[str, CoreSchema] = {
    TIMESTAMP: TIME,
    DURATION: core_schema.no_info_after_validator_function(
        lambda seconds: timedelta(seconds=seconds),
        core_schema.float_schema(allow_inf_nan=False, ge=-CENTURIES, le=CENTURIES),
    ),
}


def body_reader(message: Descriptor, without: Iterable[str] = ()) -> SchemaValidator:
    """A reader from a JSON object to keyword arguments of the message, `without` some fields."""
    definitions: dict[str, CoreSchema] = {}
    fields = [field for field in message.fields if field.name not in set(without)]
    root = _object({field.name: _field(field, definitions) for field in fields})
    schema = core_schema.definitions_schema(root, list(definitions.values()))
    return SchemaValidator(schema, STRICT)


def path_reader(message: Descriptor, names: Iterable[str]) -> SchemaValidator:
    """A reader of the texts of a path; each has the name of its field."""
    fields = (field_at(message, name) for name in names)
    return SchemaValidator(_object({field.name: _value(field, {}) for field in fields}), STRICT)


def query_reader(message: Descriptor, fields: Mapping[str, str]) -> SchemaValidator:
    """A reader of the texts of a query; `fields` maps parameters to fields."""
    schemas = {name: _said(field_at(message, path)) for name, path in fields.items()}
    return SchemaValidator(_object(schemas), STRICT)


def _said(field: FieldDescriptor) -> CoreSchema:
    """The schema of a field read from texts; a list arrives as a mapping by index."""
    one = asked(field) or _value(field, {})
    if holds_codes(field):
        one = of_codes(one)
    if not field.is_repeated:
        return one
    members = core_schema.dict_schema(values_schema=one)
    return core_schema.no_info_after_validator_function(lambda said: list(said.values()), members)


def object_reader(*optional: str, **schemas: CoreSchema) -> SchemaValidator:
    """A reader of a JSON object, for the few bodies without contract; `optional` may be missing."""
    members = {
        name: core_schema.typed_dict_field(schema, required=name not in optional)
        for name, schema in schemas.items()
    }
    whole = core_schema.typed_dict_schema(members, extra_behavior="forbid", config=STRICT)
    return SchemaValidator(whole, STRICT)


def list_reader(filters: Mapping[str, Collection[str]]) -> SchemaValidator:
    """A reader of the query of a list without contract: its filters, each with the codes that it
    takes, or any text where none are named, and the paging parameters."""
    schemas = {name: one_of(codes) if codes else SHOWN for name, codes in filters.items()}
    every = {PAGE_SIZE: SIZE, PAGE_PLACE: PLACE, "count": core_schema.bool_schema()}
    return SchemaValidator(_object(schemas | every), STRICT)


def _object(schemas: Mapping[str, CoreSchema], ref: str | None = None) -> CoreSchema:
    members = {
        name: core_schema.typed_dict_field(schema, required=False)
        for name, schema in schemas.items()
    }
    # Each object needs its own configuration: pydantic does not inherit that of the outer one.
    return core_schema.typed_dict_schema(members, extra_behavior="forbid", ref=ref, config=STRICT)


def _field(field: FieldDescriptor, definitions: dict[str, CoreSchema]) -> CoreSchema:
    entry = map_of(field)
    if entry is not None:
        return core_schema.dict_schema(*(_value(part, definitions) for part in entry))
    schema = _value(field, definitions)
    if schema["type"] == "int":
        schema = core_schema.no_info_before_validator_function(_without_point, schema)
    if field.is_repeated:
        return core_schema.list_schema(schema)
    # Only these fields can be unset, which null means.
    absent = field.has_presence or field.enum_type is not None
    return core_schema.nullable_schema(schema) if absent else schema


def _value(field: FieldDescriptor, definitions: dict[str, CoreSchema]) -> CoreSchema:
    if field.enum_type is not None:
        return _enum({name: number for number, name in names_of(field.enum_type).items()})
    if field.message_type is not None:
        return _message(field.message_type, definitions)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return core_schema.bytes_schema()
    if holds_codes(field):
        return of_codes(TEXT)
    return PLAIN[field.cpp_type]


def _enum(numbers: Mapping[str, int]) -> CoreSchema:
    names = core_schema.literal_schema(list(numbers))
    return core_schema.no_info_after_validator_function(numbers.__getitem__, names)


def _message(message: Descriptor, definitions: dict[str, CoreSchema]) -> CoreSchema:
    name = message.full_name
    if name in WELL_KNOWN:
        return WELL_KNOWN[name]
    if name not in definitions:
        definitions[name] = core_schema.any_schema()  # placeholder: a message may contain itself
        fields = {field.name: _field(field, definitions) for field in message.fields}
        definitions[name] = _object(fields, ref=name)
    return core_schema.definition_reference_schema(name)
