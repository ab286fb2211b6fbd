"""A life cycle: the verbs of an aggregate type with their states, and the changes of its events.

A use-case file declares its verbs and changes at its bottom; the aggregate's `__init__` joins the
files into one `LifeCycle`, whose `decide` and `evolve` are look-ups. Pure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as copy
from datetime import datetime
from functools import reduce
from typing import Any, Generic, Protocol, TypeVar, get_type_hints
from uuid import UUID

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidTransition, NotFound
from backbone.words.right import Right, require_role

S = TypeVar("S")
W = TypeVar("W")
C = TypeVar("C")
E = TypeVar("E")


class Also(Protocol):
    """Other aggregates that a decision may read: they are locked with its own, not written."""

    def one(self, key: UUID) -> Any | None:
        """The aggregate of this id, None if it does not exist."""

    def members(self, key: UUID) -> frozenset[UUID]:
        """The ids of the aggregates in the group of this key."""


def _nothing(command: Any) -> Iterable[UUID]:
    return ()


def _no_better_reason(aggregate: Any, command: Any) -> None:
    """Raise nothing, so that the refusal is INVALID_TRANSITION."""


def _nothing_known(aggregate: Any) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Verb(Generic[S, W]):
    """One command with the states that allow it; `states` is None if it creates the aggregate.

    `reasons` are all refusals that `decide` raises. `otherwise` may raise a more specific refusal
    than INVALID_TRANSITION. `also` gives the ids that are locked and readable with the aggregate.
    `discloses` marks an answer that shows personal data: a repeat of it is decided again. `likely`
    gives fields of a command that fits the aggregate, where any text would not do. `amends` is that
    of the function of this name.
    """

    command: type[Any]
    states: frozenset[str] | None
    decide: Callable[[Any, Any, datetime, W], Sequence[Any]]
    reasons: tuple[str, ...] = ()
    otherwise: Callable[[Any, Any], None] = _no_better_reason
    also: Callable[[Any], Iterable[UUID]] = _nothing
    discloses: bool = False
    likely: Callable[[Any], Mapping[str, Any]] = _nothing_known
    amends: bool = False


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """The function that applies one type of event to the aggregate."""

    event: type[Any]
    evolve: Callable[[Any, Any], S]


def verb(
    states: Iterable[str],
    decide: Callable[[S, C, datetime, W], Sequence[Any]],
    *reasons: str,
    otherwise: Callable[[S, C], None] = _no_better_reason,
    also: Callable[[C], Iterable[UUID]] = _nothing,
    discloses: bool = False,
    likely: Callable[[S], Mapping[str, Any]] = _nothing_known,
) -> Verb[S, W]:
    """A verb of an existing aggregate; its command is the type of `decide`'s `command`."""
    command = get_type_hints(decide)["command"]
    return Verb(command, frozenset(states), decide, reasons, otherwise, also, discloses, likely)


def amends(
    states: Iterable[str],
    decide: Callable[[S, C, datetime, W], Sequence[Any]],
    *reasons: str,
    otherwise: Callable[[S, C], None] = _no_better_reason,
) -> Verb[S, W]:
    """A verb of an existing aggregate that changes facts: with those that stand already it is done,
    and causes no event."""
    return copy(verb(states, decide, *reasons, otherwise=otherwise), amends=True)


def creates(
    decide: Callable[[S | None, C, datetime, W], Sequence[Any]],
    *reasons: str,
    also: Callable[[C], Iterable[UUID]] = _nothing,
) -> Verb[S, W]:
    """A verb that creates the aggregate; `decide` must refuse if the aggregate exists."""
    return Verb(get_type_hints(decide)["command"], None, decide, reasons, also=also)


def change(evolve: Callable[[S, E], S]) -> Change[S]:
    """The change of an event, which is the type of `evolve`'s `event`."""
    return Change(get_type_hints(evolve)["event"], evolve)


def begins(evolve: Callable[[E], S]) -> Change[S]:
    """The change of a first event; `evolve` returns the aggregate with version 0."""
    return Change(get_type_hints(evolve)["event"], lambda aggregate, event: evolve(event))


