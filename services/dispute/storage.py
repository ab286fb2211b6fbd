"""The disputes table: who may see what, and pages of it."""

from typing import Any
from uuid import UUID

from backbone.door.decider import Table
from backbone.postgres.paging import Latest
from backbone.postgres.pool import Pool
from backbone.words.actor import Actor
from backbone.words.sight import watched
from services.dispute.dispute.record import Dispute
from services.dispute.dispute.table import COLUMNS, SHAPE, project, upgrade

TABLE: Table[Dispute] = Table("disputes", COLUMNS, project, SHAPE, upgrade)

OURS = "SELECT id FROM disputes WHERE id = ANY($1)"

# $1 is the actor's unit, $2 the area that the actor watches: `may_see` over projected columns.
VISIBLE = "(units && ARRAY[$1] OR ($2 <> '' AND starts_with(area, $2)))"
ONE = f"SELECT shape, doc::text AS doc FROM disputes WHERE id = $3 AND {VISIBLE}"  # noqa: S608  # ours
FILTERED = f"""
FROM disputes
WHERE {VISIBLE}
    AND ($3 = '' OR state = $3) AND ($4 = '' OR kind = $4) AND ($5 = '' OR source = $5)
    AND ($6 = 0 OR level = $6)
    AND ($7 = '' OR desk = $7) AND ($8 = '' OR code = $8)
"""
PAGE = f"""
SELECT register_time, id, shape, doc::text AS doc {FILTERED}
    AND ($9::timestamptz IS NULL OR (register_time, id) < ($9, $10::uuid))
ORDER BY register_time DESC, id DESC LIMIT $11
"""
COUNT = f"SELECT count(*) {FILTERED}"


async def one(pool: Pool, actor: Actor, dispute_id: UUID) -> Any | None:
    """The row of a dispute that the actor may see, or None."""
    return await pool.fetchrow(ONE, actor.unit, watched(actor), dispute_id)


async def page(
    pool: Pool, actor: Actor, filters: list[Any], window: Latest
) -> tuple[list[Any], str]:
    """One page of rows, the latest first, and the token of the next one, empty at the end."""
    who = (actor.unit, watched(actor))
    return window.cut(await pool.fetch(PAGE, *who, *filters, *window.after, window.size + 1))


async def count(pool: Pool, actor: Actor, filters: list[Any]) -> int:
    return int(await pool.fetchval(COUNT, actor.unit, watched(actor), *filters))
