"""Conditions on the rows of a list, as data: they become SQL, or the key of an index.

Each is asked twice: by the database of its columns, and of the columns that the proven document
says (`holds`). So a column that was changed by hand shows nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

# Sorts after every text that begins with the same characters.
END = "\U0010ffff"


class Parameters:
    """The parameters of one statement, numbered as they are added."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def add(self, value: Any, kind: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{kind}"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The column has one of these values; `implied` where the rank of a row says so already."""

    column: str
    values: tuple[Any, ...]
    kind: str = "text"
    implied: bool = False

    def sql(self, row: str, parameters: Parameters) -> str:
        if len(self.values) == 1:
            return f"{row}.{self.column} = {parameters.add(self.values[0], self.kind)}"
        return f"{row}.{self.column} = ANY({parameters.add(list(self.values), f'{self.kind}[]')})"

    def holds(self, columns: Mapping[str, Any]) -> bool:
        value = columns[self.column]
        return value is not None and value in self.values


@dataclass(frozen=True, slots=True)
class Under:
    """The column is the code `top` or one below it: `top`, the separator, and more.

    Without a separator every code that begins with `top` is below it. Codes are compared by their
    bytes: the column has COLLATE "C".
    """

    column: str
    top: str
    separator: str = ""

    def sql(self, row: str, parameters: Parameters) -> str:
        top = parameters.add(self.top, "text")
        column = f"{row}.{self.column}"
        if not self.separator:
            return f"starts_with({column}, {top})"
        return f"({column} = {top} OR starts_with({column}, {top} || '{self.separator}'))"

    @property
    def span(self) -> tuple[str, str]:
        """The first and the last text that may be below; others may stand between."""
        return self.top, f"{self.top}{self.separator}{END}"

    def has(self, code: str) -> bool:
        return code == self.top or code.startswith(self.top + self.separator)

    def holds(self, columns: Mapping[str, Any]) -> bool:
        value = columns[self.column]
        return value is not None and self.has(value)


@dataclass(frozen=True, slots=True)
class Member:
    """The array of the column has this element."""

    column: str
    value: str

    def sql(self, row: str, parameters: Parameters) -> str:
        return f"{parameters.add(self.value, 'text')} = ANY({row}.{self.column})"

    def holds(self, columns: Mapping[str, Any]) -> bool:
        return self.value in columns[self.column]


@dataclass(frozen=True, slots=True)
class Without:
    """The column does not name this code; it may name several, with commas between."""

    column: str
    value: str

    def sql(self, row: str, parameters: Parameters) -> str:
        named, asked = f"{row}.{self.column}", parameters.add(self.value, "text")
        return f"strpos(',' || {named} || ',', ',' || {asked} || ',') = 0"

    def holds(self, columns: Mapping[str, Any]) -> bool:
        named = columns[self.column]
        return named is not None and self.value not in named.split(",")


Condition: TypeAlias = AnyOf | Under | Member | Without
# All conditions of one reason for seeing a row.
Sight: TypeAlias = tuple[Condition, ...]


def equal(column: str, value: Any, kind: str = "text") -> AnyOf:
    """The column has this value."""
    return AnyOf(column, (value,), kind)


def all_hold(conditions: Iterable[Condition], columns: Mapping[str, Any]) -> bool:
    """Whether a row with these columns satisfies every condition."""
    return all(each.holds(columns) for each in conditions)


def all_of(conditions: Sequence[Condition], row: str, parameters: Parameters) -> str:
    """SQL that is true where every condition is."""
    return f"({' AND '.join(each.sql(row, parameters) for each in conditions) or 'true'})"


def any_of(sights: Sequence[Sight], row: str, parameters: Parameters) -> str:
    """SQL that is true for a row that at least one of the sights shows."""
    parts = [all_of(sight, row, parameters) for sight in sights]
    return f"({' OR '.join(parts)})" if parts else "false"
