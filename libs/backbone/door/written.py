"""Rows beside the documents of which each event of some kinds writes one: none may be missing.

A row that was removed by hand leaves no gap that its readers see. The journal knows of it.
"""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any

from backbone.door.evidence import LONG, Flaw

# One statement sees an event and the row of its transaction, or neither.
FEWER = """
SELECT j.aggregate_id AS id, count(*) - (
    SELECT count(*) FROM {table} AS w
    WHERE w.{record} = j.aggregate_id AND w.{kind} = ANY($1::text[])) AS missing
FROM journal AS j JOIN {states} AS t ON t.id = j.aggregate_id
WHERE j.kind = ANY($2::text[]) AND {kept}
  AND j.time > coalesce((SELECT time FROM migrations WHERE name = $3), '-infinity')
GROUP BY j.aggregate_id
"""
MISSING = f"SELECT * FROM ({FEWER}) AS f WHERE missing > 0 ORDER BY id LIMIT 100"  # noqa: S608  # our names


@dataclass(frozen=True, slots=True)
class Written:
    """A table, its columns for the record and the kind, and the kind of row that each kind of event
    writes, since a migration; `kept` is the condition on the state `t` while no row is swept."""

    table: str
    record: str
    kind: str
    kinds: Collection[tuple[str, str]]
    since: str
    kept: str = "true"


async def missing(conn: Any, states: str, written: Written) -> AsyncIterator[Flaw]:
    """The records for which fewer rows stand than their journals say."""
    names = {"table": written.table, "record": written.record, "kind": written.kind}
    asked = MISSING.format(states=states, kept=written.kept, **names)
    events, rows = zip(*written.kinds, strict=True)
    for row in await conn.fetch(asked, list(rows), list(events), written.since, timeout=LONG):
        what = f"has {row['missing']} rows fewer than the events of {states} {row['id']} wrote"
        yield Flaw(written.table, what)
