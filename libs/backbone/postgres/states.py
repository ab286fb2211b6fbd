"""The columns by which a state is read, and the row that may be decoded and shown."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from backbone.postgres.asking import Asked
from backbone.words.errors import Unavailable

# The columns that the proof of a row covers. No statement reads a document without them.
NAMES = ("id", "version", "shape", "doc", "hash", "proof")
# The hash of the journal's last row, which may stand in an archive. A single read compares it, so
# that it shows no state that was set back.
ENDED = """
coalesce((SELECT j.hash FROM journal AS j WHERE j.aggregate_id = {row}.id
          ORDER BY j.version DESC LIMIT 1),
         (SELECT a.hash FROM archived AS a WHERE a.aggregate_id = {row}.id)) AS ended
"""
# What a row raises that cannot be read, such as one of a newer release. A list leaves it out.
UNREADABLE = (ValueError, TypeError, Unavailable)
NOT_READ = "list.unreadable"


def with_proof(row: str) -> str:
    """The columns of a state for a SELECT, of the table with this alias."""
    return ", ".join(
        f"{row}.doc::text AS doc" if name == "doc" else f"{row}.{name}" for name in NAMES
    )


@dataclass(frozen=True, slots=True)
class Proven:
    """A row whose document is what the door has written; `row` has all that was read with it.

    `state` is what the document says, once it was read.
    """

    shape: int
    doc: str
    row: Any
    state: Any = None

    def __getitem__(self, name: str) -> Any:
        return self.row[name]


def taken(row: Any) -> Proven:
    """The row without a proof: a tool or a test has no keys, and some rows were proven before."""
    return Proven(row["shape"], row["doc"], row)


# Proves a row and asks its document again: an intruder may have changed the columns by which the
# row was found, or the rows beside it. Returns None and gives the alarm if the document does not
# satisfy the question. Raises Broken and gives the alarm for a row that the door has not written.
Show = Callable[[Any, Asked], Awaitable[Proven | None]]
