"""The HTTP application: every endpoint of the tables and the few that stand beside them."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.edge import Endpoint, guarded, unmatched
from services.gateway.endpoint import JSON, Gate, RpcEndpoint
from services.gateway.openapi import document
from services.gateway.plan import plan_of
from services.gateway.route import Area, Extra
from services.gateway.words import read_words
from services.gateway.writing import to_json


def build_app(gate: Gate, areas: Sequence[Area], extras: Sequence[Extra]) -> FastAPI:
    """FastAPI's routing and OpenAPI page around endpoints that are made, not written."""
    app = FastAPI(title="liandong 联动", openapi_url=None, docs_url=None, redoc_url=None)
    plans = [plan_of(area, route) for area in areas for route in area.routes]
    for extra in extras:
        _add(app, gate, f"{extra.method} {extra.path}", extra.endpoint)
    # The most particular path first: `/{id}:claim` would be an id to `/{id}`.
    for plan in sorted(plans, key=lambda plan: -len(plan.route.path)):
        _add(app, gate, plan.label, RpcEndpoint(plan, gate).serve)
    described = to_json(document(plans, extras, read_words()))

    async def openapi(request: Request) -> Response:
        return Response(described, 200, {"Cache-Control": "max-age=60"}, JSON)

    _add(app, gate, "GET /openapi.json", openapi)
    app.add_exception_handler(HTTPException, unmatched(gate.reasons))
    return app


def _add(app: FastAPI, gate: Gate, label: str, endpoint: Endpoint) -> None:
    method, _, path = label.partition(" ")
    app.router.add_route(path, guarded(label, endpoint, gate.reasons), methods=[method])
