"""Stored outcomes: the service writes a code with each, and checks it before it answers again."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import asdict

from backbone.door.beside import Beside, CodedRows
from backbone.door.outcomes import Outcome


class _Outcomes(Beside):
    """The facts are JSON, whose text the database orders anew."""

    def told(self, row: Any) -> bytes:
        facts = row["facts"]
        if isinstance(facts, str):  # of a connection that decodes no JSON
            facts = msgspec.json.decode(facts)
        if isinstance(facts, dict):
            facts = sorted(facts.items())
        return super().told({**{name: row[name] for name in self.columns}, "facts": facts})


OUTCOMES = _Outcomes(
    "outcomes",
    (
        *("request_id", "aggregate_id", "version", "reason", "kind", "facts"),
        *("body_hash", "call"),
    ),
    ("request_id",),
)


class Stored:
    """The stored outcomes of one door."""

    def __init__(self, rows: CodedRows) -> None:
        self._rows = rows

    def values(self, outcome: Outcome) -> list[Any]:
        """The values of one outcome with its code, in the order of `outcomes.WRITTEN`."""
        return [
            outcome.request_id,
            outcome.body_hash,
            outcome.aggregate_id,
            outcome.version,
            outcome.reason,
            outcome.kind,
            msgspec.json.encode(outcome.facts).decode(),
            outcome.time,
            outcome.call,
            self._rows.made(asdict(outcome)),
        ]

    async def read(self, row: Any, now: datetime, on: Any) -> Outcome:
        """The outcome of a row that has it as JSON, as `sound` gives it."""
        try:
            outcome = msgspec.json.decode(row["doc"], type=Outcome)
        except msgspec.ValidationError:  # not even the form is right
            outcome = Outcome(row["id"], "", row["id"], 0, "", "", {}, now)
        return await self.sound(outcome, row["proof"], on)

    async def sound(self, outcome: Outcome, proof: bytes | None, on: Any) -> Outcome:
        """The outcome; the refusal EVIDENCE_BROKEN where its code or its form is wrong."""
        said = {**asdict(outcome), "proof": proof}
        if not await self._rows.is_sound(on, said):
            return outcome.broken
        if not outcome.is_possible:
            self._rows.alarm(said)
            return outcome.broken
        return outcome
