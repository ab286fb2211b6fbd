"""The care_cases table: what is due, and the few people who may see anything of it."""

from typing import Any
from uuid import UUID

from backbone.postgres import paging as pages
from backbone.postgres.pool import Pool
from backbone.words.actor import Actor

DUE = """
SELECT id, version FROM care_cases
WHERE due_time <= clock_timestamp()
  AND (id, version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))
ORDER BY due_time LIMIT 100
"""
OURS = "SELECT unnest(service_ids) FROM care_cases WHERE service_ids && $1::uuid[]"
CASE_OF = "SELECT id FROM care_cases WHERE service_ids && ARRAY[$1::uuid]"

# The entrusted, the head of their unit, and who handed over (the domain says the same).
VISIBLE = """
    $1 <> '' AND (
        unit = $2 AND ($3 = 'head' OR care_workers && ARRAY[$1])
        OR sender = $2 AND sent_by = $1
    )
"""
ONE = f"SELECT to_jsonb(c) FROM care_cases AS c WHERE id = $4 AND {VISIBLE}"  # noqa: S608  # ours
FILTERED = f"""
FROM care_cases AS c
WHERE {VISIBLE}
    AND ($4 = '' OR state = $4) AND ($5 = '' OR admission ->> 'programme' = $5)
    AND (NOT $6 OR hand_over_overdue AND state = 'SENT'
         OR visits @> '[{{"state": "MISSED"}}]' AND state = 'ACTIVE')
"""
PAGE = f"""
SELECT to_jsonb(c) {FILTERED}
    AND ($7::timestamptz IS NULL OR (register_time, id) < ($7, $8::uuid))
ORDER BY register_time DESC, id DESC LIMIT $9
"""
COUNT = f"SELECT count(*) {FILTERED}"


async def one(pool: Pool, actor: Actor, case_id: UUID) -> dict[str, Any] | None:
    """The row of a case that the actor may see, or None."""
    row: dict[str, Any] | None = await pool.fetchval(
        ONE, actor.user, actor.unit, actor.role, case_id
    )
    return row


async def page(
    pool: Pool, actor: Actor, filters: list[Any], size: int, token: str
) -> tuple[list[dict[str, Any]], str]:
    """One page, the latest first, and the token of the next one, empty at the end."""
    who = (actor.user, actor.unit, actor.role)
    after = pages.after(token) or (None, None)
    rows = await pool.fetch(PAGE, *who, *filters, *after, size + 1)
    return pages.cut([row[0] for row in rows], size)


async def count(pool: Pool, actor: Actor, filters: list[Any]) -> int:
    return int(await pool.fetchval(COUNT, actor.user, actor.unit, actor.role, *filters))
