"""Outcomes: what was answered to each request, acceptance or refusal, for every repeat.

An outcome keeps no copy of the state. The answer to an accepted request is the row while it still
has the outcome's version, else the journal folded up to it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from backbone.words.errors import KINDS, Refusal


class Outcome(Struct, frozen=True):
    """One answer. `reason` is empty for an acceptance.

    `kind` and `facts` are those of the refusal. `call` names the call that was answered first: any
    other call with this outcome is a repeat. `state` is the aggregate at `version`, where it is at
    hand; it is not stored.
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
        """Whether everything that its caller is told is at hand."""
        return bool(self.reason) or self.state is not None

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


def from_row(row: Any) -> Outcome:
    return Outcome(*(row[name] for name in COLUMNS))
