"""Entries whose fields are those of their records: texts, numbers, lists and levels."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from backbone.words.areas import Level


def plain(record: Any) -> dict[str, Any]:
    """The fields of a record, by name."""
    return {each.name: getattr(record, each.name) for each in fields(record)}


def flat(kind: type[Any]) -> Callable[[Any], Any]:
    """The function that makes a record of this kind from its message."""
    names = [each.name for each in fields(kind)]
    return lambda message: kind(**{name: value(name, getattr(message, name)) for name in names})


def value(name: str, sent: Any) -> Any:
    """The value of a field as the record holds it."""
    if name == "level":
        return Level(sent)
    return sent if isinstance(sent, str | int) else tuple(sent)
