"""Everything the door needs to know about one aggregate type."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec
from google.protobuf.message import Message

from backbone.door.journal import JournalRow, event_id, sealed
from backbone.door.request import Request
from backbone.door.table import Table
from backbone.life_cycle import Also, LifeCycle
from backbone.postgres.states import Proven
from backbone.wire import fill, stamp, to_record
from backbone.words.errors import InvalidArgument, Unavailable
from liandong.event.v1.event_pb2 import Meta

# Bytes. Larger events do not fit into a Kafka record; they are refused before they are journalled.
LARGEST_EVENT = 800_000


class Aggregate(Protocol):
    """The attributes of every aggregate."""

    @property
    def id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def time(self) -> datetime: ...


S = TypeVar("S", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class EventScope:
    """The readers of an event are those of its record (`backbone.words.sight`).

    `correlation` is the id of the matter that the event belongs to. `is_watched`: those who watch
    over the area see it, and not the auditor alone.
    """

    audience: tuple[str, ...]
    area: str
    correlation: str
    source: str = ""
    accused: str = ""
    is_watched: bool = True


def _unchanged(world: Any) -> Any:
    return world


@dataclass(frozen=True)
class Decider(Generic[S]):
    """One aggregate type: record, table, life cycle, and the message of its topic.

    `event` is the topic's message: `meta`, and a oneof whose messages are named like the domain's
    events. `world` builds the last argument of every `decide` from the aggregates locked with it.
    `kept` are the kinds of event whose name alone tells what not every reader of the record may
    know, with the scope of those who may.
    """

    record: type[S]
    table: Table[S]
    life_cycle: LifeCycle[S, Any]
    event: type[Message]
    kind: str  # CloudEvents types are `<kind>.<oneof field>.v1`
    topic: str
    scope: Callable[[S], EventScope]
    world: Callable[[Also], Any] = _unchanged
    kept: Mapping[type[Any], Callable[[S], EventScope]] = field(default_factory=dict)
    _fields: dict[str, str] = field(init=False, repr=False)
    _events: dict[str, type[Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Raises LookupError, at start, for an event of the life cycle that the topic lacks."""
        kinds: Any = self.event.DESCRIPTOR.oneofs_by_name["kind"].fields
        fields = {each.message_type.name: each.name for each in kinds}
        events = {each.__name__: each for each in self.life_cycle.changes}
        if unknown := events.keys() - fields.keys():
            raise LookupError(f"{self.event.DESCRIPTOR.name} has no {', '.join(sorted(unknown))}")
        object.__setattr__(self, "_fields", fields)
        object.__setattr__(self, "_events", events)

    def decide(self, aggregate: S | None, command: Any, now: datetime, also: Also) -> list[Any]:
        """Return the events that the command causes, or raise a Refusal."""
        return self.life_cycle.decide(aggregate, command, now, self.world(also))

    def judge(self, aggregate: S, command: Any, now: datetime, also: Also) -> list[Any]:
        """Decide the command of an actor who is admitted."""
        return self.life_cycle.judge(aggregate, command, now, self.world(also))

    def check_repeat(self, aggregate: S, command: Any, now: datetime, also: Also) -> None:
        """Raise a Refusal if the caller of a repeat may no longer see the answer."""
        self.life_cycle.check_repeat(aggregate, command, now, self.world(also))

    def evolve(self, aggregate: S | None, event: Any) -> S:
        """Return the state after the event."""
        return self.life_cycle.evolve(aggregate, event)

    def also(self, command: Any) -> Iterable[UUID]:
        """The ids that are locked and readable together with the command's aggregate."""
        known = self.life_cycle.verbs[type(command)]
        return known.also(command)

    def discloses(self, command: Any) -> bool:
        """Whether the answer to this command shows personal data."""
        return self.life_cycle.verbs[type(command)].discloses

    def to_doc(self, state: S) -> str:
        """The document of a state, as JSON."""
        return msgspec.json.encode(state).decode()

    def from_doc(self, doc: str | bytes, shape: int) -> S:
        """Read a document of the present or an older shape.

        Raises Unavailable for a shape that only a newer process can read, ValueError or TypeError
        for a document that no release has written.
        """
        if shape == self.table.shape:
            return msgspec.json.decode(doc, type=self.record)
        if shape > self.table.shape:
            raise Unavailable("NEWER_SHAPE", table=self.table.name, shape=shape)
        older = msgspec.json.decode(doc)
        return msgspec.convert(self.table.upgrade(older, shape), self.record, str_keys=True)

    def from_row(self, row: Proven) -> S:
        """Read a row that was proven, once; raises as `from_doc` does."""
        return self.from_doc(row.doc, row.shape) if row.state is None else row.state

    def journalled(
        self, before: S | None, events: Sequence[Any], request: Request[Any], previous: bytes
    ) -> tuple[S | None, list[JournalRow]]:
        """The state after these events of one act, and their rows; raises as `journal_row` does."""
        end, states, rows = before, list[S](), list[JournalRow]()
        for event in events:
            states.append(end := self.evolve(end, event))
        for event, state in zip(events, states, strict=True):
            rows.append(self.journal_row(state, event, request, previous, end))
            previous = rows[-1].hash
        return end, rows

    def journal_row(
        self, state: S, event: Any, request: Request[Any], previous: bytes, end: S | None = None
    ) -> JournalRow:
        """The journal row of the event that led to this state; `previous` is the last row's hash.

        The state at the `end` of the act decides who hears of it: the first event of an act that
        begins to accuse a unit is no more for that unit than its last one is. Its payload is the
        exact Kafka value. Raises InvalidArgument if the payload is too large.
        """
        scope = self.kept.get(type(event), self.scope)(state if end is None else end)
        if end is not None and end is not state:
            scope = replace(scope, correlation=self.scope(state).correlation)
        name = self._fields[type(event).__name__]
        payload = self._payload(state, event, request, scope)
        if len(payload) > LARGEST_EVENT:
            raise InvalidArgument("TOO_LARGE", bytes=len(payload), most=LARGEST_EVENT)
        record = JournalRow(
            aggregate_id=request.aggregate_id,
            version=state.version,
            kind=f"{self.kind}.{name}.v1",
            payload=payload,
            request_id=request.request_id,
            actor=request.actor,
            time=state.time,
            correlation_id=scope.correlation,
            causation_id=request.cause,
            traceparent=request.traceparent,
        )
        return sealed(record, previous)

    def _payload(self, state: S, event: Any, request: Request[Any], scope: EventScope) -> bytes:
        name = self._fields[type(event).__name__]
        message: Any = self.event()
        meta: Meta = message.meta
        meta.event_id = str(event_id(self.kind, request.aggregate_id, state.version))
        meta.aggregate_id = str(request.aggregate_id)
        meta.version = state.version
        stamp(meta.time, state.time)
        meta.actor, meta.unit = request.actor.user, request.actor.unit
        meta.request_id = str(request.request_id)
        meta.correlation_id, meta.causation_id = scope.correlation, request.cause
        meta.audience.extend(scope.audience)
        meta.traceparent = request.traceparent
        if scope.is_watched and not scope.accused:
            meta.area = scope.area
        else:
            meta.audited_area = scope.area
        meta.source, meta.accused = scope.source, scope.accused
        body = getattr(message, name)
        body.SetInParent()
        fill(body, event)
        payload: bytes = message.SerializeToString()
        return payload

    def from_event(self, payload: bytes) -> Any:
        """Return the domain event that a journal row holds.

        Raises Unavailable for a kind of event that only a newer process knows.
        """
        message: Any = self.event.FromString(payload)
        field = message.WhichOneof("kind")
        if field is None:
            version = message.meta.version
            raise Unavailable("NEWER_EVENT", table=self.table.name, version=version)
        body = getattr(message, field)
        kind: Any = self._events[body.DESCRIPTOR.name]
        more: dict[str, Any] = {"time": message.meta.time.ToDatetime(UTC)}
        if "id" in kind.__struct_fields__ and "id" not in body.DESCRIPTOR.fields_by_name:
            more["id"] = UUID(message.meta.aggregate_id)
        return to_record(body, kind, **more)

    def fold(self, payloads: Iterable[bytes]) -> S | None:
        """Return the state after all journal rows of one aggregate, None for no rows.

        Raises as `from_event` does.
        """
        aggregate: S | None = None
        for payload in payloads:
            aggregate = self.evolve(aggregate, self.from_event(payload))
        return aggregate


def require_every_change(deciders: Sequence[Decider[Any]]) -> None:
    """Raises LookupError, at start, for an event of a topic that changes no aggregate."""
    known = {event.__name__ for each in deciders for event in each.life_cycle.changes}
    for decider in deciders:
        kinds: Any = decider.event.DESCRIPTOR.oneofs_by_name["kind"].fields
        if lacking := {each.message_type.name for each in kinds} - known:
            raise LookupError(f"no change for {', '.join(sorted(lacking))}")
