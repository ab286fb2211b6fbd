"""One log line and one span for each finished gRPC call: method, status, reason, duration, role."""

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from backbone.process import tracing
from backbone.words.errors import Refusal

log = logging.getLogger(__name__)


@contextmanager
def finishing(method: str, metadata: Iterable[tuple[str, Any]]) -> Iterator[None]:
    """The block answers a call, in the trace of its caller."""
    said = dict(metadata)
    role = str(said.get("liandong-role", ""))
    began = time.perf_counter()
    status, reason = "OK", ""
    with tracing.span(method, str(said.get(tracing.HEADER, "")), "server") as span:
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            status = "CANCELLED"
            raise
        except Exception as error:
            status, reason = _end_of(error)
            raise
        finally:
            span.facts |= {"rpc.method": method, "status": status, "reason": reason, "role": role}
            ms = round(1000 * (time.perf_counter() - began), 1)
            told = {"method": method, "status": status, "reason": reason, "ms": ms, "role": role}
            log.info("call.finished", extra=told)


def _end_of(error: Exception) -> tuple[str, str]:
    """The kind of the refusal and its stable reason; other errors are answered as such."""
    if isinstance(error, Refusal):
        return type(error).__name__, error.reason
    if isinstance(error, NotImplementedError):
        return "NotImplemented", "NOT_IMPLEMENTED"
    if isinstance(error, grpc.aio.AbortError):
        return "Aborted", ""
    return "Broken", "INTERNAL"
