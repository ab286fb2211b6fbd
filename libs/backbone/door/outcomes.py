"""Outcomes: what was answered to each request, acceptance or refusal, for every repeat."""

from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from backbone.postgres.pool import Pool
from backbone.words.errors import KINDS, Refusal

Row: TypeAlias = dict[str, Any]

FIND = "SELECT to_jsonb(o) FROM outcomes AS o WHERE request_id = ANY($1)"


class Outcome(Struct, frozen=True):
    """One answer. `reason` is empty for an acceptance, and then `answer` is the state's row.

    `call` names the call that was answered first: any other call with this outcome is a repeat.
    """

    request_id: UUID
    body_hash: str
    aggregate_id: UUID
    version: int
    reason: str
    answer: Row
    time: datetime
    call: str = ""

    @property
    def refusal(self) -> Refusal | None:
        if not self.reason:
            return None
        return KINDS[self.answer["kind"]](self.reason, **self.answer["facts"])


def from_row(row: Row) -> Outcome:
    return msgspec.convert(row, Outcome)


def to_row(outcome: Outcome) -> Row:
    row: Row = msgspec.to_builtins(outcome)
    return row


def refused_answer(refusal: Refusal) -> Row:
    return {"kind": type(refusal).__name__, "facts": refusal.facts}


async def find(pool: Pool, request_ids: list[UUID]) -> list[Outcome]:
    """Return the stored outcomes among these requests."""
    return [from_row(row[0]) for row in await pool.fetch(FIND, request_ids)]
