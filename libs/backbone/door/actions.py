"""Finds the verbs that a caller may give a record next: their decision would not refuse the caller.

Each verb is tried with a command of the caller whose other fields only look right. The decision
itself answers: a refusal for the state or the person means that the verb is none of the caller's;
one for what a field says means that it is. A verb that would change nothing is left out. No rule is
written a second time. Pure.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from google.protobuf.descriptor import ServiceDescriptor
from msgspec.inspect import is_struct_type

from backbone.door.decider import Aggregate, Decider
from backbone.life_cycle import Also
from backbone.process import clock
from backbone.words.errors import Conflict, Denied, InvalidTransition, NotFound, Refusal

S = TypeVar("S", bound=Aggregate)

# Gives fields of a command that fits the record.
Likely = Callable[[Any], Mapping[str, Any]]

# The field of a command that holds the acting person.
BY = "by"
NOT_NOW = (InvalidTransition, Denied, Conflict)
A_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
PLAIN: Mapping[Any, Any] = {str: "…", int: 1, float: 1.0, bool: True, UUID: UUID(int=0)}


class Alone:
    """No other record is looked at: a cap or a second record may still refuse the verb."""

    def one(self, key: UUID) -> Any | None:
        return None

    def members(self, key: UUID) -> frozenset[UUID]:
        return frozenset()


ALONE: Also = Alone()


class Actions(Generic[S]):
    """The verbs of one aggregate type that persons give, by state."""

    def __init__(self, decider: Decider[S], names: Iterable[str]) -> None:
        """`names` are the commands that persons give; verbs without an actor are left out."""
        wanted = set(names)
        self._decider = decider
        self._tries: dict[str, list[tuple[Any, Likely]]] = {}
        for kind, verb in decider.life_cycle.verbs.items():
            if kind.__name__ in wanted and verb.states is not None and BY in kind.__struct_fields__:
                for state in verb.states:
                    self._tries.setdefault(str(state), []).append((likely(kind), verb.likely))
        self._of_a_caller = lru_cache(maxsize=4_096)(self._tries_of)

    def of(
        self, record: S, by: Any, now: datetime | None = None, also: Also = ALONE, **known: Any
    ) -> list[str]:
        """The names of the commands that this person may give now, in the order of declaration.

        `by` is what commands hold in `by`; commands of another kind of actor are left out. `known`
        are further facts about the caller, by the names of the fields that hold them.
        """
        at, state = now or clock.now(), str(self._decider.life_cycle.state_of(record))
        return [
            type(command).__name__
            for command, known_of in self._of_a_caller(state, by, tuple(known.items()))
            if self._may(record, _with(command, known_of(record)), at, also)
        ]

    def _tries_of(
        self, state: str, by: Any, known: tuple[tuple[str, Any], ...]
    ) -> list[tuple[Any, Likely]]:
        """The commands of a caller in a state, without those of which the role has no right."""
        return [
            (_with(command, {BY: by, **dict(known)}), known_of)
            for command, known_of in self._tries.get(state, ())
            if type(command.by) is type(by) and self._decider.life_cycle.is_for(type(command), by)
        ]

    def _may(self, record: S, command: Any, now: datetime, also: Also) -> bool:
        try:
            self._decider.life_cycle.guard(record, command)
        except NotFound:
            return False
        try:
            return bool(self._decider.judge(record, command, now, also))
        except NOT_NOW:
            return False
        except Refusal:
            return True


def _with(command: Any, known: Mapping[str, Any]) -> Any:
    """Fill in those of its fields whose values are known."""
    told = {name: fact for name, fact in known.items() if name in command.__struct_fields__}
    return msgspec.structs.replace(command, **told) if told else command


def actions_of(
    decider: Decider[S], contract: ServiceDescriptor, inside: Iterable[type[Any]] = ()
) -> Actions[S]:
    """The actions whose verbs the contract offers to persons; services give those `inside`."""
    names = {method.name for method in contract.methods}
    return Actions(decider, names - {each.__name__ for each in inside})


def likely(kind: Any) -> Any:
    """A record of this type whose fields look right: every text says something."""
    hints = get_type_hints(kind)
    asked = (each for each in msgspec.structs.fields(kind) if each.required or each.default == "")
    return kind(**{each.name: _value(hints[each.name]) for each in asked})


def _value(hint: Any) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return None if NoneType in get_args(hint) else _value(get_args(hint)[0])
    if origin is not None:
        return origin()
    if hint is datetime:
        return A_MOMENT
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return next(iter(hint))
    return likely(hint) if is_struct_type(hint) else PLAIN[hint]
