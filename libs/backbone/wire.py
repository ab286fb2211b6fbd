"""Converts records to protobuf messages and back, field by field of the same name. Pure.

Records and messages are written by hand; the conversion between them is generic. A plan for each
pair of types is made at first use.
"""

import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from msgspec.inspect import is_struct_type

from backbone.words.errors import InvalidArgument

R = TypeVar("R")
M = TypeVar("M", bound=Message)

Put = Callable[[Message, Any], None]
Take = Callable[[Any], Any]

EPOCH = datetime.fromtimestamp(0, UTC)


def to_message(record: Any, kind: type[M], **more: Any) -> M:
    """Return a message with the record's fields; fields that one side lacks are skipped."""
    message = kind(**more)
    fill(message, record)
    return message


def fill(message: Message, record: Any) -> None:
    """Set the message's fields from the record's fields of the same name, except None."""
    shape: Any = type(message)
    record_kind: Any = type(record)
    for name, put in _puts(record_kind, shape):
        value = getattr(record, name)
        if value is not None:
            put(message, value)


def to_record(message: Message, kind: type[R], **more: Any) -> R:
    """Return a record with the message's fields; `more` gives or overrides fields.

    Raises InvalidArgument for an unknown enum value or a malformed UUID.
    """
    shape: Any = type(message)
    record: Any = kind
    takes = _takes(record, shape)
    return kind(**{name: take(message) for name, take in takes if name not in more}, **more)


@cache
def _puts(record: Any, kind: Any) -> list[tuple[str, Put]]:
    known = kind.DESCRIPTOR.fields_by_name
    return [(name, _put(known[name])) for name in record.__struct_fields__ if name in known]


def _put(field: Any) -> Put:
    name = field.name
    if field.is_repeated:
        return _put_repeated(field)
    if field.message_type is not None:
        if field.message_type.full_name == "google.protobuf.Timestamp":
            return lambda message, value: stamp(getattr(message, name), value)
        if field.message_type.full_name == "google.protobuf.Duration":
            return lambda message, value: getattr(message, name).FromTimedelta(value)
        return lambda message, value: _fill_part(getattr(message, name), value)
    plain = _plain(field)
    return lambda message, value: setattr(message, name, plain(value))


def stamp(timestamp: Any, time: datetime) -> None:
    """Set a Timestamp to an aware datetime; a third of the cost of FromDatetime."""
    since = time - EPOCH
    timestamp.seconds = since.days * 86_400 + since.seconds
    timestamp.nanos = since.microseconds * 1_000


def _fill_part(part: Message, value: Any) -> None:
    part.SetInParent()
    fill(part, value)


def _put_repeated(field: Any) -> Put:
    name = field.name
    if field.message_type is not None:
        return lambda message, value: _fill_parts(getattr(message, name), value)
    plain = _plain(field)
    return lambda message, value: getattr(message, name).extend([plain(v) for v in value])


def _fill_parts(parts: Any, values: Any) -> None:
    for value in values:
        fill(parts.add(), value)


def _plain(field: Any) -> Take:
    if field.enum_type is not None:
        numbers = enum_numbers(field)
        return lambda value: numbers[value]
    return str if field.type == FieldDescriptor.TYPE_STRING else lambda value: value


def enum_prefix(field: Any) -> str:
    """The prefix of the enum's names, such as `STATE_` of `STATE_UNSPECIFIED`."""
    zero: str = field.enum_type.values_by_number[0].name
    return zero.removesuffix("UNSPECIFIED")


@cache
def enum_numbers(field: Any) -> dict[str, int]:
    """The numbers of the field's enum by name without the prefix; the empty name is unset."""
    prefix = enum_prefix(field)
    known = {v.name.removeprefix(prefix): v.number for v in field.enum_type.values if v.number}
    return {**known, "": 0}


@cache
def enum_names(field: Any) -> dict[int, str]:
    return {number: name for name, number in enum_numbers(field).items()}


def name_of(field: Any, number: int) -> str:
    """The name of an enum value, empty for unset. Raises InvalidArgument if it is unknown."""
    names = enum_names(field)
    if number not in names:
        expected = ", ".join(filter(None, names.values()))
        raise InvalidArgument("UNKNOWN_VALUE", field=field.name, expected=expected)
    return names[number]


@cache
def _takes(record: Any, kind: Any) -> list[tuple[str, Take]]:
    known, hints = kind.DESCRIPTOR.fields_by_name, get_type_hints(record)
    return [
        (name, _take(known[name], *_without_none(hints[name])))
        for name in record.__struct_fields__
        if name in known
    ]


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        [inner] = [part for part in get_args(hint) if part is not type(None)]
        return inner, True
    return hint, False


def _take(field: Any, hint: Any, optional: bool) -> Take:
    name, convert = field.name, _convert(field, hint)
    if field.is_repeated:
        inner = _convert(field, get_args(hint)[0])
        return lambda message: tuple(inner(value) for value in getattr(message, name))
    if optional and (field.has_presence or field.message_type is not None):
        return lambda m: convert(getattr(m, name)) if m.HasField(name) else None
    if optional:
        return lambda m: convert(getattr(m, name)) if getattr(m, name) else None
    return lambda message: convert(getattr(message, name))


def _convert(field: Any, hint: Any) -> Take:
    if hint is datetime:
        return lambda value: value.ToDatetime(UTC)
    if hint is timedelta:
        return lambda value: value.ToTimedelta()
    if is_struct_type(hint):
        return lambda value: to_record(value, hint)
    if field.enum_type is not None:
        return _refusing(field, hint, lambda number: hint(name_of(field, number)))
    if hint is UUID or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        return _refusing(field, hint, hint)
    return lambda value: value


def _refusing(field: Any, hint: Any, convert: Take) -> Take:
    """Wrap `convert` so that an unknown value is refused with the name of its field."""
    expected = ", ".join(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else "UUID"

    def take(value: Any) -> Any:
        try:
            return convert(value)
        except ValueError:
            raise InvalidArgument("UNKNOWN_VALUE", field=field.name, expected=expected) from None

    return take


def facts_of(message: Message) -> dict[str, Any]:
    """The facts of an event for a timeline, by the names of its fields; enums as in answers."""
    facts: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    _shorten(message.DESCRIPTOR, facts)
    return facts


def _shorten(kind: Any, facts: dict[str, Any]) -> None:
    for name in facts.keys() & kind.fields_by_name.keys():
        field, said = kind.fields_by_name[name], facts[name]
        ones = said if isinstance(said, list) else [said]
        if field.enum_type is not None:
            short = [str(each).removeprefix(enum_prefix(field)) for each in ones]
            facts[name] = short if isinstance(said, list) else short[0]
        elif field.message_type is not None:
            for each in ones:
                if isinstance(each, dict):  # not a time, which is a text
                    _shorten(field.message_type, each)
