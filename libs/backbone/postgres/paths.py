"""The ways to the rows of a list: indexes in its order, and which of them a list can use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from backbone.postgres.conditions import AnyOf, Condition, Member, Under
from backbone.words.rank import EVERY_SPAN, Span

Place = tuple[int, UUID]  # a rank and an id: where a row stands in every list

NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Path:
    """An index: its first columns, and those that can be read without the row (`holds`).

    `source` is a table beside the list's own, with a row for each element of an array; `elements`
    maps its first columns to those arrays, `where` limits it to a part. Only streams within `span`
    can be read from it.
    """

    columns: tuple[str, ...]
    holds: frozenset[str] = frozenset()
    source: str = ""
    elements: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    span: Span = EVERY_SPAN

    def bound_by(self, stream: "Stream") -> list[Condition] | None:
        """The condition that binds each of the first columns; None if one has none."""
        if stream.span[0] < self.span[0] or stream.span[1] > self.span[1]:
            return None
        found = [self._binding(column, stream.conditions) for column in self.columns]
        bound = [each for each in found if each is not None]
        return bound if len(bound) == len(found) else None

    def _binding(self, column: str, conditions: Sequence[Condition]) -> Condition | None:
        """The narrowest condition on the column: values before a code with all below it."""
        array = self.elements.get(column)
        wanted = (Member,) if array else (AnyOf, Under)
        found = [
            each
            for each in conditions
            if isinstance(each, wanted) and each.column == (array or column)
        ]
        return min(found, key=_width, default=None)


def _width(condition: Condition) -> tuple[int, int]:
    if isinstance(condition, AnyOf):
        return 0, len(condition.values)
    return (1, -len(condition.top)) if isinstance(condition, Under) else (0, 1)


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows of one table that satisfy all conditions, with ranks of a span."""

    table: str
    conditions: tuple[Condition, ...]
    span: Span

    @property
    def tests(self) -> tuple[Condition, ...]:
        """The conditions that neither the span nor a narrower one implies."""
        return tuple(each for each in self.conditions if not self._is_implied(each))

    def _is_implied(self, condition: Condition) -> bool:
        if isinstance(condition, AnyOf):
            return condition.implied
        return isinstance(condition, Under) and any(
            other != condition
            and isinstance(other, Under)
            and other.column == condition.column
            and condition.has(other.top)
            for other in self.conditions
        )


def is_empty(stream: Stream) -> bool:
    """Whether no row can satisfy two conditions on one column: a list that need not be read."""
    return any(
        one.column == other.column and _exclude_each_other(one, other)
        for number, one in enumerate(stream.conditions)
        for other in stream.conditions[:number]
    )


def _exclude_each_other(one: Condition, other: Condition) -> bool:
    """Other values, or codes of which neither is below the other."""
    if isinstance(one, AnyOf) and isinstance(other, AnyOf):
        return not set(one.values) & set(other.values)
    if isinstance(one, Under) and isinstance(other, Under):
        return not one.has(other.top) and not other.has(one.top)
    return False
