"""What a stranger may put into every text of every route, made from the routes and contracts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from google.protobuf.descriptor import FieldDescriptor

from backbone.rpc.rules import is_required, rules_of
from services.gateway.contract.fields import TIMESTAMP, field_at, names_of
from services.gateway.contract.plan import Plan

VALUES = {
    "NUL": "a\0b",
    "ESC": "\x1b[31m",
    "a bidi override": "\u202ecba",
    "nothing to see": "\u200b\u3164\u2800",
    "huge": "长" * 200_000,
    "foreign digits": "٩٩٠١٠١",
    "a pattern": "%_\\';--",
    "beyond the plane": "𠮷" * 3,
}
# A query is no place for a megabyte.
SHORT = {name: text for name, text in VALUES.items() if name != "huge"}
NUMBERS: tuple[float, ...] = (-1, 2**31 - 1, -(2**31), 1e308, -1e308)
TIMES = (
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59Z",
    "2999-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01", "1e308",
)  # fmt: skip
NO_ID = "00000000-0000-0000-0000-000000000007"


@dataclass(frozen=True)
class Hostile:
    """One request, ready to be sent; `field` carries what is wrong with it."""

    plan: Plan
    field: str
    value: str
    path: str
    body: dict[str, Any] | None

    @property
    def label(self) -> str:
        return f"{self.plan.label} {self.field} {self.value}"


def hostile_requests(plan: Plan, ids: dict[str, str]) -> Iterator[Hostile]:
    """Each text of the route once with each value, everything else as it should be; `ids` are
    those of real records, by the names of the path's fields."""
    path = {name: ids.get(name, NO_ID) for name in plan.path_fields}
    body = None if plan.body_without is None else _body(plan, ids)
    for name in plan.path_fields:
        for value, text in SHORT.items():
            yield _request(plan, name, value, path | {name: quote(text, safe="")}, body)
    for parameter, to in plan.query.items():
        kind = field_at(plan.method.input_type, to)
        for value, given in _values(kind, SHORT):
            query = f"?{parameter}={quote(str(given), safe='')}"
            yield _request(plan, parameter, value, path, body, query)
    for place in _places(plan.method.input_type, set(plan.body_without or ())):
        for value, given in _values(place[-1][0], VALUES):
            changed = _with(body or {}, place, given)
            yield _request(plan, _named(place), value, path, changed)


def _request(
    plan: Plan, field: str, value: str, path: dict[str, str], body: Any, query: str = ""
) -> Hostile:
    return Hostile(plan, field, value, plan.route.path.format(**path) + query, body)


def _values(field: Any, texts: dict[str, str]) -> Iterator[tuple[str, Any]]:
    if field.message_type is not None:
        yield from ((time, time) for time in TIMES)
    elif field.type == FieldDescriptor.TYPE_STRING:
        yield from texts.items()
    elif field.enum_type is None and field.type != FieldDescriptor.TYPE_BOOL:
        yield from ((str(number), number) for number in NUMBERS)


# A field, and whether the value lies in a list there.
Place = tuple[tuple[Any, bool], ...]


def _places(message: Any, without: set[str], above: Place = ()) -> Iterator[Place]:
    """The ways to every text, number and time that a body can carry."""
    for field in message.fields:
        if field.name in without:
            continue
        place = (*above, (field, field.is_repeated))
        if field.message_type is not None and field.message_type.full_name != TIMESTAMP:
            yield from _places(field.message_type, set(), place)
        elif field.enum_type is None:
            yield place


def _named(place: Place) -> str:
    return ".".join(field.name for field, _ in place)


def _with(body: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    (field, many), *rest = place
    if rest:
        part = body.get(field.name) or ({} if not many else [{}])
        inner = _with(part[0] if many else part, tuple(rest), value)
    else:
        inner = value
    return {**body, field.name: [inner] if many else inner}


def _body(plan: Plan, ids: dict[str, str]) -> dict[str, Any]:
    without = set(plan.body_without or ())
    return _sensible(plan.method.input_type, without, ids)


def _sensible(message: Any, without: set[str], ids: dict[str, str]) -> dict[str, Any]:
    """What is required, and what a real record or unit can be named for."""
    wanted = [f for f in message.fields if is_required(rules_of(f)) or f.name in ids]
    return {f.name: _value(f, ids) for f in wanted if f.name not in without}


def _value(field: Any, ids: dict[str, str]) -> Any:
    if field.message_type is not None:
        if field.message_type.full_name == TIMESTAMP:
            return "2999-01-01T00:00:00Z"
        one: Any = _sensible(field.message_type, set(), ids)
    elif field.enum_type is not None:
        one = next(iter(names_of(field.enum_type).values()))
    else:
        one = ids.get(field.name, "x")
    return [one] if field.is_repeated else one
