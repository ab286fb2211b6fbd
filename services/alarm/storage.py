"""The receipts table: rows in sight, pages, possible repeats, the followers of an incident."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backbone.door.decider import Table
from backbone.postgres.paging import Latest
from backbone.postgres.pool import Pool
from backbone.words.actor import Actor
from backbone.words.sight import watched
from services.alarm.receipt.record import Receipt
from services.alarm.receipt.table import COLUMNS, SHAPE, project, upgrade

# The desk that took it, the unit that it was passed to, and those who watch over its area.
VISIBLE = """
    ($1 <> '' AND $1 IN (unit, passed_to) OR $2 <> '' AND starts_with(area, $2))
"""
FILTERS = """
    ($3::text IS NULL OR outcome = $3) AND ($4::text IS NULL OR state = $4)
    AND ($5::text IS NULL OR kind = $5) AND ($6::text IS NULL OR priority = $6)
    AND ($7::text IS NULL OR category = $7 OR starts_with(category, $7 || '.'))
    AND ($8::text IS NULL OR starts_with(area, $8)) AND ($9::text IS NULL OR unit = $9)
    AND ($10::text IS NULL OR code = $10)
    AND ($11::timestamptz IS NULL OR receive_time >= $11)
    AND ($12::timestamptz IS NULL OR receive_time < $12)
"""
ONE = f"SELECT shape, doc::text AS doc FROM receipts WHERE id = $3 AND {VISIBLE}"  # noqa: S608
PAGE = f"""
SELECT receive_time, id, shape, doc::text AS doc FROM receipts
WHERE {VISIBLE} AND {FILTERS}
    AND ($13::timestamptz IS NULL OR (receive_time, id) < ($13, $14::uuid))
ORDER BY receive_time DESC, id DESC LIMIT $15
"""  # noqa: S608
COUNT = f"SELECT count(*) FROM receipts WHERE {VISIBLE} AND {FILTERS}"  # noqa: S608

# A few rows by each index, never a scan: this runs while somebody is on the line. Only what the
# caller may see: a suggestion must not tell who else has called.
EARLIER = " UNION ALL ".join(
    f"""(
    SELECT id, shape, doc::text AS doc FROM receipts
    WHERE {which} AND receive_time > $3 AND outcome IS DISTINCT FROM 'INVALID'
        AND {VISIBLE}
    ORDER BY receive_time DESC LIMIT 40
)"""  # noqa: S608
    for which in (
        "cell = ANY($4::bigint[])",
        "area = $5 AND $5 <> ''",
        "number_index = $6 AND number_index <> ''",
    )
)

KNOWN = f"""
SELECT shape, doc::text AS doc FROM receipts WHERE incident_id = $3 AND {VISIBLE}
ORDER BY incident_version DESC LIMIT 1
"""  # noqa: S608
FOLLOWERS = "SELECT id FROM receipts WHERE incident_id = $1"
OURS = "SELECT DISTINCT incident_id FROM receipts WHERE incident_id = ANY($1)"

TABLE: Table[Receipt] = Table(
    name="receipts", columns=COLUMNS, project=project, shape=SHAPE, upgrade=upgrade
)


@dataclass(frozen=True, slots=True)
class Filters:
    """In the order of the statement; None asks for nothing."""

    outcome: str | None
    state: str | None
    kind: str | None
    priority: str | None
    category: str | None
    area: str | None
    unit: str | None
    code: str | None
    from_time: datetime | None
    to_time: datetime | None

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)


Who = tuple[str, str]  # the unit, and the leading digits of the area that is watched over


def who_of(actor: Actor) -> Who:
    return actor.unit, watched(actor)


async def one(pool: Pool, who: Who, receipt_id: UUID) -> Any | None:
    """The row of a receipt in sight: `shape` and `doc`, as the decider reads them."""
    return await pool.fetchrow(ONE, *who, receipt_id)


async def page(pool: Pool, who: Who, filters: Filters, window: Latest) -> tuple[list[Any], str]:
    """One page of rows, the latest first, and the token of the next one, empty at the end."""
    rows = await pool.fetch(PAGE, *who, *filters.values, *window.after, window.size + 1)
    return window.cut(rows)


async def count(pool: Pool, who: Who, filters: Filters) -> int:
    return int(await pool.fetchval(COUNT, *who, *filters.values))


async def earlier(
    pool: Pool, who: Who, since: datetime, cells: Collection[int], area: str, number_index: str
) -> Sequence[Any]:
    """Recent rows in these cells or in the whole area, and of this number; each once."""
    rows = await pool.fetch(EARLIER, *who, since, list(cells), area, number_index)
    return list({row["id"]: row for row in rows}.values())


async def known_incident(pool: Pool, who: Who, incident_id: UUID) -> Any | None:
    """The row of the receipt in sight that knows the latest of this incident."""
    return await pool.fetchrow(KNOWN, *who, incident_id)


async def followers(pool: Pool, incident_id: UUID) -> list[UUID]:
    return [row["id"] for row in await pool.fetch(FOLLOWERS, incident_id)]
