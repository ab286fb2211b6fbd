"""The rows of a replay: calls and petitions."""

from dataclasses import dataclass
from datetime import datetime

from backbone.words.place import Point
from operate.replay.cells import Unread
from operate.replay.identity import Repeat

DANGER = "P1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to be taken. `key` names it, `stamp` is what its receipt keeps (identity.py)."""

    row: int
    key: str
    stamp: str
    time: datetime
    category: str
    priority: str
    narrative: str
    place: str
    point: Point
    number: str
    name: str
    kind: str = "CALL"
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One petition to be registered; `key` and `stamp` as of a call."""

    row: int
    key: str
    stamp: str
    time: datetime
    channel: str
    petitioner: str
    subject: str
    text: str
    category: str
    area: str
    reference: str = ""


Row = Call | Letter


@dataclass(frozen=True, slots=True)
class Day:
    """Rows in the order of their times; `notes` say, for the report, how they were made.

    `repeats` are the rows of a file that repeat another one of it, `unread` those that cannot be
    read.
    """

    name: str
    rows: tuple[Row, ...]
    notes: dict[str, str]
    repeats: tuple[Repeat, ...] = ()
    is_file: bool = False
    unread: tuple[Unread, ...] = ()
