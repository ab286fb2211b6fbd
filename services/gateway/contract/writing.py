"""Writers built from contracts: from a protobuf message to JSON values.

The conversion of each field is chosen at start; an answer needs no validation or look-up.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict

from backbone.words.spans import hidden_bytes
from services.gateway.contract.fields import (
    DURATION,
    PAGE_TOKEN,
    STRUCT,
    TIMESTAMP,
    field_at,
    items_of,
    map_of,
    names_of,
    shown_of,
)
from services.gateway.contract.naming import (
    ASKED,
    SUFFIX,
    SUFFIXES,
    Names,
    in_asked_words,
    kind_of,
)
from services.gateway.contract.recommended import reason_in_words, reasons_of

Convert: TypeAlias = Callable[[Any], Any]

# Texts that may hold a code, whose words stand beside it in the language that was asked for.
WORDED: Mapping[str, tuple[str, ...]] = {
    "liandong.emergency.v1.Recall": ("reason",),
    "liandong.alarm.v1.Passed": ("answer",),
    "liandong.emergency.v1.RecommendedTeam": ("unready",),
}
# Lists of codes, some with a figure, whose words stand beside them in the same way.
REASONED: Mapping[str, tuple[str, ...]] = {
    "liandong.alarm.v1.RepeatSuggestion": ("reasons",),
    "liandong.emergency.v1.NextTeam": ("reasons",),
}
# Fields that are said in the language that was asked for, of what the message holds else.
SAID: Mapping[str, tuple[str, Callable[[Mapping[str, Any], str], Any]]] = {
    "liandong.emergency.v1.RecommendedTeam": ("reasons", reasons_of),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_json(answer: Any) -> bytes:
    """The answer as JSON; what is still sealed in a text leaves the city masked."""
    return hidden_bytes(orjson.dumps(answer, option=orjson.OPT_UTC_Z))


class Writer:
    """Writes messages of one type as JSON objects with every field; unset ones are null.

    A field that holds a code is followed by the name of what it names, or null; one that holds
    several, by as many.
    """

    __slots__ = ("_fields", "_named", "_names", "_reasoned", "_said", "_worded")

    def __init__(self, message: Any, names: Names) -> None:
        names.writers[message.full_name] = self
        self._names = names
        self._fields = [
            (field.name, field.has_presence, _convert(field, names)) for field in shown_of(message)
        ]
        worded, reasoned = (each.get(message.full_name, ()) for each in (WORDED, REASONED))
        self._named = [
            (name, beside, kind_of(message.fields_by_name[name]))
            for name, beside in named(message).items()
            if name not in (*worded, *reasoned)
        ]
        self._worded, self._reasoned = worded, [(name, _several(name)) for name in reasoned]
        self._said = SAID.get(message.full_name)

    def __call__(self, message: Any) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for name, has_presence, convert in self._fields:
            if has_presence and not message.HasField(name):
                answer[name] = None
            else:
                value = getattr(message, name)
                answer[name] = value if convert is None else convert(value)
        for name, beside, kind in self._named:
            code = answer[name]
            several = isinstance(code, list)
            of = self._names.of
            answer[beside] = [of(kind, each) for each in code] if several else of(kind, code)
        for name in self._worded:
            answer[f"{name}{SUFFIX}"] = in_asked_words(name, answer[name])
        for name, beside in self._reasoned:
            answer[beside] = [reason_in_words(each, ASKED.get()) for each in answer[name]]
        if self._said is not None:
            name, say = self._said
            answer[name] = say(answer, ASKED.get())
        return answer


def named(message: Descriptor) -> dict[str, str]:
    """The fields that hold codes with names, and the fields of the names, unless the message has
    these itself."""
    beside = {
        field.name: _several(field.name) if field.is_repeated else f"{field.name}{SUFFIX}"
        for field in message.fields
        if kind_of(field)
    }
    beside |= {name: f"{name}{SUFFIX}" for name in WORDED.get(message.full_name, ())}
    beside |= {name: _several(name) for name in REASONED.get(message.full_name, ())}
    return {code: name for code, name in beside.items() if name not in message.fields_by_name}


def _several(name: str) -> str:
    return f"{name.removesuffix('s')}{SUFFIXES}"


def writer_of(response: Descriptor, returns: str | None, names: Names) -> Convert:
    """The writer of a route's answer: a page, one field of the response, or all of it."""
    page = items_of(response)
    if page is not None and returns is None:
        return _page(response, page, names)
    path = only_message(response) if returns is None else returns
    if not path:
        return Writer(response, names)
    field = field_at(response, path)
    part = _convert(field, names) or _same
    steps = path.split(".")

    def write(message: Any) -> Any:
        for name in steps:
            message = getattr(message, name)
        value = part(message)
        return {"items": value} if field.is_repeated else value

    return write


def only_message(response: Descriptor) -> str:
    """The name of the only field, if it is a message; else empty."""
    only = response.fields[0] if len(response.fields) == 1 else None
    return str(only.name) if only and only.message_type and not only.is_repeated else ""


def _page(response: Descriptor, items: FieldDescriptor, names: Names) -> Convert:
    write = Writer(response, names)
    name = items.name

    def write_page(message: Any) -> Any:
        answer = write(message)
        page = {"items": answer.pop(name), PAGE_TOKEN: answer.pop(PAGE_TOKEN)}
        page.update((key, value) for key, value in answer.items() if value is not None)
        return page

    return write_page


def _convert(field: FieldDescriptor, names: Names) -> Convert | None:
    entry = map_of(field)
    if entry is not None:
        value = _one(entry[1], names) or _same
        return lambda values: {str(key): value(values[key]) for key in values}
    convert = _one(field, names)
    if not field.is_repeated:
        return convert
    return list if convert is None else lambda values: [convert(value) for value in values]


def _one(field: FieldDescriptor, names: Names) -> Convert | None:
    if field.enum_type is not None:
        words = names_of(field.enum_type)
        # An unknown number comes from a newer service: show it, do not hide it.
        return lambda number: words.get(number, str(number)) if number else None
    if field.message_type is not None:
        name = field.message_type.full_name
        if name == STRUCT:
            return lambda facts: names.beside(_whole(MessageToDict(facts)))
        if name in WELL_KNOWN:
            return WELL_KNOWN[name]
        return names.writers.get(name) or Writer(field.message_type, names)
    return _base64 if field.type == FieldDescriptor.TYPE_BYTES else None


def _same(value: Any) -> Any:
    return value


def _whole(fact: Any) -> Any:
    """The fact with whole numbers as integers: a Struct knows only floats."""
    if isinstance(fact, dict):
        return {name: _whole(each) for name, each in fact.items()}
    if isinstance(fact, list):
        return [_whole(each) for each in fact]
    return int(fact) if isinstance(fact, float) and fact.is_integer() else fact


def _base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")


def _time(value: Any) -> datetime:
    return EPOCH + timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)


def _seconds(value: Any) -> float:
    return float(value.seconds + value.nanos / 1e9)


WELL_KNOWN: dict[str, Convert] = {TIMESTAMP: _time, DURATION: _seconds}
