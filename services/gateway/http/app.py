"""The HTTP application: the endpoints of the route tables and the few extra ones."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from backbone.process.metrics import begin
from services.gateway.contract.described import query_of
from services.gateway.contract.openapi import document
from services.gateway.contract.plan import plan_of
from services.gateway.contract.words import read_words
from services.gateway.contract.writing import to_json
from services.gateway.http.addressed import require_known
from services.gateway.http.edge import Endpoint, guarded, unmatched
from services.gateway.http.endpoint import JSON, Gate, RpcEndpoint
from services.gateway.http.safe_headers import SafeHeaders
from services.gateway.http.table import RouteTable
from services.gateway.metrics import REVEALS
from services.gateway.routes.route import Area, Extra


def build_app(gate: Gate, areas: Sequence[Area], extras: Sequence[Extra]) -> Starlette:
    """Build the application: one table of all routes, and the OpenAPI document of it."""
    names = gate.reasons.names
    begin(REVEALS, {each.rpc for area in areas for each in area.routes if each.reveals})
    plans = [plan_of(area, route, names) for area in areas for route in area.routes]
    table = RouteTable()

    def add(method: str, path: str, endpoint: Endpoint) -> None:
        table.add(method, path, guarded(f"{method} {path}", endpoint, gate.reasons))

    for extra in extras:
        add(extra.method, extra.path, _kept_to(extra))
    for plan in plans:
        add(plan.route.method, plan.route.path, RpcEndpoint(plan, gate).serve)
    described = to_json(document(plans, extras, read_words()))

    async def openapi(request: Request) -> Response:
        return Response(described, 200, {"Cache-Control": "max-age=60"}, JSON)

    add("GET", "/openapi.json", openapi)
    app = Starlette(
        routes=[table],
        middleware=[Middleware(SafeHeaders)],
        exception_handlers={HTTPException: unmatched(gate.reasons)},
    )
    # Starlette would send a path with a slash too many elsewhere: to the host that a client names.
    app.router.redirect_slashes = False
    return app


def _kept_to(extra: Extra) -> Endpoint:
    """The endpoint, which refuses query parameters that its description does not have, as all
    routes of the contracts do."""
    names = query_of(extra.method, extra.path)
    if names is None:
        return extra.endpoint

    async def serve(request: Request) -> Response:
        require_known(request, names)
        return await extra.endpoint(request)

    return serve
