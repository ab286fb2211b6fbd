"""The tables: due clocks, visibility, lists, the next to take, timelines, and moved incidents."""

from uuid import UUID

from backbone.door.decider import Group, Table
from backbone.postgres.asking import Asked, States, equals_of, state_of
from backbone.postgres.conditions import Member, Sight, Under, equal
from backbone.postgres.paths import Path
from backbone.postgres.pool import Pool
from backbone.words.actor import Actor
from backbone.words.place import significant
from backbone.words.rank import OPEN_SPAN, OVER_SPAN, urgency_span
from backbone.words.sight import watched
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.supervision.v1 import supervision_service_pb2 as supervision_pb
from services.workflow.incident import table
from services.workflow.incident.record import OVER, Incident, State
from services.workflow.supervision import record
from services.workflow.supervision import table as supervisions
from services.workflow.supervision.record import Supervision

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
WHERE due_time <= statement_timestamp()
  AND (id, version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))
ORDER BY due_time LIMIT 100
"""
SUPERVISIONS: Table[Supervision] = Table(
    name="supervisions",
    columns=supervisions.COLUMNS,
    project=supervisions.project,
    shape=supervisions.SHAPE,
)
DUE_ANSWERS = """
SELECT id, version FROM supervisions
WHERE due_time <= statement_timestamp()
  AND (id, version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))
ORDER BY due_time LIMIT 100
"""
# Supervisions that have yet to ask the unit that is accountable now. The index of `to_address`
# holds hardly any row; until the incident hears of the question, `addressed` keeps it from being
# asked twice.
MOVED = """
SELECT s.id, s.version, i.id AS incident
FROM incidents AS i JOIN supervisions AS s ON s.id = i.to_address
WHERE i.to_address IS NOT NULL AND s.state <> 'LIFTED'
  AND i.id || '/' || i.accountable_unit <> ALL (s.addressed)
  AND (s.id, s.version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))
LIMIT 100
"""
NEXT = """
SELECT id FROM incidents
WHERE unit = $1 AND state = 'OFFERED' AND id <> ALL($2)
ORDER BY rank, id LIMIT 1
"""
EXISTS = "SELECT EXISTS (SELECT FROM incidents WHERE id = $1)"
TIMELINE = """
SELECT version, payload, actor, unit, time FROM journal
WHERE aggregate_id = $1 AND version > $2 ORDER BY version LIMIT $3
"""
TIME_OF = "SELECT time FROM journal WHERE aggregate_id = $1 AND version = $2"

LASTING = frozenset({"category", "priority", "area", "against"})
BESIDE = "incident_readers"
SHOWN = LASTING | {"state", "unit", "readers"}
PATHS = (
    Path(("reader",), LASTING | {"state", "unit"}, BESIDE, {"reader": "readers"}, span=OVER_SPAN),
    Path(("reader",), LASTING, BESIDE, {"reader": "readers"}, span=OPEN_SPAN),
    Path(("reader",), LASTING, BESIDE, {"reader": "waiting_too"}, "x.waits"),
    Path(("waiting",), LASTING | {"state", "unit"}, where="x.waiting <> ''"),
    Path(("state",), SHOWN),
    Path(("unit", "state"), SHOWN),
    Path(("category",), SHOWN),
    Path(("area",), SHOWN),
    Path(("holder",), where="x.holder <> '' AND x.rank < 0", span=OPEN_SPAN),
    Path(("holder",), SHOWN, where="x.holder <> '' AND x.rank >= 0", span=OVER_SPAN),
    Path(("code",)),
)
STATES = States(State, OVER)
SUPERVISION_SHOWN = frozenset({"state", "unit", "level", "area", "readers", "waiting"})
SUPERVISION_PATHS = (Path(("state",), SUPERVISION_SHOWN), Path(("unit",), SUPERVISION_SHOWN))
SUPERVISION_STATES = States(record.State, record.OVER)


def sights_of(actor: Actor) -> tuple[Sight, ...]:
    """The rule `may_see` over projected columns: either of these shows an incident."""
    sights: list[Sight] = []
    if digits := watched(actor):
        sights.append((Under("area", digits), equal("against", "")))
    if actor.unit:
        sights.append((Member("readers", actor.unit),))
    return tuple(sights)


def asked(request: pb.ListIncidentsRequest, actor: Actor) -> Asked:
    """The list that a request asks for; without `inbox` it is all that the caller may see."""
    inbox = (equal("waiting", actor.unit),), (Member("waiting_too", actor.unit),)
    states, span = STATES.asked(state_of(request), request.closed, bool(request.code))
    filters = [*states, *equals_of(request, ("unit", "priority", "code", "holder"))]
    if request.category:
        filters.append(Under("category", request.category, "."))
    if request.area:
        filters.append(Under("area", significant(request.area)))
    if request.priority and span == OPEN_SPAN:
        span = urgency_span(request.priority)
    return Asked(inbox if request.inbox else sights_of(actor), tuple(filters), span)


async def exists(pool: Pool, incident_id: UUID) -> bool:
    found: bool = await pool.fetchval(EXISTS, incident_id)
    return found


async def next_of(pool: Pool, unit: str, but: list[UUID]) -> UUID | None:
    """The most urgent incident of the unit's pool, but for these."""
    found: UUID | None = await pool.fetchval(NEXT, unit, but)
    return found


def supervision_sights(actor: Actor) -> tuple[Sight, ...]:
    """The rule of sight of supervisions over projected columns."""
    sights: list[Sight] = []
    if digits := watched(actor):
        sights.append((Under("area", digits),))
    if actor.unit:
        sights.append((Member("readers", actor.unit),))
    return tuple(sights)


def asked_supervisions(request: supervision_pb.ListSupervisionsRequest, actor: Actor) -> Asked:
    """The list that a request asks for; `inbox` is where the caller's unit has to do something."""
    states, span = SUPERVISION_STATES.asked(state_of(request), request.closed)
    filters = (*states, *equals_of(request, ("unit", "level")))
    inbox: tuple[Sight, ...] = ((Member("waiting", actor.unit),),)
    return Asked(inbox if request.inbox else supervision_sights(actor), filters, span)
