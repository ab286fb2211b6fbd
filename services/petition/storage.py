"""The petitions table: who may see what, pages, earlier petitions of the same people, tracking."""

from typing import Any
from uuid import UUID

from backbone.postgres import paging as pages
from backbone.postgres.pool import Pool
from backbone.words.actor import Actor
from backbone.words.sight import watched
from services.petition.petition import WATCHING
from services.petition.petition.record import SOMEBODY

OURS = "SELECT id FROM petitions WHERE id = ANY($1)"

# The unit complained of, until a clerk has said that it is no accusation; empty: nobody
# (domain.petition.accused says the same).
ACCUSED = f"""
    CASE WHEN kind IN ('ADVICE', 'CLAIM') THEN ''
         WHEN filing ->> 'against_unit' <> '' THEN filing ->> 'against_unit'
         WHEN kind = 'ACCUSATION' OR filing ->> 'against' <> '' THEN '{SOMEBODY}'
         ELSE '' END
"""
# Whoever had to do with it sees it, and those who watch over its area; of what may be an accusation
# only the former, and never the accused (domain.may_see says the same).
VISIBLE = f"""
    (units && ARRAY[$1] AND ($1 = desk OR $1 <> {ACCUSED})
     OR $2 <> '' AND starts_with(area, $2) AND {ACCUSED} = '')
"""
ONE = f"SELECT to_jsonb(p) FROM petitions AS p WHERE id = $3 AND {VISIBLE}"  # noqa: S608  # ours
FILTERED = f"""
FROM petitions AS p
WHERE {VISIBLE}
    AND ($3 = '' OR state = $3) AND ($4 = '' OR filing ->> 'channel' = $4)
    AND ($5 = '' OR kind = $5) AND ($6 = '' OR filing ->> 'category' = $6
                                            OR starts_with(filing ->> 'category', $6 || '.'))
    AND ($7 = '' OR desk = $7) AND ($8 = '' OR code = $8)
"""
PAGE = f"""
SELECT to_jsonb(p) {FILTERED}
    AND ($9::timestamptz IS NULL OR (register_time, id) < ($9, $10::uuid))
ORDER BY register_time DESC, id DESC LIMIT $11
"""
COUNT = f"SELECT count(*) {FILTERED}"

# Who registers the same person again may be the accused: of an accusation only its own desk hears.
EARLIER = f"""
SELECT id, code, filing ->> 'subject' AS subject, filing ->> 'text' AS text FROM petitions
WHERE filing -> 'petitioner_indexes' ?| $1 AND (register_time, id) < ($2, $3)
    AND (desk = $4 OR {ACCUSED} = '')
ORDER BY register_time DESC LIMIT 20
"""  # noqa: S608  # ours

BY_CODE = "SELECT to_jsonb(p) FROM petitions AS p WHERE code = $1"
# An attempt is counted before the PIN is looked at, so that many at once are no way around it.
ATTEMPT = """
INSERT INTO trackings AS t (code, until, attempts) VALUES ($1, clock_timestamp() + $2, 1)
ON CONFLICT (code) DO UPDATE SET
    until = CASE WHEN t.until < clock_timestamp() THEN excluded.until ELSE t.until END,
    attempts = CASE WHEN t.until < clock_timestamp() THEN 1 ELSE t.attempts + 1 END
RETURNING attempts, until - clock_timestamp() AS locked
"""
FORGIVE = "DELETE FROM trackings WHERE code = $1"
# Codes are guessed, too: what is over is not kept. Nobody waits here for another who sweeps.
SWEEP = """
DELETE FROM trackings WHERE code IN (
    SELECT code FROM trackings WHERE until < clock_timestamp() ORDER BY until LIMIT 20
    FOR UPDATE SKIP LOCKED
)
"""


async def one(pool: Pool, actor: Actor, petition_id: UUID) -> dict[str, Any] | None:
    """The row of a petition that the actor may see, or None."""
    row: dict[str, Any] | None = await pool.fetchval(
        ONE, actor.unit, watched(actor, WATCHING), petition_id
    )
    return row


async def page(
    pool: Pool, actor: Actor, filters: list[Any], size: int, token: str
) -> tuple[list[dict[str, Any]], str]:
    """One page, the latest first, and the token of the next one, empty at the end."""
    who = (actor.unit, watched(actor, WATCHING))
    after = pages.after(token) or (None, None)
    rows = await pool.fetch(PAGE, *who, *filters, *after, size + 1)
    return pages.cut([row[0] for row in rows], size)


async def count(pool: Pool, actor: Actor, filters: list[Any]) -> int:
    return int(await pool.fetchval(COUNT, actor.unit, watched(actor, WATCHING), *filters))
