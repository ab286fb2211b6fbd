"""The disputes table: who may see what, and pages of it."""

from typing import Any
from uuid import UUID

from backbone.postgres import paging as pages
from backbone.postgres.pool import Pool
from backbone.words.actor import Actor
from backbone.words.sight import watched

OURS = "SELECT id FROM disputes WHERE id = ANY($1)"

# Whoever had to do with it sees it, and those who watch over its area.
VISIBLE = "(units && ARRAY[$1] OR ($2 <> '' AND starts_with(area, $2)))"
ONE = f"SELECT to_jsonb(d) FROM disputes AS d WHERE id = $3 AND {VISIBLE}"  # noqa: S608  # ours
FILTERED = f"""
FROM disputes AS d
WHERE {VISIBLE}
    AND ($3 = '' OR state = $3) AND ($4 = '' OR filing ->> 'kind' = $4)
    AND ($5 = '' OR filing ->> 'source' = $5)
    AND ($6 = 0 OR (filing ->> 'level')::integer = $6)
    AND ($7 = '' OR desk = $7) AND ($8 = '' OR code = $8)
"""
PAGE = f"""
SELECT to_jsonb(d) {FILTERED}
    AND ($9::timestamptz IS NULL OR (register_time, id) < ($9, $10::uuid))
ORDER BY register_time DESC, id DESC LIMIT $11
"""
COUNT = f"SELECT count(*) {FILTERED}"


async def one(pool: Pool, actor: Actor, dispute_id: UUID) -> dict[str, Any] | None:
    """The row of a dispute that the actor may see, or None."""
    row: dict[str, Any] | None = await pool.fetchval(ONE, actor.unit, watched(actor), dispute_id)
    return row


async def page(
    pool: Pool, actor: Actor, filters: list[Any], size: int, token: str
) -> tuple[list[dict[str, Any]], str]:
    """One page, the latest first, and the token of the next one, empty at the end."""
    who = (actor.unit, watched(actor))
    after = pages.after(token) or (None, None)
    rows = await pool.fetch(PAGE, *who, *filters, *after, size + 1)
    return pages.cut([row[0] for row in rows], size)


async def count(pool: Pool, actor: Actor, filters: list[Any]) -> int:
    return int(await pool.fetchval(COUNT, actor.unit, watched(actor), *filters))
