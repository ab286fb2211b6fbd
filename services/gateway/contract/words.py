"""Reads the comments of the contracts, which the OpenAPI document shows as descriptions."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

import liandong

# The build writes this file beside the generated code.
CONTRACTS = "contracts.binpb"
# Field numbers of the descriptors, of which paths in the source information consist.
MESSAGES, ENUMS, SERVICES, METHODS = 4, 5, 6, 2
FIELDS, NESTED, INNER_ENUMS, VALUES = 2, 3, 4, 2
PARTS = {MESSAGES: "message_type", ENUMS: "enum_type", SERVICES: "service"}
INNER = {
    "DescriptorProto": {FIELDS: "field", NESTED: "nested_type", INNER_ENUMS: "enum_type"},
    "EnumDescriptorProto": {VALUES: "value"},
    "ServiceDescriptorProto": {METHODS: "method"},
}


def read_words() -> dict[str, str]:
    """The comments by full name, each as one paragraph."""
    folder = Path(next(iter(liandong.__path__)))
    files = FileDescriptorSet.FromString((folder / CONTRACTS).read_bytes()).file
    return dict(pair for file in files for pair in _comments(file))


def _comments(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    for location in file.source_code_info.location:
        comment = " ".join(location.leading_comments.split())
        if comment:
            name = _name_at(file, location.path)
            if name:
                yield f"{file.package}.{name}", comment


def _name_at(file: Any, path: Sequence[int]) -> str:
    """The full name of the element at a path; empty for an element without name."""
    at, parts, names = file, PARTS, []
    for kind, index in zip(path[::2], path[1::2], strict=False):
        if kind not in parts:
            return ""
        at = getattr(at, parts[kind])[index]
        names.append(at.name)
        parts = INNER.get(type(at).__name__, {})
    return ".".join(names) if len(path) % 2 == 0 else ""
