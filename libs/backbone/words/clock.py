"""A clock 时限: a budget of time, a ledger of the spans in which it ran, and warning grades. Pure.

`due` derives the due times from the ledger and the calendar; `timekeeping` changes clocks. The
derived times are stored in the clock, so that a reader needs no calendar.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from backbone.words.working_time import Budget

LAPSE = "LAPSE"
"""The name of the firing at the end of the budget."""


class Term(Struct, frozen=True):
    """The time that a rule allows; `rule` is its name in the city pack."""

    rule: str
    budget: Budget


class Span(Struct, frozen=True):
    """A span of the ledger, in which the clock ran or was suspended; the last may have no end.

    A suspension has a cause and, if the law requires one, a document.
    """

    start: datetime
    end: datetime | None = None
    running: bool = True
    cause: str = ""
    document: str = ""


class Grade(Struct, frozen=True):
    """A warning 绿黄红: fires once, when `percent` of the budget is used; 100 is the lapse."""

    name: str
    percent: int
    due_time: datetime | None = None
    fire_time: datetime | None = None


class Extension(Struct, frozen=True):
    """An extension 延期 of the budget, and the document that allows it."""

    time: datetime
    budget: Budget
    document: str


class Clock(Struct, frozen=True):
    """One clock of a matter; `id` is unique within the matter.

    `about` names the cause of its start: an event, a question, a part. The spans of the ledger
    follow each other without gaps. `due_time`, `provisional` and the times of the grades are
    derived; `due_time` is None while a suspension is open. `provisional` means that it counts days
    of a year whose holidays are not announced; `old_due_time` is the one that was told before they
    were, if it was another.
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
        """The time at which it stopped; None while it runs or is suspended."""
        return self.ledger[-1].end

    @property
    def is_running(self) -> bool:
        return self.stop_time is None and self.ledger[-1].running

    @property
    def is_suspended(self) -> bool:
        return self.stop_time is None and not self.ledger[-1].running

    @property
    def total(self) -> Budget:
        """The budget including all extensions."""
        more = sum(extension.budget.amount for extension in self.extensions)
        return Budget(self.budget.amount + more, self.budget.unit)


class KindOfClock(Struct, frozen=True):
    """The rules of one kind of clock: the events that stop, suspend or resume it, and its grades.

    If several clocks of the kind run `side_by_side` (one per question, part or supervision), an
    event changes only the clock whose `about` it names. Raises ValueError if an event is listed
    twice, or two grades have one name.
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
    """Return the kinds by name. Raises ValueError if a name occurs twice."""
    given = list(kinds)
    _require_once("the table of clocks", [each.kind for each in given])
    return {each.kind: each for each in given}


def _require_once(where: str, names: list[str]) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"{where} names twice: {', '.join(sorted(twice))}")
