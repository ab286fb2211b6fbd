"""The receipts table: rows in sight, pages, possible repeats, the followers of an incident."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backbone.door.decider import Table
from backbone.postgres.asking import Asked, States, equals_of, state_of
from backbone.postgres.conditions import Parameters, Sight, Under, any_of, equal
from backbone.postgres.paths import Path
from backbone.postgres.pool import Pool
from backbone.words.actor import Actor
from backbone.words.place import significant
from backbone.words.rank import time_span
from backbone.words.sight import watched
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.alarm.receipt.record import OVER, Receipt, State
from services.alarm.receipt.table import COLUMNS, SHAPE, project, upgrade

SHOWN = frozenset({"state", "outcome", "kind", "category", "priority", "area", "unit"})
PATHS = (
    Path(("unit",), SHOWN),
    Path(("passed_to",), SHOWN, where="x.passed_to <> ''"),
    Path(("state",), SHOWN),
    Path(("category",), SHOWN),
    Path(("area",), SHOWN),
    Path(("kind",), SHOWN),
    Path(("outcome",), SHOWN),
    Path(("code",)),
)
STATES = States(State, OVER)

# A few rows by each index, never a scan: this runs while the caller is on the line. Only what the
# caller may see: a suggestion must not tell who else has called.
EARLIER = """(
    SELECT id, shape, doc::text AS doc FROM receipts AS t
    WHERE {which} AND receive_time > $1 AND outcome IS DISTINCT FROM 'INVALID' AND {seen}
    ORDER BY receive_time DESC LIMIT 40
)"""
WHICH = (
    "cell = ANY($2::bigint[])",
    "area = $3::text AND $3 <> ''",
    "number_index = $4::text AND number_index <> ''",
    "address = $5::text AND address <> ''",
)
KNOWN = """
SELECT shape, doc::text AS doc FROM receipts AS t WHERE incident_id = $1 AND {seen}
ORDER BY incident_version DESC, id = $1 DESC LIMIT 1
"""
ONE = "SELECT shape, doc::text AS doc FROM receipts WHERE id = $1"
NOW = """
SELECT id, outcome, incident_id, doc #>> '{incident,known,state}' AS state
FROM receipts WHERE id = ANY($1)
"""
FOLLOWERS = "SELECT id FROM receipts WHERE incident_id = $1"
OURS = "SELECT DISTINCT incident_id FROM receipts WHERE incident_id = ANY($1)"

TABLE: Table[Receipt] = Table(
    name="receipts", columns=COLUMNS, project=project, shape=SHAPE, upgrade=upgrade
)


def sights_of(actor: Actor) -> tuple[Sight, ...]:
    """The rule `may_see` over projected columns: the desk that took it down, the unit that it was
    passed to, and those who watch over its area."""
    sights: list[Sight] = []
    if digits := watched(actor):
        sights.append((Under("area", digits),))
    if actor.unit:
        sights += [(equal("unit", actor.unit),), (equal("passed_to", actor.unit),)]
    return tuple(sights)


def asked(
    request: pb.ListReceiptsRequest, actor: Actor, since: datetime | None, until: datetime | None
) -> Asked:
    """The list that a request asks for, received from `since` on and before `until`."""
    one = bool(request.code) and since is None and until is None
    states, span = STATES.asked(state_of(request), request.closed, one)
    names = ("outcome", "kind", "priority", "unit", "code")
    filters = [*states, *equals_of(request, names)]
    if request.category:
        filters.append(Under("category", request.category, "."))
    if request.area:
        filters.append(Under("area", significant(request.area)))
    window = span if one else time_span(span, since, until)
    return Asked(sights_of(actor), tuple(filters), window)


@dataclass(frozen=True, slots=True)
class Where:
    """By what earlier receipts are found; what is empty finds none."""

    cells: Collection[int]
    area: str
    number_index: str
    address: str


async def earlier(pool: Pool, by: Actor, since: datetime, where: Where) -> Sequence[Any]:
    """Recent rows in these cells or in the whole area, of this number, at this address; each
    once."""
    parameters = Parameters()
    parameters.values += [since, list(where.cells), where.area]
    parameters.values += [where.number_index, where.address]
    seen = any_of(sights_of(by), "t", parameters)
    parts = [EARLIER.format(which=which, seen=seen) for which in WHICH]
    rows = await pool.fetch(" UNION ALL ".join(parts), *parameters.values)
    return list({row["id"]: row for row in rows}.values())


async def known_incident(pool: Pool, by: Actor, incident_id: UUID) -> Any | None:
    """The row of the receipt in sight that knows the latest of this incident."""
    parameters = Parameters()
    parameters.values.append(incident_id)
    seen = any_of(sights_of(by), "t", parameters)
    return await pool.fetchrow(KNOWN.format(seen=seen), *parameters.values)


async def one(pool: Pool, receipt_id: UUID) -> Any | None:
    """The row of a receipt, whoever may see it: for what the service itself must know of it."""
    return await pool.fetchrow(ONE, receipt_id)


async def as_they_are(pool: Pool, receipts: Collection[UUID]) -> dict[str, Any]:
    """Outcome, incident and its state of these receipts, by their ids."""
    return {str(row["id"]): row for row in await pool.fetch(NOW, list(receipts))}


async def followers(pool: Pool, incident_id: UUID) -> list[UUID]:
    return [row["id"] for row in await pool.fetch(FOLLOWERS, incident_id)]
