"""The receipts table: rows in sight, pages, possible repeats, the followers of an incident."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backbone.door.rows import RowsOf
from backbone.door.table import Table
from backbone.door.timers import due_in
from backbone.postgres.asking import Asked, States, equals_of, state_of
from backbone.postgres.conditions import AnyOf, Parameters, Sight, Under, any_of, equal
from backbone.postgres.paths import Path
from backbone.postgres.pool import Pool
from backbone.postgres.sights import Seen, limits_of, sights_by
from backbone.postgres.states import Proven, with_proof
from backbone.rpc.ids import named_id
from backbone.words.actor import Actor
from backbone.words.followed import Followed
from backbone.words.place import significant
from backbone.words.rank import EVERY_SPAN, time_span
from backbone.words.sight import ALARM, Relation
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.alarm.receipt.passed import TicketState
from services.alarm.receipt.record import OVER, Receipt, State
from services.alarm.receipt.table import COLUMNS, SHAPE, project, upgrade

SHOWN = frozenset({"state", "outcome", "kind", "category", "priority", "area", "unit", "against"})
PATHS = (
    Path(("unit",), SHOWN),
    Path(("passed_to",), SHOWN, where="x.passed_to <> ''"),
    Path(("state",), SHOWN),
    Path(("category",), SHOWN),
    Path(("area",), SHOWN),
    Path(("kind",), SHOWN),
    Path(("outcome",), SHOWN),
    Path(("handler",), where="x.handler <> ''"),
    Path(("incident_id",), where="x.incident_id IS NOT NULL"),
    Path(("passed_state",), where="x.passed_state <> ''"),
    Path(("returned_to",), where="x.returned_to <> ''"),
    Path(("code",)),
)
STATES = States(State, OVER)
TICKETS = {
    False: (TicketState.WAITING, TicketState.LAPSED),
    True: (TicketState.ANSWERED, TicketState.RETURNED),
}

# A few rows by each index, never a scan: this runs while the caller is on the line. Only what the
# caller may see: a suggestion must not tell who else has called. Suggestions stay on the receipt,
# whose readers may be others: an accusation is suggested to the same accusation alone.
LATEST_OF = """(
    SELECT id, receive_time FROM receipts AS t
    WHERE {which} AND receive_time > $1 AND outcome IS DISTINCT FROM 'INVALID'
      AND against IN ('', $6::text) AND {seen}
    ORDER BY receive_time DESC LIMIT 40
)"""
# Of each cell its latest: the rows of all cells would be sorted, however many a disaster brings.
LATEST_AROUND = """(
    SELECT latest.* FROM unnest($2::bigint[]) AS around, LATERAL {latest} AS latest
    ORDER BY receive_time DESC LIMIT 40
)"""
EARLIER = """
SELECT {state} FROM (SELECT DISTINCT id FROM ({found}) AS found) AS few,
LATERAL (SELECT * FROM receipts WHERE id = few.id OFFSET 0) AS t
"""
AROUND = "cell = around"
WHICH = (
    "area = $3::text AND $3 <> ''",
    "number_index = ANY($4::text[]) AND number_index <> ''",
    "number_index = ANY($7::text[]) AND number_index <> ''",
    "line_index = ANY($7::text[]) AND line_index <> ''",
    "further_indexes && $8::text[] AND further_indexes <> '{}'",
    "address = $5::text AND address <> ''",
)
KNOWN = """
SELECT {state} FROM receipts AS t WHERE incident_id = $1 AND {seen}
ORDER BY incident_version DESC, id = $1 DESC LIMIT 1
"""
STATE = with_proof("r")
ONE = f"SELECT {STATE} FROM receipts AS r WHERE id = $1"  # noqa: S608  # our names
NOW = f"SELECT {STATE} FROM receipts AS r WHERE id = ANY($1)"  # noqa: S608  # our names
REPORTS = f"""
SELECT {STATE} FROM receipts AS r WHERE code = $1
UNION ALL
(SELECT {STATE} FROM receipts AS r JOIN receipts AS first ON r.incident_id = first.id
 WHERE first.code = $1 AND r.id <> first.id ORDER BY r.rank LIMIT 20)
