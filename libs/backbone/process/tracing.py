"""W3C trace context: the call that the present work belongs to, in each log line and on each wire.

The context variable goes with a task and the tasks that it starts. What crosses a queue or a
process carries the text of `traceparent` with it.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeAlias

HEADER = "traceparent"
SHAPE = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class Trace:
    """One span of a trace."""

    trace_id: str
    span_id: str
    flags: int = SAMPLED

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"

    def child(self) -> "Trace":
        return Trace(self.trace_id, secrets.token_hex(8), self.flags)


Facts: TypeAlias = dict[str, str | int | float]


@dataclass(slots=True)
class Span:
    """A finished or running piece of work; `kind` is server, client, producer, consumer or
    internal. `facts` hold codes and numbers, never what a person has said."""

    name: str
    trace: Trace
    parent: Trace | None
    kind: str = "internal"
    began: int = field(default_factory=time.time_ns)
    ended: int = 0
    failed: bool = False
    facts: Facts = field(default_factory=dict)


Export = Callable[[Span], None]

_here: ContextVar[Trace | None] = ContextVar("trace", default=None)
_exports: list[Export] = []


def read(traceparent: str) -> Trace | None:
    """The trace in a header; None for an empty or malformed one, as W3C wants it."""
    match = SHAPE.fullmatch(traceparent)
    return Trace(match[1], match[2], int(match[3], 16)) if match else None


def here() -> Trace | None:
    return _here.get()


def traceparent() -> str:
    """The header for what the present work asks others to do; empty outside of any trace."""
    trace = _here.get()
    return trace.traceparent if trace else ""


def id_of(traceparent: str) -> str:
    """The trace id in a header, for a log line about work of another context; empty if none."""
    trace = read(traceparent)
    return trace.trace_id if trace else ""


def follow(trace: Trace | None) -> None:
    """Let the rest of this task belong to the trace."""
    _here.set(trace)


def fresh() -> Trace:
    return Trace(secrets.token_hex(16), secrets.token_hex(8))


@contextmanager
def span(name: str, given: str = "", kind: str = "internal") -> Iterator[Span]:
    """The block is a span of the trace in `given`, or else of the present one, or of a new one."""
    before = _here.get()
    parent = read(given) or before
    piece = Span(name, parent.child() if parent else fresh(), parent, kind)
    _here.set(piece.trace)
    try:
        yield piece
    except BaseException:
        piece.failed = True
        raise
    finally:
        # Not by a token: a generator may be closed in another context than it began in.
        _here.set(before)
        tell(piece)


def is_exported() -> bool:
    """Whether spans go anywhere: if not, a span outside of any context need not be made."""
    return bool(_exports)


def note(name: str, given: str, began: int, facts: Facts, kind: str = "internal") -> None:
    """Tell of work that was done for several traces at once, for one of them."""
    parent = read(given)
    if parent is not None and _exports:
        tell(Span(name, parent.child(), parent, kind, began, facts=facts))


def tell(piece: Span) -> None:
    """Hand a finished span to the exporter, if there is one and the trace is sampled."""
    if not _exports or not piece.trace.flags & SAMPLED:
        return
    piece.ended = time.time_ns()
    for export in _exports:
        export(piece)


@contextmanager
def exporting(export: Export) -> Iterator[None]:
    """Hand the spans of this process to `export` inside the block."""
    _exports.append(export)
    try:
        yield
    finally:
        _exports.remove(export)
