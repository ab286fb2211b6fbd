"""The incidents table: what is due, who may see what, inboxes, the next to take, timelines."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from backbone.door.decider import Group, Table
from backbone.postgres.pool import Pool
from services.workflow.incident import table
from services.workflow.incident.record import Incident

TABLE: Table[Incident] = Table(
    name="incidents",
    columns=table.COLUMNS,
    project=table.project,
    shape=table.SHAPE,
    upgrade=table.upgrade,
    group=Group("held_by", table.held_by),
)

DUE = """
SELECT id, version, due_clock FROM incidents
WHERE due_time <= clock_timestamp()
  AND (id, version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))
ORDER BY due_time LIMIT 100
"""

# Whoever was involved sees it; so do those who watch over its area, if it accuses nobody.
VISIBLE = """
    (involved && ARRAY[$1] AND $1 <> against
     OR $2 <> '' AND starts_with(area, $2) AND against = '')
"""

ONE = "SELECT shape, doc::text AS doc FROM incidents WHERE id = $3 AND {which}"

FILTERS = """
    ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR unit = $4)
    AND ($5::text IS NULL OR category = $5 OR starts_with(category, $5 || '.'))
    AND ($6::text IS NULL OR priority = $6) AND ($7::text IS NULL OR code = $7)
    AND ($8::text IS NULL OR holder = $8)
"""
PAGE = """
SELECT id, priority, open_time, shape, doc::text AS doc FROM incidents
WHERE {which} AND {filters} AND (priority, open_time, id) > ($9, $10, $11)
ORDER BY priority, open_time, id LIMIT $12
"""
COUNT = "SELECT count(*) FROM incidents WHERE {which} AND {filters}"
INBOX = "(waits_for && ARRAY[$1] AND $2::text IS NOT NULL)"

NEXT = """
SELECT id FROM incidents
WHERE unit = $1 AND state = 'OFFERED' AND id <> ALL($2)
ORDER BY priority, open_time, id LIMIT 1
"""
TIMELINE = """
SELECT version, payload, actor, unit, time FROM journal WHERE aggregate_id = $1 ORDER BY version
"""

# Where an item stands: the most urgent first, of these the oldest. And how many follow it.
Place: TypeAlias = tuple[str, datetime, UUID]
Window: TypeAlias = tuple[Place, int]
FIRST: Place = ("", datetime.min.replace(tzinfo=UTC), UUID(int=0))


async def one(pool: Pool, unit: str, area: str, incident_id: UUID) -> Any | None:
    """The row of an incident that the caller may see, or None."""
    return await pool.fetchrow(ONE.format(which=VISIBLE), unit, area, incident_id)


async def next_of(pool: Pool, unit: str, but: list[UUID]) -> UUID | None:
    """The most urgent incident of the unit's pool, but for these."""
    found: UUID | None = await pool.fetchval(NEXT, unit, but)
    return found


async def page(
    pool: Pool, inbox: bool, who: tuple[str, str], filters: list[str | None], window: Window
) -> Sequence[Any]:
    """One row more than a page, the most urgent first, so that the last page is known as such."""
    after, size = window
    return await pool.fetch(_over(PAGE, inbox), *who, *filters, *after, size + 1)


async def count(pool: Pool, inbox: bool, who: tuple[str, str], filters: list[str | None]) -> int:
    return int(await pool.fetchval(_over(COUNT, inbox), *who, *filters))


def _over(statement: str, inbox: bool) -> str:
    return statement.format(which=INBOX if inbox else VISIBLE, filters=FILTERS)


def place_of(row: Any) -> Place:
    """Where a row stands in the list."""
    return row["priority"], row["open_time"], row["id"]
