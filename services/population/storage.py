"""The care_cases table: what is due, and the few people who may see anything of it."""

from typing import Any
from uuid import UUID

from backbone.door.decider import Table
from backbone.postgres.paging import Latest
from backbone.postgres.pool import Pool
from backbone.words.actor import Actor
from services.population.care_case import table
from services.population.care_case.record import CareCase

TABLE: Table[CareCase] = Table(
    name="care_cases",
    columns=table.COLUMNS,
    project=table.project,
    shape=table.SHAPE,
    upgrade=table.upgrade,
)

DUE = """
SELECT id, version FROM care_cases
WHERE due_time <= clock_timestamp()
  AND (id, version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))
ORDER BY due_time LIMIT 100
"""
OURS = "SELECT unnest(service_ids) FROM care_cases WHERE service_ids && $1::uuid[]"
CASE_OF = "SELECT id FROM care_cases WHERE service_ids && ARRAY[$1::uuid]"

# The entrusted, the head of their unit, and the sender (the domain says the same).
VISIBLE = """
    $1 <> '' AND (
        unit = $2 AND ($3 = 'head' OR care_workers && ARRAY[$1])
        OR sender = $2 AND sent_by = $1
    )
"""
ONE = f"SELECT shape, doc::text AS doc FROM care_cases WHERE id = $4 AND {VISIBLE}"  # noqa: S608
FILTERED = f"""
FROM care_cases
WHERE {VISIBLE}
    AND ($4 = '' OR state = $4) AND ($5 = '' OR programme = $5)
    AND (NOT $6 OR overdue)
"""
PAGE = f"""
SELECT id, register_time, shape, doc::text AS doc {FILTERED}
    AND ($7::timestamptz IS NULL OR (register_time, id) < ($7, $8::uuid))
ORDER BY register_time DESC, id DESC LIMIT $9
"""
COUNT = f"SELECT count(*) {FILTERED}"


async def one(pool: Pool, actor: Actor, case_id: UUID) -> Any | None:
    """The row of a case that the actor may see, or None."""
    return await pool.fetchrow(ONE, actor.user, actor.unit, actor.role, case_id)


async def page(
    pool: Pool, actor: Actor, filters: list[Any], window: Latest
) -> tuple[list[Any], str]:
    """One page, the latest first, and the token of the next one, empty at the end."""
    who = (actor.user, actor.unit, actor.role)
    return window.cut(await pool.fetch(PAGE, *who, *filters, *window.after, window.size + 1))


async def count(pool: Pool, actor: Actor, filters: list[Any]) -> int:
    return int(await pool.fetchval(COUNT, actor.user, actor.unit, actor.role, *filters))