@dataclass(frozen=True)
class LifeCycle(Generic[S, W]):
    """All verbs and changes of one aggregate type.

    `missing` is the reason for NotFound if the aggregate does not exist. `guard` raises NotFound
    for an actor who may not know of the aggregate; `rights` are those of its commands by their
    name: a person whose role has none hears ROLE_MAY_NOT. Both check every repeat. `before` applies
    the effects that an event has by its kind, such as stopping clocks, before its own change;
    `finish` sets the derived fields of the record after it.
    """

    parts: tuple[Any, ...]  # modules that declare VERBS, CHANGES or both
    missing: str
    guard: Callable[[S, Any], None]
    rights: Mapping[str, Right] = field(default_factory=dict)
    before: Callable[[S, Any], S] = lambda aggregate, event: aggregate
    finish: Callable[[S], S] = lambda aggregate: aggregate
    state_of: Callable[[S], str] = lambda aggregate: aggregate.state  # type: ignore[attr-defined]
    verbs: Mapping[type[Any], Verb[S, W]] = field(init=False, repr=False)
    changes: Mapping[type[Any], Change[S]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Raises ValueError, at import, if a verb or a change is declared twice."""
        verbs = _once(("command", each) for part in self.parts for each in _of(part, "VERBS"))
        changes = _once(("event", each) for part in self.parts for each in _of(part, "CHANGES"))
        object.__setattr__(self, "verbs", verbs)
        object.__setattr__(self, "changes", changes)

    def command(self, name: str) -> type[Any]:
        """The command of this name. Raises LookupError if no verb has it."""
        for command in self.verbs:
            if command.__name__ == name:
                return command
        raise LookupError(f"no verb is called {name}")

    def decide(self, aggregate: S | None, command: Any, now: datetime, world: W) -> list[Any]:
        """Return the events that the command causes, or raise a Refusal."""
        known = self.verbs[type(command)]
        if known.states is None:
            self._require_role(command)
            return [*known.decide(aggregate, command, now, world)]
        if aggregate is None:
            raise NotFound(self.missing)
        self._admit(aggregate, command)
        return self.judge(aggregate, command, now, world)

    def judge(self, aggregate: S, command: Any, now: datetime, world: W) -> list[Any]:
        """Decide the command of an actor who may know of the aggregate and whose role has the
        right."""
        known = self.verbs[type(command)]
        state = self.state_of(aggregate)
        if state not in (known.states or ()):
            known.otherwise(aggregate, command)
            raise InvalidTransition(
                "INVALID_TRANSITION", command=type(command).__name__, state=state
            )
        events = [*known.decide(aggregate, command, now, world)]
        return [] if known.amends and self._changes_nothing(aggregate, events) else events

    def _changes_nothing(self, aggregate: S, events: Sequence[Any]) -> bool:
        """Whether the aggregate is the same after these events, but for its version and time."""
        before: Any = aggregate
        after: Any = reduce(self.evolve, events, before)
        return bool(replace(after, version=before.version, time=before.time) == before)

    def is_for(self, command: type[Any], by: Any) -> bool:
        """Whether the role of `by` has the right to this command in any relation."""
        try:
            self._require_right(command, by)
        except Denied:
            return False
        return True

    def check_repeat(self, aggregate: S, command: Any, now: datetime, world: W) -> None:
        """Raise a Refusal if the caller of a repeat may no longer see the answer."""
        if self.verbs[type(command)].discloses:
            self.decide(aggregate, command, now, world)
        else:
            self._admit(aggregate, command)

    def _admit(self, aggregate: S, command: Any) -> None:
        self.guard(aggregate, command)
        self._require_role(command)

    def _require_role(self, command: Any) -> None:
        self._require_right(type(command), getattr(command, "by", None))

    def _require_right(self, command: type[Any], by: Any) -> None:
        if isinstance(by, Actor):
            require_role(self.rights.get(command.__name__), by)

    def evolve(self, aggregate: S | None, event: Any) -> S:
        """Return the aggregate after the event: the next version, at the event's time."""
        before = None if aggregate is None else self.before(aggregate, event)
        after: Any = self.changes[type(event)].evolve(before, event)
        return self.finish(replace(after, version=after.version + 1, time=event.time))


def _of(part: Any, name: str) -> tuple[Any, ...]:
    declared: tuple[Any, ...] = getattr(part, name, ())
    return declared


def _once(declared: Iterable[tuple[str, Any]]) -> dict[type[Any], Any]:
    found: dict[type[Any], Any] = {}
    for key, each in declared:
        kind = getattr(each, key)
        if kind in found:
            raise ValueError(f"{kind.__name__} is declared twice")
        found[kind] = each
    return found
