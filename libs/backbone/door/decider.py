"""The decider: what a service hands to the door. All the rest of a service stands around it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from google.protobuf.message import Message

from backbone.door.journal import event_id
from backbone.door.outcomes import Row
from backbone.door.request import Request
from backbone.wire import fill, to_record
from liandong.event.v1.event_pb2 import Meta


class Aggregate(Protocol):
    """What the door must know of every aggregate; its key is called `id`."""

    @property
    def version(self) -> int: ...
    @property
    def time(self) -> datetime: ...


S = TypeVar("S", bound=Aggregate)
C = TypeVar("C")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Scope:
    """Who may see an event of an aggregate: these units, and those who watch over the area.

    `correlation` is the id of the matter that it belongs to.
    """

    audience: tuple[str, ...]
    area: str
    correlation: str


@dataclass(frozen=True)
class Decider(Generic[S, C, E]):
    """Two pure functions, the record that is a row of `table`, and the message of the topic.

    `event` is the topic's message: `meta`, and a oneof whose messages are named like the domain's
    events. `decide` raises a Refusal or returns events; `evolve` never fails.
    """

    table: str
    record: type[S]
    event: type[Message]
    kind: str  # CloudEvents types are `<kind>.<oneof field>.v1`
    decide: Callable[[S | None, C, datetime], list[E]]
    evolve: Callable[[S | None, E], S]
    scope: Callable[[S], Scope]
    _fields: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        kinds: Any = self.event.DESCRIPTOR.oneofs_by_name["kind"].fields
        object.__setattr__(self, "_fields", {f.message_type.name: f.name for f in kinds})

    def to_row(self, state: S) -> Row:
        row: Row = msgspec.to_builtins(state)
        return row

    def from_row(self, row: Row) -> S:
        """Raises msgspec.ValidationError for a row that no present code has written."""
        return msgspec.convert(row, self.record)

    def to_event(self, state: S, event: E, request: Request[C], scope: Scope) -> tuple[str, bytes]:
        """Return the kind and the exact Kafka value of the event that led to this state."""
        name = self._fields[type(event).__name__]
        message: Any = self.event()
        meta: Meta = message.meta
        meta.event_id = str(event_id(self.kind, request.aggregate_id, state.version))
        meta.aggregate_id = str(request.aggregate_id)
        meta.version = state.version
        meta.time.FromDatetime(state.time)
        meta.actor, meta.unit = request.actor.user, request.actor.unit
        meta.request_id = str(request.request_id)
        meta.correlation_id, meta.causation_id = scope.correlation, request.cause
        meta.audience.extend(scope.audience)
        meta.area = scope.area
        body = getattr(message, name)
        body.SetInParent()
        fill(body, event)
        return f"{self.kind}.{name}.v1", message.SerializeToString()

    def from_event(self, payload: bytes, kinds: dict[str, type[E]]) -> E:
        """Return the domain event that a journal row holds, for replay and audit."""
        message: Any = self.event.FromString(payload)
        body = getattr(message, message.WhichOneof("kind"))
        time = message.meta.time.ToDatetime(UTC)
        return to_record(body, kinds[body.DESCRIPTOR.name], time=time)
