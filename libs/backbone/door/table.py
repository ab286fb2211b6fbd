"""The table of an aggregate type: its document, and the columns by which its rows are found."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from backbone.door.beside import Beside
from backbone.door.written import Written
from backbone.postgres.paths import Path

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Group(Generic[S]):
    """Aggregates that share a key, such as all matters that one person holds.

    `column` is the key's column in the table; `key_of` gives the key of a state, or None.
    """

    column: str
    key_of: Callable[[S], UUID | None]


@dataclass(frozen=True, slots=True)
class Table(Generic[S]):
    """The table of an aggregate type: a document and the columns that queries and CHECKs need.

    `columns` maps each projected column to its Postgres type; `project` gives their values.
    `derived` gives those columns that Postgres itself derives from the document, and may give again
    what lists ask for most, where that costs less than all of `project`. `upgrade` converts a
    document of an older `shape` to the present one. `paths` are the indexes of its lists,
    `beside` the tables with rows that are shown beside the document and have codes of their own,
    `written` those with a row for each event of some kinds.
    """

    name: str
    columns: Mapping[str, str]
    project: Callable[[S], Mapping[str, Any]]
    shape: int = 1
    upgrade: Callable[[dict[str, Any], int], dict[str, Any]] = lambda doc, shape: doc
    group: Group[S] | None = None
    derived: Mapping[str, Callable[[S], Any]] = field(default_factory=dict)
    paths: Sequence[Path] = ()
    beside: Sequence[Beside] = ()
    written: Sequence[Written] = ()
    lists: frozenset[str] = field(init=False)  # the columns that are arrays

    def __post_init__(self) -> None:
        lists = (name for name, kind in self.columns.items() if kind.endswith("[]"))
        object.__setattr__(self, "lists", frozenset(lists))

    def row_of(self, state: S) -> Mapping[str, Any]:
        """All columns by which a row of this state is found."""
        return _Columns(self, state)


class _Columns(Mapping[str, Any]):
    """The columns of a state, each made when it is asked for: a list asks for few."""

    __slots__ = ("_projected", "_state", "_table")

    def __init__(self, table: Table[Any], state: Any) -> None:
        self._table, self._state = table, state
        self._projected: Mapping[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        own = self._table.derived.get(name)
        if own is not None:
            return own(self._state)
        if self._projected is None:
            self._projected = self._table.project(self._state)
        return self._projected[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._table.columns, *self._table.derived)))

    def __len__(self) -> int:
        return len({*self._table.columns, *self._table.derived})
