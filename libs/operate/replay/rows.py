"""The rows of a replay: calls and petitions."""

from dataclasses import dataclass
from datetime import datetime

from backbone.words.place import Point

DANGER = "P1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to be taken. `key` is the file's name and the row's number."""

    key: str
    time: datetime
    category: str
    priority: str
    narrative: str
    place: str
    point: Point
    number: str
    name: str
    kind: str = "CALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One petition to be registered."""

    key: str
    time: datetime
    channel: str
    petitioner: str
    subject: str
    text: str
    category: str
    area: str


Row = Call | Letter


@dataclass(frozen=True, slots=True)
class Day:
    """Rows in the order of their times; `notes` say, for the report, how they were made."""

    name: str
    rows: tuple[Row, ...]
    notes: dict[str, str]
