"""A route: one line of a table that maps an HTTP path to an RPC."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from starlette.requests import Request
from starlette.responses import Response

from backbone.words.rights import RIGHTS
from backbone.words.roles import Roles

PATIENCE = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`{name}` in the path and names in `query` are fields of the request message.

    `query` maps a query parameter to the path of a request field (`{"longitude":
    "point.longitude"}`); a GET takes its other plain fields as query parameters by itself.
    `always` sets request fields that a client cannot set. `returns` is the path of the response
    field that is the answer; without it a response with one message answers that message, and ""
    answers the whole response. `empty`: answer 204 when refused for this reason. `reveals` names
    the path field of a disclosure of personal data: it requires a purpose and is recorded.
    `by_another`: another person than an earlier one decides, so a key must say who acts.
    `says` puts sentences in the caller's language (`zh`, `en`) into the answer. `roles` are those
    of the RPC's row of rights; only where two routes share an RPC does each name its own.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    rpc: str
    roles: Roles = frozenset()
    status: int = 200
    query: Mapping[str, str] = field(default_factory=dict)
    always: Mapping[str, Any] = field(default_factory=dict)
    returns: str | None = None
    empty: str = ""
    is_write: bool = True
    public: bool = False
    reveals: str = ""
    by_another: bool = False
    says: Callable[[Any, str], None] | None = None
    patience: float = PATIENCE


@dataclass(frozen=True, slots=True)
class Area:
    """The routes of one service's contract; `service` is the name in `liandong status`.

    A route that names no roles admits those of its RPC's row in `backbone.words.rights`.
    """

    title: str
    service: str
    contract: ServiceDescriptor
    routes: tuple[Route, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "routes", tuple(map(self._admitting, self.routes)))

    def _admitting(self, route: Route) -> Route:
        right = RIGHTS.get(self.contract.name, {}).get(route.rpc)
        return route if route.roles or right is None else replace(route, roles=right.roles)

    def method_of(self, route: Route) -> MethodDescriptor:
        """The RPC of the route. Raises KeyError, at start, if the contract does not have it."""
        method: MethodDescriptor = self.contract.methods_by_name[route.rpc]
        return method


@dataclass(frozen=True, slots=True)
class Extra:
    """An endpoint without RPC; `described.yaml` describes it for the OpenAPI document.

    `mentions` are the messages whose schemas that description refers to.
    """

    method: str
    path: str
    endpoint: Callable[[Request], Awaitable[Response]]
    mentions: tuple[Any, ...] = ()


def get(path: str, rpc: str, roles: Roles = frozenset(), **more: Any) -> Route:
    """A route that reads, by GET."""
    return Route(method="GET", path=path, rpc=rpc, roles=roles, is_write=False, **more)


def post(path: str, rpc: str, roles: Roles = frozenset(), **more: Any) -> Route:
    """A route that writes: reads Idempotency-Key and If-Match, answers ETag and Liandong-Road."""
    return Route(method="POST", path=path, rpc=rpc, roles=roles, **more)
