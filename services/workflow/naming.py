"""The persons whom texts may name that other records keep: of supervisions those of all incidents
that they are about, of a merged incident those of the one that goes on, which hears its callers.

They are read where the incidents keep them, at the moment of the read: a caller may ask for
protection after the supervision was opened, or the incident was merged. They are sealed, and shown
to no one: the edge takes protected callers out of the texts by them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

# `addressed` says `incident/unit` for each unit that was asked.
OF_SUPERVISIONS = """
SELECT DISTINCT s.id, p.person
FROM supervisions AS s
CROSS JOIN LATERAL unnest(s.addressed) AS a (asked)
JOIN incidents AS o ON o.id = split_part(a.asked, '/', 1)::uuid
JOIN incidents AS i
    ON i.id = ANY(ARRAY[o.id, nullif(o.doc #>> '{ending,merged_into}', '')::uuid])
CROSS JOIN LATERAL json_array_elements_text(i.doc #> '{matter,persons}') AS p (person)
WHERE s.id = ANY($1) ORDER BY s.id, p.person
"""
OF_MERGED = """
SELECT m.id, p.person
FROM incidents AS m
JOIN incidents AS i ON i.id = nullif(m.doc #>> '{ending,merged_into}', '')::uuid
CROSS JOIN LATERAL json_array_elements_text(i.doc #> '{matter,persons}') AS p (person)
WHERE m.id = ANY($1) AND m.state = 'MERGED'
"""


class Named:
    """The sealed persons of some records, found by one of the statements above."""

    def __init__(self, statement: str) -> None:
        self._statement = statement
        self._persons: dict[UUID, list[str]] = defaultdict(list)

    async def read(self, on: Any, records: Iterable[UUID]) -> "Named":
        """Read those of these records; `on` is a connection or the pool."""
        for row in await on.fetch(self._statement, [*records]):
            self._persons[row["id"]].append(row["person"])
        return self

    async def read_rows(self, on: Any, rows: Sequence[Any]) -> None:
        """Read those of the rows of a list."""
        await self.read(on, [row["id"] for row in rows])

    def of(self, record: UUID) -> list[str]:
        return self._persons.get(record, [])
