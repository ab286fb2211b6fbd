"""A life cycle: which verb is allowed in which state, what it decides, and what an event changes.

A use-case file declares its verbs and changes at its bottom; the aggregate's `__init__` joins the
files into one `LifeCycle`, whose `decide` and `evolve` are look-ups. Pure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, get_type_hints
from uuid import UUID

from msgspec.structs import replace

from backbone.words.errors import InvalidTransition, NotFound

S = TypeVar("S")
W = TypeVar("W")
C = TypeVar("C")
E = TypeVar("E")


class Also(Protocol):
    """What a decision may look at beside its own aggregate: locked with it, not written by it."""

    def one(self, key: UUID) -> Any | None:
        """The aggregate of this id, None where there is none."""

    def members(self, key: UUID) -> frozenset[UUID]:
        """The ids of the aggregates that belong to the group of this key."""


def _nothing(command: Any) -> Iterable[UUID]:
    return ()


def _no_better_reason(found: Any, command: Any) -> None:
    """The state alone is the reason of the refusal."""


@dataclass(frozen=True, slots=True)
class Verb(Generic[S, W]):
    """One command: `states` is None where it creates the aggregate.

    `reasons` are all refusals that `decide` raises. `otherwise` may raise a more telling refusal
    than INVALID_TRANSITION. `also` names the ids that are locked and readable with the aggregate.
    `discloses` marks an answer that shows personal data: a repeat of it is decided anew.
    """

    command: type[Any]
    states: frozenset[str] | None
    decide: Callable[[Any, Any, datetime, W], Sequence[Any]]
    reasons: tuple[str, ...] = ()
    otherwise: Callable[[Any, Any], None] = _no_better_reason
    also: Callable[[Any], Iterable[UUID]] = _nothing
    discloses: bool = False


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """What one event makes of the aggregate."""

    event: type[Any]
    evolve: Callable[[Any, Any], S]


def verb(
    states: Iterable[str],
    decide: Callable[[S, C, datetime, W], Sequence[Any]],
    *reasons: str,
    otherwise: Callable[[S, C], None] = _no_better_reason,
    also: Callable[[C], Iterable[UUID]] = _nothing,
    discloses: bool = False,
) -> Verb[S, W]:
    """A verb of an aggregate that exists; its command is the type of `decide`'s `command`."""
    command = get_type_hints(decide)["command"]
    return Verb(command, frozenset(states), decide, reasons, otherwise, also, discloses)


def creates(
    decide: Callable[[S | None, C, datetime, W], Sequence[Any]], *reasons: str
) -> Verb[S, W]:
    """A verb that begins a life; `decide` refuses where the aggregate exists already."""
    return Verb(get_type_hints(decide)["command"], None, decide, reasons)


def change(evolve: Callable[[S, E], S]) -> Change[S]:
    """The change of an event; the event is the type of `evolve`'s `event`."""
    return Change(get_type_hints(evolve)["event"], evolve)


def begins(evolve: Callable[[E], S]) -> Change[S]:
    """The change of the first event; its aggregate has version 0 before it is finished."""
    return Change(get_type_hints(evolve)["event"], lambda found, event: evolve(event))


@dataclass(frozen=True)
class LifeCycle(Generic[S, W]):
    """All verbs and changes of one aggregate type.

    `missing` is the reason where the aggregate does not exist. `guard` raises NotFound for a
    command whose actor may not know of the aggregate; it also judges every repeat. `before` does
    what an event does by its kind, such as stopping clocks, before its own change; `finish` derives
    what follows from the rest of the record, after it.
    """

    parts: tuple[Any, ...]  # modules that declare VERBS, CHANGES or both
    missing: str
    guard: Callable[[S, Any], None]
    before: Callable[[S, Any], S] = lambda found, event: found
    finish: Callable[[S], S] = lambda found: found
    state_of: Callable[[S], str] = lambda found: found.state  # type: ignore[attr-defined]
    verbs: Mapping[type[Any], Verb[S, W]] = field(init=False, repr=False)
    changes: Mapping[type[Any], Change[S]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Raises ValueError, at import, for a verb or a change that is declared twice."""
        verbs = _once(("command", each) for part in self.parts for each in _of(part, "VERBS"))
        changes = _once(("event", each) for part in self.parts for each in _of(part, "CHANGES"))
        object.__setattr__(self, "verbs", verbs)
        object.__setattr__(self, "changes", changes)

    def command(self, name: str) -> type[Any]:
        """The command of this name. Raises LookupError for a name that no verb has."""
        for command in self.verbs:
            if command.__name__ == name:
                return command
        raise LookupError(f"no verb is called {name}")

    def decide(self, found: S | None, command: Any, now: datetime, world: W) -> list[Any]:
        """Return the events that the command causes, or raise a Refusal."""
        known = self.verbs[type(command)]
        if known.states is None:
            return [*known.decide(found, command, now, world)]
        if found is None:
            raise NotFound(self.missing)
        self.guard(found, command)
        state = self.state_of(found)
        if state not in known.states:
            known.otherwise(found, command)
            raise InvalidTransition(
                "INVALID_TRANSITION", command=type(command).__name__, state=state
            )
        return [*known.decide(found, command, now, world)]

    def ask_again(self, found: S, command: Any, now: datetime, world: W) -> None:
        """Raise the Refusal of a caller who repeats a request and may no longer see its answer."""
        if self.verbs[type(command)].discloses:
            self.decide(found, command, now, world)
        else:
            self.guard(found, command)

    def evolve(self, found: S | None, event: Any) -> S:
        """Return the aggregate after the event: the next version, at the event's time."""
        before = None if found is None else self.before(found, event)
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
