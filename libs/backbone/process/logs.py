"""Structured logs: one JSON object per line, with the facts bound to the present task."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

import msgspec

from backbone.process import tracing

_bound: ContextVar[dict[str, object] | None] = ContextVar("bound", default=None)
_PLAIN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


@contextmanager
def bound(**facts: object) -> Iterator[None]:
    """Add these facts to every line that this task logs inside the block."""
    token = _bound.set({**(_bound.get() or {}), **facts})
    try:
        yield
    finally:
        _bound.reset(token)


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **_trace(),
            **(_bound.get() or {}),
            **{k: v for k, v in record.__dict__.items() if k not in _PLAIN},
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def _trace() -> dict[str, str]:
    trace = tracing.here()
    return {"trace_id": trace.trace_id} if trace else {}


def speak_json(level: str = "INFO") -> None:
    """Send all log lines to standard output as JSON."""
    # No line shows where it was logged, nor by which thread: finding it out costs half of a line.
    logging._srcfile = None  # as the standard library's guide says
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    if sys.version_info >= (3, 12):
        logging.logAsyncioTasks = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # They log every failed attempt to connect to a server that is not up yet.
    logging.getLogger("aiokafka").setLevel("CRITICAL")
    logging.getLogger("httpx").setLevel("WARNING")
