"""A question to a list: sights, filters, and whether open matters are meant or
those that are over."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from backbone.postgres.conditions import AnyOf, Condition, Sight, all_hold, equal
from backbone.wire import name_of
from backbone.words.matter_code import code_of
from backbone.words.rank import EVERY_SPAN, OPEN_SPAN, OVER_SPAN, Span


@dataclass(frozen=True, slots=True)
class Asked:
    """A list shows the rows that one of the sights shows and that pass all filters.

    `parts` are those parts of the span that are shown; without them it is the whole span.
    """

    sights: tuple[Sight, ...]
    filters: tuple[Condition, ...] = ()
    span: Span = EVERY_SPAN
    parts: tuple[Span, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        return self.parts or (self.span,)

    def has(self, columns: Mapping[str, Any]) -> bool:
        """Whether a row with these columns is shown: the SQL of the list asks the same."""
        return (
            any(all_hold(sight, columns) for sight in self.sights)
            and all_hold(self.filters, columns)
            and any(span == EVERY_SPAN or _within(columns["rank"], span) for span in self.spans)
        )


def _within(rank: int, span: Span) -> bool:
    return span[0] <= rank < span[1]


class States:
    """The states of one kind of record: open ones are listed unless others are asked for."""

    def __init__(self, states: Iterable[StrEnum], over: Collection[StrEnum]) -> None:
        every = tuple(states)
        self._over = tuple(each.value for each in every if each in over)
        self._open = tuple(each.value for each in every if each not in over)

    def asked(
        self, state: str, closed: bool, one: bool = False
    ) -> tuple[tuple[Condition, ...], Span]:
        """The filter and the span: of the state, if there is one; of all for a look-up of one
        matter (`one`); else of those that are over (`closed`) or of those that are not.
        """
        if state:
            return (equal("state", state),), OVER_SPAN if state in self._over else OPEN_SPAN
        if one:
            return (), EVERY_SPAN
        if closed:
            return (AnyOf("state", self._over, implied=True),), OVER_SPAN
        return (AnyOf("state", self._open, implied=True),), OPEN_SPAN


def equals_of(request: Any, names: Iterable[str]) -> tuple[Condition, ...]:
    """A condition for each of these fields that is set; columns and fields have the same names."""
    known = request.DESCRIPTOR.fields_by_name
    given = [(known[name], _read(name, getattr(request, name))) for name in names]
    return tuple(_equal(field, value) for field, value in given if value)


def state_of(request: Any) -> str:
    """The name of the state that a request asks for, or nothing."""
    return name_of(request.DESCRIPTOR.fields_by_name["state"], request.state)


def time_of(request: Any, name: str) -> datetime | None:
    """A time of the request, None where it names none."""
    return getattr(request, name).ToDatetime(UTC) if request.HasField(name) else None


def _read(name: str, value: Any) -> Any:
    """The value as its column holds it: a code is typed with or without hyphens, in any width."""
    return code_of(value) if name == "code" else value


def _equal(field: Any, value: Any) -> AnyOf:
    if field.enum_type is not None:
        return equal(field.name, name_of(field, value))
    return equal(field.name, value, "integer" if isinstance(value, int) else "text")
