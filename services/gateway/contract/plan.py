"""A route prepared at start, so that requests need no look-up in a contract."""

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from pydantic_core import SchemaValidator

from services.gateway.contract.acting import Narrow, narrowing
from services.gateway.contract.fields import field_at, is_plain, map_of
from services.gateway.contract.known import KnownFilters
from services.gateway.contract.naming import Names
from services.gateway.contract.reading import body_reader, path_reader, query_reader
from services.gateway.contract.writing import Convert, writer_of
from services.gateway.routes.route import Area, Route

PLACE = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Plan:
    """A route with its readers and writer; `query` maps parameters to request fields."""

    area: Area
    route: Route
    method: MethodDescriptor
    request: Any
    path_fields: tuple[str, ...]
    query: dict[str, str]
    query_lists: frozenset[str]
    body_without: frozenset[str] | None
    read_path: SchemaValidator
    read_query: SchemaValidator
    read_body: SchemaValidator | None
    write: Convert
    narrow: Narrow | None
    known: KnownFilters

    def said(self, path: str, given: Container[str]) -> tuple[str, ...]:
        """The query parameters that fill the field or its parts, those that were given first; the
        path of the field if there are none."""
        names = [name for name, to in self.query.items() if to == path]
        if names:
            return (next((name for name in names if name in given), names[0]),)
        return tuple(n for n, to in self.query.items() if to.startswith(f"{path}.")) or (path,)

    @property
    def label(self) -> str:
        return f"{self.route.method} {self.route.path}"


def plan_of(area: Area, route: Route, names: Names | None = None) -> Plan:
    """Prepare a route, whose answers carry these names beside codes.

    Raises KeyError, at start, for a name that the contract does not have.
    """
    method = area.method_of(route)
    message, response = method.input_type, method.output_type
    path = tuple(PLACE.findall(route.path))
    taken = frozenset(path) | route.always.keys()
    query = dict(route.query)
    if route.method == "GET":
        query |= _plain_fields(message, taken)
    without = None if route.method == "GET" else taken | _roots(route.query)
    lists = (name for name, to in query.items() if field_at(message, to).is_repeated)
    return Plan(
        area=area,
        route=route,
        method=method,
        request=GetMessageClass(message),
        path_fields=path,
        query=query,
        query_lists=frozenset(lists),
        body_without=without,
        read_path=path_reader(message, path),
        read_query=query_reader(message, query),
        read_body=None if without is None else body_reader(message, without),
        write=writer_of(response, route.returns, names or Names()),
        narrow=narrowing(area, route),
        known=KnownFilters(message, response, query),
    )


def put(values: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a path such as `point.longitude` in nested dictionaries."""
    name, _, rest = path.partition(".")
    if rest:
        put(values.setdefault(name, {}), rest, value)
    else:
        values[name] = value


def _roots(query: Any) -> set[str]:
    return {path.partition(".")[0] for path in query.values()}


def _plain_fields(message: Descriptor, taken: frozenset[str]) -> dict[str, str]:
    fields = (f for f in message.fields if f.name not in taken)
    return {f.name: f.name for f in fields if is_plain(f) and map_of(f) is None}
