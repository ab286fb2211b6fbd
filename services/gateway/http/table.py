"""All routes as one: a path finds its endpoint in one step per segment, however many there are.

Starlette tries one regular expression after another, which costs more than reading the request.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class _Node:
    """One place in the tree of segments; `{name}` and `{name}:verb` stand under `any`."""

    __slots__ = ("any", "endpoints", "is_verb", "names", "segments")

    def __init__(self, *, is_verb: bool = False) -> None:
        self.is_verb = is_verb
        self.segments: dict[str, _Node] = {}
        self.any: dict[str, _Node] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.names: tuple[str, ...] = ()


class RouteTable(BaseRoute):
    """A route to Starlette, a table to us."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, method: str, path: str, endpoint: Endpoint) -> None:
        """Raises ValueError for a path that is taken already."""
        node, names = self._root, []
        for segment in path.split("/")[1:]:
            if segment.startswith("{"):
                name, _, verb = segment[1:].partition("}")
                names.append(name)
                node = node.any.setdefault(verb, _Node(is_verb=bool(verb)))
            else:
                node = node.segments.setdefault(segment, _Node(is_verb=":" in segment))
        if method in node.endpoints or (node.endpoints and node.names != tuple(names)):
            raise ValueError(f"{method} {path} is taken, or names its parts differently")
        node.endpoints[method], node.names = endpoint, tuple(names)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        found = self._find(scope["path"])
        if found is None:
            return Match.NONE, {}
        node, values = found
        params = dict(zip(node.names, values, strict=True))
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        child: dict[str, Any] = {"path_params": params, "liandong.methods": sorted(node.endpoints)}
        if method in node.endpoints:
            return Match.FULL, {**child, "endpoint": node.endpoints[method]}
        # A verb that there is not has been read as a part of an id.
        unknown = ":" in scope["path"].rpartition("/")[2] and not node.is_verb
        return (Match.NONE, {}) if unknown else (Match.PARTIAL, child)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "endpoint" not in scope:
            allowed = ", ".join(scope["liandong.methods"])
            raise HTTPException(405, headers={"Allow": allowed})
        response = await scope["endpoint"](Request(scope, receive, send))
        await response(scope, receive, send)

    def _find(self, path: str) -> tuple[_Node, list[str]] | None:
        node, values = self._root, []
        for segment in path.split("/")[1:]:
            fixed = node.segments.get(segment)
            if fixed is not None:
                node = fixed
                continue
            value, colon, verb = segment.rpartition(":")
            known = node.any.get(colon + verb) if colon else None
            if known is None:  # an id may hold a colon itself
                known, value = node.any.get(""), segment
            if known is None or not value:
                return None
            node = known
            values.append(value)
        return (node, values) if node.endpoints else None