"""  # noqa: S608  # our names
LATEST = f"""
SELECT {STATE} FROM receipts AS r WHERE incident_id = $1 ORDER BY incident_version DESC LIMIT 1
"""  # noqa: S608  # our names
# A row of an older shape may keep its caller elsewhere: it is read, and asked as a record.
PROTECTED = f"""
SELECT {STATE} FROM receipts AS r WHERE incident_id = ANY($1)
AND coalesce((r.doc #>> '{{report,caller,protected}}')::boolean, true)
UNION ALL
SELECT {STATE} FROM receipts AS r WHERE left_incidents && $1 AND left_incidents <> '{{}}'
"""  # noqa: S608  # our names
FOLLOWERS = "SELECT id FROM receipts WHERE incident_id = $1"
# How a request has moved a receipt to another incident.
MOVED = """
SELECT payload FROM journal
WHERE aggregate_id = $1 AND request_id = $2 AND kind = 'liandong.alarm.moved.v1' ORDER BY version
"""
DUE = due_in("receipts")
# Receipts that became records of other services, which have their ids.
PASSED = "SELECT id FROM receipts WHERE id = ANY($1) AND outcome = 'PASSED' AND incident_id IS NULL"
# Also those that were merged into another one: the receipt that opened one has its id.
OURS = """
SELECT incident_id FROM receipts WHERE incident_id = ANY($1)
UNION
SELECT id FROM receipts WHERE id = ANY($1) AND incident_id <> id
"""

TABLE: Table[Receipt] = Table(
    name="receipts", columns=COLUMNS, project=project, shape=SHAPE, upgrade=upgrade, paths=PATHS
)


SEEN = Seen(
    frozenset({ALARM}),
    area="area",
    units=("unit", "passed_to", "handler"),
    accused="against",
    author={"user": "receiver", "unit": "unit"},
)


def sights_of(actor: Actor) -> tuple[Sight, ...]:
    """Any of these shows a receipt."""
    return sights_by(SEEN, actor)


def asked(
    request: pb.ListReceiptsRequest,
    actor: Actor,
    since: datetime | None,
    until: datetime | None,
    handles: bool = False,
) -> Asked:
    """The list that a request asks for, received from `since` on and before `until`.

    `handles`: the actor's unit has the incident that it asks about, and sees all its receipts.
    """
    one = bool(request.code or request.incident_id) and since is None and until is None
    states, span = STATES.asked(state_of(request), request.closed, one)
    names = ("outcome", "kind", "priority", "unit", "code", "passed_state")
    filters = [*states, *equals_of(request, names)]
    sights = sights_of(actor)
    if handles:
        sights = ((equal("incident_id", incident_of(request), "uuid"),),)
    elif request.incident_id:
        filters.append(equal("incident_id", incident_of(request), "uuid"))
    if request.category:
        filters.append(Under("category", request.category, "."))
    if request.area:
        filters.append(Under("area", significant(request.area)))
    window = span if one else time_span(span, since, until)
    return Asked(sights, tuple(filters), window)


def incident_of(request: pb.ListReceiptsRequest) -> UUID:
    """Raises NotFound for an id that is none."""
    return named_id(request.incident_id, "NO_SUCH_INCIDENT")


def asked_tickets(request: pb.ListTicketsRequest, actor: Actor) -> Asked:
    """The tickets that wait for the caller's unit and may be read; with `closed`, those it answered
    or returned, also where the desk has gone on without it: of these it sees no priority."""
    wanted = (state_of(request),) if request.state else TICKETS[request.closed]
    limits = limits_of(SEEN, actor, Relation.UNIT)
    sights: list[Sight] = []
    if actor.unit and limits is not None:
        state = AnyOf("passed_state", wanted)
        sights.append((equal("passed_to", actor.unit), state, *limits))
        if TicketState.RETURNED in wanted and not request.priority:
            sights.append((equal("returned_to", actor.unit), *limits))
    return Asked(tuple(sights), equals_of(request, ("code", "priority")), EVERY_SPAN)


@dataclass(frozen=True, slots=True)
class Where:
    """By what earlier receipts are found; what is empty finds none. `against` is the unit that the
    report accuses: only the same accusation is found for it. `lines` find other extensions."""

    cells: Collection[int]
    area: str
    numbers: Collection[str]
    address: str
    against: str
    lines: Collection[str] = ()


async def earlier(
    rows: RowsOf, by: Actor, since: datetime, where: Where
) -> tuple[Sequence[Any], Asked]:
    """Recent rows in these cells or in the whole area, of this number, at this address; and what a
    row must satisfy to be shown. They are not proven."""
    parameters = Parameters()
    parameters.values += [since, list(where.cells), where.area]
    numbers, lines = list(where.numbers), list(where.lines)
    parameters.values += [numbers, where.address, where.against, lines, [*numbers, *lines]]
    asked = Asked(sights_of(by), (AnyOf("against", ("", where.against)),))
    seen = any_of(asked.sights, "t", parameters)
    around = LATEST_AROUND.format(latest=LATEST_OF.format(which=AROUND, seen=seen))
    others = (LATEST_OF.format(which=which, seen=seen) for which in WHICH)
    found = " UNION ALL ".join((around, *others))
    statement = EARLIER.format(state=with_proof("t"), found=found)
    return await rows.pool.fetch(statement, *parameters.values), asked


async def known_incident(rows: RowsOf, by: Actor, incident_id: UUID) -> Proven | None:
    """The row of the receipt in sight that knows the latest of this incident."""
    parameters = Parameters()
    parameters.values.append(incident_id)
    asked = Asked(sights_of(by), (equal("incident_id", incident_id, "uuid"),))
    seen = any_of(asked.sights, "t", parameters)
    statement = KNOWN.format(seen=seen, state=with_proof("t"))
    found = await rows.pool.fetch(statement, *parameters.values)
    return next(iter(await rows.all_shown(found, asked)), None)


async def one(rows: RowsOf, receipt_id: UUID) -> Proven | None:
    """The row of a receipt without the rule of sight: the service itself must know it."""
    return await rows.one(ONE, receipt_id)


async def as_they_are(rows: RowsOf, receipts: Collection[UUID]) -> dict[str, Receipt]:
    """These receipts, by their ids."""
    found = await rows.some(NOW, list(receipts))
    return {str(row["id"]): rows.decider.from_row(row) for row in found}


async def accused_by(rows: RowsOf, incident_id: UUID) -> str:
    """The unit that an incident of this desk accuses; its receipt has the same id."""
    row = await one(rows, incident_id)
    return "" if row is None else str(rows.decider.from_row(row).against)


async def reports(rows: RowsOf, code: str) -> Sequence[Proven]:
    """The receipts of a matter by its code: its own, and the latest that were linked to it."""
    return await rows.some(REPORTS, code)


async def latest_known(rows: RowsOf, incident_id: UUID) -> Followed | None:
    """The incident as the receipt knows it that has heard of it last; None if none follows it."""
    row = await rows.one(LATEST, incident_id)
    receipt: Receipt | None = None if row is None else rows.decider.from_row(row)
    return receipt.incident.known if receipt is not None and receipt.incident else None


async def protected_of(rows: RowsOf, incidents: Collection[UUID]) -> list[Receipt]:
    """The receipts of these incidents whose caller is protected, as far as their rows tell; also
    those that have left."""
    found = await rows.some(PROTECTED, list(incidents))
    return [rows.decider.from_row(row) for row in found]


async def followers(pool: Pool, incident_id: UUID) -> list[UUID]:
    return [row["id"] for row in await pool.fetch(FOLLOWERS, incident_id)]
