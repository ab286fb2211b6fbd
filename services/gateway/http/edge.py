"""The outermost layer of every endpoint: trace id, duration, log line, errors as problems."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import grpc
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from backbone.postgres.pool import is_transient
from backbone.process import tracing
from services.gateway.contract.naming import ASKED
from services.gateway.http.incoming import require_headers
from services.gateway.http.problems import Problem, Reasons, answer_problem, language_of
from services.gateway.http.refusals import UNKNOWN, away, problem_of
from services.gateway.metrics import HTTP_SECONDS, PROBLEMS

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

UNMATCHED = "unmatched"
UNSERVED = {404: "NO_SUCH_PATH", 405: "METHOD_NOT_ALLOWED"}
FINISHED = "request.finished"
READING = ("GET", "HEAD")
# The status for a client that has disconnected; it is only counted, never received.
GONE = 499

log = logging.getLogger(__name__)


# Where the endpoint notes the role of its caller, for the log line: who by role, not by name.
ROLE = "liandong.role"


def trace_of(request: Request) -> str:
    """The trace id of the request: that of the client, or a new one."""
    trace = tracing.here() or tracing.read(request.headers.get(tracing.HEADER, ""))
    if trace is None:
        tracing.follow(trace := tracing.fresh())
    return trace.trace_id


def pressed(request: Request) -> tuple[str, str]:
    """When the request reached us: services measure from it what a person waits for."""
    return "liandong-pressed", f"{request.scope.get('liandong.pressed', 0.0):.3f}"


def guarded(label: str, endpoint: Endpoint, reasons: Reasons) -> Endpoint:
    """Wrap the endpoint: every exception becomes a problem in the caller's language."""

    async def serve(request: Request) -> Response:
        began = time.perf_counter()
        request.scope["liandong.pressed"] = time.time()
        ASKED.set(language_of(request.headers.get("accept-language", "")))
        with tracing.span(label, request.headers.get(tracing.HEADER, ""), "server") as span:
            reason, error = "", None
            try:
                require_headers(request)
                response = await endpoint(request)
            except Exception as raised:  # noqa: BLE001 - no traceback may reach a client
                response, reason, error = _refuse(request, raised, reasons)
            seconds = time.perf_counter() - began
            kind = f"{response.status_code // 100}xx"
            HTTP_SECONDS.labels(request.method, kind).observe(seconds)
            told: tracing.Facts = {"status": response.status_code, "reason": reason}
            told["role"] = request.scope.get(ROLE, "")
            span.facts |= {"http.route": label, **told}
            told |= {"route": label, "ms": round(1000 * seconds, 1)}
            log.log(logging.ERROR if error else logging.INFO, FINISHED, exc_info=error, extra=told)
        tracing.follow(span.trace)  # the body of a stream is written after its answer
        return response

    return serve


def unmatched(reasons: Reasons) -> Callable[[Request, Exception], Response]:
    """The handler for requests that match no route."""

    def refuse(request: Request, error: Exception) -> Response:
        trace_of(request)
        try:
            require_headers(request)
        except Problem as flaw:
            error = flaw
        response, reason, _ = _refuse(request, error, reasons)
        told = {"route": UNMATCHED, "status": response.status_code, "reason": reason}
        log.info(FINISHED, extra=told)
        return response

    return refuse


def _refuse(
    request: Request, error: Exception, reasons: Reasons
) -> tuple[Response, str, Exception | None]:
    """The answer, its reason, and the error if it is a bug of ours."""
    if isinstance(error, ClientDisconnect):
        return Response(status_code=GONE), "CLIENT_GONE", None
    problem = to_problem(error, is_write=request.method not in READING)
    try:
        answer = answer_problem(request, problem, reasons, trace_of(request))
    except Exception as unsayable:  # noqa: BLE001 - what no sentence can say is refused all the same
        problem, error = Problem(500, "INTERNAL"), unsayable
        answer = answer_problem(request, problem, reasons, trace_of(request))
    PROBLEMS.labels(problem.status).inc()
    is_bug = problem.status >= 500 and problem.status != 503
    return answer, problem.reason, error if is_bug else None


def to_problem(error: Exception, *, is_write: bool) -> Problem:
    """Map transient errors to 503, which the caller may repeat, and unexpected ones to 500."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, grpc.aio.AioRpcError):
        return problem_of(error, is_write=is_write)
    if isinstance(error, HTTPException):
        reason = UNSERVED.get(error.status_code, "INTERNAL")
        return Problem(error.status_code, reason, headers=error.headers or {})
    if is_transient(error):
        return away(UNKNOWN, is_write=is_write)
    return Problem(500, "INTERNAL")
