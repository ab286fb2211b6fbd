"""Finds the field that a refusal is about, for `errors` of the answer: by located.yaml, in the
request itself.

A rule of a domain knows a reason and facts, and no request: the same unit that is unknown may stand
in `to_unit`, in `against` or in a list.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from msgspec import yaml

from backbone.words.errors import Flaw
from services.gateway.contract.fields import map_of
from services.gateway.contract.naming import KINDS

NAMES: Mapping[str, Sequence[str]] = yaml.decode(
    Path(__file__).with_name("located.yaml").read_bytes()
)
# In the place of names: the fields that this fact lists.
MISSING = "{missing}"
# Parts of parts of a request, no deeper.
DEEPEST = 3


def flaws_in(reason: str, facts: Mapping[str, Any], request: Message | None) -> list[Flaw]:
    """The flaws of a refusal that names no field; none where it is not about one, or about what no
    field of this request says."""
    names = NAMES.get(reason, ())
    if MISSING in names:
        wanted = [[name] for name in str(facts.get("missing", "")).split(", ") if name]
    else:
        wanted = [list(names)] if names else []
    paths = (_path(each, facts, request) for each in wanted)
    return [Flaw(path, reason, facts) for path in paths if path]


def _path(names: Sequence[str], facts: Mapping[str, Any], request: Message | None) -> str:
    if request is None:
        return names[0]
    quoted = {str(fact) for fact in facts.values() if fact}
    holding = (path for path, name, text in _texts(request) if text in quoted and _is(name, names))
    header = next((name for name in names if name[0].isupper()), "")
    return next(holding, "") or declared(names, request.DESCRIPTOR) or header


def _is(name: str, names: Sequence[str]) -> bool:
    """Whether the field is one of these, or holds a code of the same kind as one of them."""
    kinds = {KINDS[each] for each in names if each in KINDS}
    return name in names or KINDS.get(name) in kinds


def _texts(message: Message, place: str = "") -> Iterator[tuple[str, str, str]]:
    """The path, the name and the text of each field that holds one."""
    for field, value in message.ListFields():
        if map_of(field) is not None:
            continue
        many = enumerate(value) if field.is_repeated else [("", value)]
        for index, each in many:
            path = f"{place}{field.name}" + (f"[{index}]" if field.is_repeated else "")
            if isinstance(each, Message):
                yield from _texts(each, f"{path}.")
            elif isinstance(each, str):
                yield path, field.name, each


def declared(names: Sequence[str], message: Any) -> str:
    """The path of the first of these names that a request of this type can carry, or nothing."""
    paths = dict(reversed([*_fields(message)]))
    return next((paths[name] for name in names if name in paths), "")


def _fields(message: Descriptor) -> Iterator[tuple[str, str]]:
    """The names and paths of all fields, the outer ones first."""
    level = [("", message)]
    for _ in range(DEEPEST):
        inner: list[tuple[str, Descriptor]] = []
        for place, part in level:
            for field in part.fields:
                yield field.name, place + field.name
                if field.message_type is not None and not field.is_repeated:
                    inner.append((f"{place}{field.name}.", field.message_type))
        level = inner
