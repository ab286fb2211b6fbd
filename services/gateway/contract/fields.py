"""The JSON conventions of the contracts: names of enum values, pages, well-known messages."""

from collections.abc import Sequence
from functools import cache

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from backbone.rpc.rules import rules_of

TIMESTAMP = "google.protobuf.Timestamp"
DURATION = "google.protobuf.Duration"
STRUCT = "google.protobuf.Struct"  # facts whose names depend on their kind
PAGE_SIZE = "page_size"  # of every list; never negative
PAGE_PLACE = "page_token"  # where to go on; empty for the first page
PAGE_TOKEN = "next_page_token"  # noqa: S105 - the field that makes a message a page


def prefix_of(enum: EnumDescriptor) -> str:
    """`STATE_` of an enum whose zero value is `STATE_UNSPECIFIED`."""
    return str(enum.values_by_number[0].name).removesuffix("UNSPECIFIED")


def names_of(enum: EnumDescriptor) -> dict[int, str]:
    """The names without their prefix, by number, except the unspecified one."""
    prefix = prefix_of(enum)
    return {value.number: value.name.removeprefix(prefix) for value in enum.values if value.number}


def map_of(field: FieldDescriptor) -> tuple[FieldDescriptor, FieldDescriptor] | None:
    """The key and value fields of a map field; None for other fields."""
    message = field.message_type
    if message is None or not message.GetOptions().map_entry:
        return None
    return message.fields_by_name["key"], message.fields_by_name["value"]


def is_plain(field: FieldDescriptor) -> bool:
    """Whether a query parameter can carry the field."""
    return field.message_type is None or field.message_type.full_name in (TIMESTAMP, DURATION)


@cache
def shown_of(message: Descriptor) -> Sequence[FieldDescriptor]:
    """The fields of an answer; what the services tell each other alone is left out."""
    return tuple(each for each in message.fields if not rules_of(each).inside)


def items_of(response: Descriptor) -> FieldDescriptor | None:
    """The field with the items if the message is a page of a list, else None."""
    if PAGE_TOKEN not in response.fields_by_name:
        return None
    lists = [f for f in response.fields if f.is_repeated and f.message_type is not None]
    return lists[0] if len(lists) == 1 else None


def field_at(message: Descriptor, path: str) -> FieldDescriptor:
    """Follow a path such as `point.longitude`. Raises KeyError for an unknown field."""
    name, _, rest = path.partition(".")
    field: FieldDescriptor = message.fields_by_name[name]
    if not rest:
        return field
    if field.message_type is None:
        raise KeyError(f"{field.full_name} has no parts: {path}")
    return field_at(field.message_type, rest)
