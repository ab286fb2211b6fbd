"""What the protobuf contracts mean in JSON: names of enum values, pages, well-known messages."""

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

TIMESTAMP = "google.protobuf.Timestamp"
DURATION = "google.protobuf.Duration"
STRUCT = "google.protobuf.Struct"  # facts whose names only their kind knows
PAGE_SIZE = "page_size"  # never negative, in whichever list
PAGE_TOKEN = "next_page_token"  # noqa: S105 - the field that makes a message a page


def prefix_of(enum: EnumDescriptor) -> str:
    """`STATE_` of an enum whose zero value is `STATE_UNSPECIFIED`."""
    return str(enum.values_by_number[0].name).removesuffix("UNSPECIFIED")


def names_of(enum: EnumDescriptor) -> dict[int, str]:
    """The values without their prefix, and without the unspecified one."""
    prefix = prefix_of(enum)
    return {value.number: value.name.removeprefix(prefix) for value in enum.values if value.number}


def map_of(field: FieldDescriptor) -> tuple[FieldDescriptor, FieldDescriptor] | None:
    """Key and value of a map field, or None for any other."""
    message = field.message_type
    if message is None or not message.GetOptions().map_entry:
        return None
    return message.fields_by_name["key"], message.fields_by_name["value"]


def is_plain(field: FieldDescriptor) -> bool:
    """Can be said in a query parameter."""
    return field.message_type is None or field.message_type.full_name in (TIMESTAMP, DURATION)


def items_of(response: Descriptor) -> FieldDescriptor | None:
    """The field with the items, where the message is a page of a list."""
    if PAGE_TOKEN not in response.fields_by_name:
        return None
    lists = [field for field in response.fields if field.is_repeated]
    return lists[0] if len(lists) == 1 else None


def field_at(message: Descriptor, path: str) -> FieldDescriptor:
    """Follow `point.longitude`. Raises KeyError for a field that is not there."""
    name, _, rest = path.partition(".")
    field: FieldDescriptor = message.fields_by_name[name]
    if not rest:
        return field
    if field.message_type is None:
        raise KeyError(f"{field.full_name} has no parts: {path}")
    return field_at(field.message_type, rest)
