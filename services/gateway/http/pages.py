"""/healthz and /readyz on the public port, answered by the pulse."""

from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from backbone.process.pulse import Pulse
from services.gateway.contract.writing import to_json
from services.gateway.http.endpoint import JSON
from services.gateway.routes.route import Extra


def extras_of(pulse: Pulse) -> tuple[Extra, ...]:
    return (
        Extra("GET", "/healthz", partial(_say, pulse.dead)),
        Extra("GET", "/readyz", partial(_say, pulse.unready)),
    )


async def _say(flaws: Callable[[], list[str]], request: Request) -> Response:
    reasons = flaws()
    return Response(to_json({"gateway": reasons}), 503 if reasons else 200, media_type=JSON)
