"""Outcomes: the stored answer to each request, acceptance or refusal, which repeats get again.

An outcome keeps no copy of the state. The answer to an accepted request is the aggregate's row
while it still has the outcome's version, otherwise the journal folded up to that version.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.errors import EVIDENCE_BROKEN, KINDS, Broken, Refusal


class Outcome(Struct, frozen=True):
    """The answer to one request. `reason` is empty for an acceptance.

    `kind` and `facts` are those of the refusal. `call` is the id of the call that was answered
    first: any other call with this outcome is a repeat. `state` is the aggregate at `version`, or
    None if it was not loaded; it is not stored.
    """

    request_id: UUID
    body_hash: str
    aggregate_id: UUID
    version: int
    reason: str
    kind: str
    facts: dict[str, str]
    time: datetime
    call: str = ""
    state: Any = None

    @property
    def has_answer(self) -> bool:
        """Whether the answer is complete: a refusal, or an acceptance with its state."""
        return bool(self.reason) or self.state is not None

    @property
    def is_possible(self) -> bool:
        """Whether a door may have written it: a refusal of a kind, or a version that there was."""
        told = isinstance(self.facts, dict) and self.kind in KINDS
        return told if self.reason else self.version > 0

    @property
    def broken(self) -> "Outcome":
        """The refusal that a repeat gets where the stored outcome was changed by hand."""
        kind, facts = Broken.__name__, {"version": str(self.version)}
        return replace(self, reason=EVIDENCE_BROKEN, kind=kind, facts=facts, state=None)

    @property
    def refusal(self) -> Refusal | None:
        if not self.reason:
            return None
        return KINDS[self.kind](self.reason, **self.facts)


COLUMNS = {
    "request_id": "uuid",
    "body_hash": "text",
    "aggregate_id": "uuid",
    "version": "bigint",
    "reason": "text",
    "kind": "text",
    "facts": "jsonb",
    "time": "timestamptz",
    "call": "text",
}


# The columns that the door writes: those of the outcome, and its code.
WRITTEN = {**COLUMNS, "proof": "bytea"}


def from_row(row: Any) -> Outcome:
    return Outcome(*(row[name] for name in COLUMNS))
