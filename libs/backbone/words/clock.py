"""A clock 时限: a budget of time with a ledger of when it ran, and the grades on its way. Pure.

When it is due follows from its ledger and the calendar (`due`); what happens to it stands in
`timekeeping`. The times that follow are kept beside it, so that a reader needs no calendar.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from backbone.words.working_time import Budget

LAPSE = "LAPSE"
"""The name under which the end of the budget itself fires."""


class Term(Struct, frozen=True):
    """What a rule allows: the rule's name in the city pack, and the time."""

    rule: str
    budget: Budget


class Span(Struct, frozen=True):
    """A stretch of the ledger, in which the clock ran or was suspended; the last one may be open.

    A suspension has its cause and, where the law asks for one, its document.
    """

    start: datetime
    end: datetime | None = None
    running: bool = True
    cause: str = ""
    document: str = ""


class Grade(Struct, frozen=True):
    """A rung 绿黄红: fires once, when so many per cent of the budget are used; 100 is the lapse."""

    name: str
    percent: int
    due_time: datetime | None = None
    fire_time: datetime | None = None


class Extension(Struct, frozen=True):
    """Time that was added 延期, and the document that allows it."""

    time: datetime
    budget: Budget
    document: str


class Clock(Struct, frozen=True):
    """One clock of a matter; `id` is its own inside the matter, for ever.

    `about` is what started it: an event, a question, a part. The spans of the ledger follow each
    other without a gap. `due_time`, `provisional` and the times of the grades are derived;
    `due_time` is None while a suspension keeps it open. `provisional` says that a year counts in
    which the holidays were not announced; `old_due_time` is what was said before a recomputation.
    """

    id: str
    kind: str
    rule: str
    about: str
    budget: Budget
    ledger: tuple[Span, ...]
    grades: tuple[Grade, ...] = ()
    extensions: tuple[Extension, ...] = ()
    due_time: datetime | None = None
    provisional: bool = False
    old_due_time: datetime | None = None
    lapse_time: datetime | None = None

    @property
    def start_time(self) -> datetime:
        return self.ledger[0].start

    @property
    def stop_time(self) -> datetime | None:
        """When it stopped for good; None while it runs or is suspended."""
        return self.ledger[-1].end

    @property
    def is_running(self) -> bool:
        return self.stop_time is None and self.ledger[-1].running

    @property
    def is_suspended(self) -> bool:
        return self.stop_time is None and not self.ledger[-1].running

    @property
    def total(self) -> Budget:
        """The budget with every extension."""
        more = sum(extension.budget.amount for extension in self.extensions)
        return Budget(self.budget.amount + more, self.budget.unit)


class KindOfClock(Struct, frozen=True):
    """What touches the clocks of one kind, as data: the names of events, and the grades.

    Of a kind of which several run `side_by_side` (one per question, part or supervision), an event
    touches only the clock whose `about` it names. Raises ValueError for a kind that says two
    things about one event, or has two grades of one name.
    """

    kind: str
    stops_on: frozenset[str] = frozenset()
    suspends_on: frozenset[str] = frozenset()
    resumes_on: frozenset[str] = frozenset()
    grades: tuple[Grade, ...] = ()
    side_by_side: bool = False

    def __post_init__(self) -> None:
        events = [*self.stops_on, *self.suspends_on, *self.resumes_on]
        _require_once(self.kind, events)
        _require_once(self.kind, [LAPSE, *(grade.name for grade in self.grades)])


def table(kinds: Iterable[KindOfClock]) -> Mapping[str, KindOfClock]:
    """Return the kinds by name. Raises ValueError for one that is given twice."""
    given = list(kinds)
    _require_once("the table of clocks", [each.kind for each in given])
    return {each.kind: each for each in given}


def _require_once(where: str, names: list[str]) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"{where} names twice: {', '.join(sorted(twice))}")
