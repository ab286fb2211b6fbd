"""The petitions table: who may see what, pages, earlier petitions of the same people, tracking."""

from typing import Any
from uuid import UUID

from backbone.door.decider import Table
from backbone.postgres.paging import Latest
from backbone.postgres.pool import Pool
from backbone.words.actor import Actor
from backbone.words.roles import PETITION_WATCHERS
from backbone.words.sight import watched
from services.petition.petition.record import Petition
from services.petition.petition.table import COLUMNS, SHAPE, project, upgrade

TABLE: Table[Petition] = Table("petitions", COLUMNS, project, SHAPE, upgrade)

OURS = "SELECT id FROM petitions WHERE id = ANY($1)"

# $1 is the actor's unit, $2 the area that the actor watches: `may_see` over projected columns.
VISIBLE = "(audience && ARRAY[$1] OR ($2 <> '' AND starts_with(watched_area, $2)))"
ONE = f"SELECT shape, doc::text AS doc FROM petitions WHERE id = $3 AND {VISIBLE}"  # noqa: S608  # ours
FILTERED = f"""
FROM petitions
WHERE {VISIBLE}
    AND ($3 = '' OR state = $3) AND ($4 = '' OR channel = $4) AND ($5 = '' OR kind = $5)
    AND ($6 = '' OR category = $6 OR starts_with(category, $6 || '.'))
    AND ($7 = '' OR desk = $7) AND ($8 = '' OR code = $8)
"""
PAGE = f"""
SELECT register_time, id, shape, doc::text AS doc {FILTERED}
    AND ($9::timestamptz IS NULL OR (register_time, id) < ($9, $10::uuid))
ORDER BY register_time DESC, id DESC LIMIT $11
"""
COUNT = f"SELECT count(*) {FILTERED}"

# The clerk who registers the same person again may be the accused: of an accusation only its own
# desk hears.
EARLIER = """
SELECT shape, doc::text AS doc FROM petitions
WHERE petitioner_indexes && $1::text[] AND (register_time, id) < ($2, $3)
    AND (desk = $4 OR accused = '')
ORDER BY register_time DESC LIMIT 20
"""

BY_CODE = "SELECT shape, doc::text AS doc FROM petitions WHERE code = $1"
# An attempt is counted before the PIN is compared, so that many at once are no way around it.
ATTEMPT = """
INSERT INTO trackings AS t (code, until, attempts) VALUES ($1, clock_timestamp() + $2, 1)
ON CONFLICT (code) DO UPDATE SET
    until = CASE WHEN t.until < clock_timestamp() THEN excluded.until ELSE t.until END,
    attempts = CASE WHEN t.until < clock_timestamp() THEN 1 ELSE t.attempts + 1 END
RETURNING attempts, until - clock_timestamp() AS locked
"""
FORGIVE = "DELETE FROM trackings WHERE code = $1"
# Codes are guessed, too: old counts are not kept. A sweep never waits for another one.
SWEEP = """
DELETE FROM trackings WHERE code IN (
    SELECT code FROM trackings WHERE until < clock_timestamp() ORDER BY until LIMIT 20
    FOR UPDATE SKIP LOCKED
)
"""


async def one(pool: Pool, actor: Actor, petition_id: UUID) -> Any | None:
    """The row of a petition that the actor may see, or None."""
    return await pool.fetchrow(ONE, actor.unit, watched(actor, PETITION_WATCHERS), petition_id)


async def page(
    pool: Pool, actor: Actor, filters: list[Any], window: Latest
) -> tuple[list[Any], str]:
    """One page of rows, the latest first, and the token of the next one, empty at the end."""
    who = (actor.unit, watched(actor, PETITION_WATCHERS))
    return window.cut(await pool.fetch(PAGE, *who, *filters, *window.after, window.size + 1))


async def count(pool: Pool, actor: Actor, filters: list[Any]) -> int:
    watching = watched(actor, PETITION_WATCHERS)
    return int(await pool.fetchval(COUNT, actor.unit, watching, *filters))


async def earlier(pool: Pool, petition: Petition) -> list[Any]:
    """The rows of earlier petitions of the same people, as far as its desk may know of them."""
    indexes = list(petition.filing.petitioner_indexes)
    if not indexes:
        return []
    asked = (indexes, petition.register_time, petition.id, petition.desk)
    return list(await pool.fetch(EARLIER, *asked))
