"""The HTTP application: every endpoint of the tables and the few that stand beside them."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.contract.openapi import document
from services.gateway.contract.plan import plan_of
from services.gateway.contract.words import read_words
from services.gateway.contract.writing import to_json
from services.gateway.http.edge import Endpoint, guarded, unmatched
from services.gateway.http.endpoint import JSON, Gate, RpcEndpoint
from services.gateway.http.table import RouteTable
from services.gateway.routes.route import Area, Extra


def build_app(gate: Gate, areas: Sequence[Area], extras: Sequence[Extra]) -> FastAPI:
    """FastAPI's routing and OpenAPI page around endpoints that are made, not written."""
    app = FastAPI(title="liandong 联动", openapi_url=None, docs_url=None, redoc_url=None)
    plans = [plan_of(area, route) for area in areas for route in area.routes]
    table = RouteTable()

    def add(method: str, path: str, endpoint: Endpoint) -> None:
        table.add(method, path, guarded(f"{method} {path}", endpoint, gate.reasons))

    for extra in extras:
        add(extra.method, extra.path, extra.endpoint)
    for plan in plans:
        add(plan.route.method, plan.route.path, RpcEndpoint(plan, gate).serve)
    described = to_json(document(plans, extras, read_words()))

    async def openapi(request: Request) -> Response:
        return Response(described, 200, {"Cache-Control": "max-age=60"}, JSON)

    add("GET", "/openapi.json", openapi)
    app.router.routes.append(table)
    app.add_exception_handler(HTTPException, unmatched(gate.reasons))
    return app
