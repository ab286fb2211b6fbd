"""The persons whom the texts of supervisions may name: those of all incidents that they are about.

They are read where the incidents keep them, at the moment of the read: a caller may ask for
protection after the supervision was opened. They are sealed, and shown to no one: the edge takes
protected callers out of the texts by them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

# `addressed` says `incident/unit` for each unit that was asked.
PERSONS = """
SELECT DISTINCT s.id, p.person
FROM supervisions AS s
CROSS JOIN LATERAL unnest(s.addressed) AS a (asked)
JOIN incidents AS i ON i.id = split_part(a.asked, '/', 1)::uuid
CROSS JOIN LATERAL json_array_elements_text(i.doc #> '{matter,persons}') AS p (person)
WHERE s.id = ANY($1) ORDER BY s.id, p.person
"""


class Named:
    """The sealed persons of some supervisions."""

    def __init__(self) -> None:
        self._persons: dict[UUID, list[str]] = defaultdict(list)

    async def read(self, on: Any, supervisions: Iterable[UUID]) -> "Named":
        """Read those of these supervisions; `on` is a connection or the pool."""
        for row in await on.fetch(PERSONS, [*supervisions]):
            self._persons[row["id"]].append(row["person"])
        return self

    async def read_rows(self, on: Any, rows: Sequence[Any]) -> None:
        """Read those of the rows of a list."""
        await self.read(on, [row["id"] for row in rows])

    def of(self, supervision: UUID) -> list[str]:
        return self._persons.get(supervision, [])
