"""The incidents that one person holds: an answer to a supervision is due from the holder."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from backbone.postgres.pool import Pool
from backbone.words.actor import Actor
from services.workflow.supervision.answering import keys_of

HELD = "SELECT held_by, array_agg(id) AS ids FROM incidents WHERE held_by = ANY($1) GROUP BY 1"


class Hands:
    """The groups of one person, not locked: a decision that counts reads them again."""

    def __init__(self, held: Mapping[UUID, frozenset[UUID]]) -> None:
        self._held = held

    @classmethod
    async def of(cls, pool: Pool, actor: Actor) -> "Hands":
        rows = await pool.fetch(HELD, [*keys_of(actor)])
        return cls({row["held_by"]: frozenset(row["ids"]) for row in rows})

    def one(self, key: UUID) -> Any | None:
        return None

    def members(self, key: UUID) -> frozenset[UUID]:
        return self._held.get(key, frozenset())
