"""The outermost layer of every endpoint: trace id, duration, log line, errors as problems."""

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import grpc
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from backbone.postgres.pool import is_transient
from services.gateway.http.problems import Problem, Reasons, answer_problem
from services.gateway.http.refusals import UNKNOWN, away, problem_of
from services.gateway.metrics import HTTP_SECONDS, PROBLEMS

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
UNMATCHED = "unmatched"
UNSERVED = {404: "NO_SUCH_PATH", 405: "METHOD_NOT_ALLOWED"}
# The status for a client that has disconnected; it is only counted, never received.
GONE = 499

log = logging.getLogger(__name__)


def trace_of(request: Request) -> str:
    """The trace id of the request: that of the client, or a new one."""
    trace = request.scope.get("liandong.trace")
    if trace is None:
        match = TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
        trace = request.scope["liandong.trace"] = match[1] if match else secrets.token_hex(16)
    return str(trace)


def traceparent(request: Request) -> tuple[str, str]:
    return "traceparent", f"00-{trace_of(request)}-{secrets.token_hex(8)}-01"


def pressed(request: Request) -> tuple[str, str]:
    """When the request reached us: services measure from it what a person waits for."""
    return "liandong-pressed", f"{request.scope.get('liandong.pressed', 0.0):.3f}"


def guarded(label: str, endpoint: Endpoint, reasons: Reasons) -> Endpoint:
    """Wrap the endpoint: every exception becomes a problem in the caller's language."""

    async def serve(request: Request) -> Response:
        began = time.perf_counter()
        request.scope["liandong.pressed"] = time.time()
        try:
            response = await endpoint(request)
        except Exception as error:  # noqa: BLE001 - no traceback may reach a client
            response = _refuse(label, request, error, reasons)
        kind = f"{response.status_code // 100}xx"
        HTTP_SECONDS.labels(request.method, kind).observe(time.perf_counter() - began)
        return response

    return serve


def unmatched(reasons: Reasons) -> Callable[[Request, Exception], Response]:
    """The handler for requests that match no route."""

    def refuse(request: Request, error: Exception) -> Response:
        return _refuse(UNMATCHED, request, error, reasons)

    return refuse


def _refuse(label: str, request: Request, error: Exception, reasons: Reasons) -> Response:
    if isinstance(error, ClientDisconnect):
        return Response(status_code=GONE)
    problem = to_problem(error)
    PROBLEMS.labels(problem.status, problem.reason).inc()
    fields = {"route": label, "trace_id": trace_of(request), "reason": problem.reason}
    if problem.status >= 500 and problem.status != 503:
        log.error("request.failed", extra=fields, exc_info=error)
    else:
        log.info("request.refused", extra=fields)
    return answer_problem(request, problem, reasons, trace_of(request))


def to_problem(error: Exception) -> Problem:
    """Map transient errors to 503, which the caller may repeat, and unexpected ones to 500."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, grpc.aio.AioRpcError):
        return problem_of(error)
    if isinstance(error, HTTPException):
        reason = UNSERVED.get(error.status_code, "INTERNAL")
        return Problem(error.status_code, reason, headers=error.headers or {})
    if is_transient(error):
        return away(UNKNOWN, is_write=True)
    return Problem(500, "INTERNAL")
