"""What a route is: one line of a table that joins an HTTP path to an RPC."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from starlette.requests import Request
from starlette.responses import Response

from backbone.words.roles import Roles

PATIENCE = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`{name}` in the path and names in `query` are fields of the request message.

    `query` maps a query parameter to the path of a request field (`{"longitude":
    "point.longitude"}`); a GET takes its other plain fields as query parameters by itself.
    `always` fixes request fields, which then nobody else can set. `returns` is the path of the
    response field that is the answer; by itself a response of one message is that message, and ""
    keeps the whole response. `empty` is a refusal that means 204: there is nothing. `reveals` names
    the path field whose personal data is disclosed: a purpose is demanded and put on record.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    rpc: str
    roles: Roles
    status: int = 200
    query: Mapping[str, str] = field(default_factory=dict)
    always: Mapping[str, Any] = field(default_factory=dict)
    returns: str | None = None
    empty: str = ""
    is_write: bool = True
    public: bool = False
    reveals: str = ""
    patience: float = PATIENCE


@dataclass(frozen=True, slots=True)
class Area:
    """The routes of one service's contract; `service` is the name in `liandong status`."""

    title: str
    service: str
    contract: ServiceDescriptor
    routes: tuple[Route, ...]

    def method_of(self, route: Route) -> MethodDescriptor:
        """Raises KeyError, at start, for an RPC that the contract does not have."""
        method: MethodDescriptor = self.contract.methods_by_name[route.rpc]
        return method


@dataclass(frozen=True, slots=True)
class Extra:
    """An endpoint that is not an RPC; `described.yaml` says for the OpenAPI document what it is.

    `mentions` are the messages whose schemas those words refer to.
    """

    method: str
    path: str
    endpoint: Callable[[Request], Awaitable[Response]]
    mentions: tuple[Any, ...] = ()


def get(path: str, rpc: str, roles: Roles, **more: Any) -> Route:
    """A route that reads."""
    return Route(method="GET", path=path, rpc=rpc, roles=roles, is_write=False, **more)


def post(path: str, rpc: str, roles: Roles, **more: Any) -> Route:
    """A route that writes: takes Idempotency-Key and If-Match, answers ETag and Liandong-Road."""
    return Route(method="POST", path=path, rpc=rpc, roles=roles, **more)
