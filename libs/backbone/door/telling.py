"""A log line and a span for each request that the door has decided, in the trace of its cause."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.process import tracing
from backbone.process.tracing import Facts

log = logging.getLogger(__name__)


def tell_decided(
    requests: Sequence[Request[Any]], answers: Sequence[Outcome | None], began: int, by: str
) -> None:
    """`by` says how the requests came: call, event or clock; `began` is in nanoseconds.

    A clock whose aggregate was locked has no answer, and tells nothing.
    """
    if not (log.isEnabledFor(logging.INFO) or tracing.is_exported()):
        return
    ms = round((time.time_ns() - began) / 1e6, 1)
    for request, answer in zip(requests, answers, strict=True):
        if answer is not None:
            _tell(request, answer, began, {"by": by, "ms": ms, "batch": len(requests)})


def _tell(request: Request[Any], answer: Outcome, began: int, how: Facts) -> None:
    command = type(request.command).__name__
    facts: Facts = {"command": command, "reason": answer.reason, "version": answer.version}
    tracing.note(f"door {command}", request.traceparent, began, {**facts, **how})
    ids = {"of": request.aggregate_id, "trace_id": tracing.id_of(request.traceparent)}
    log.info("command.decided", extra={**facts, **how, **ids})
