"""The tables: due clocks, visibility, lists, the next to take, timelines, and moved incidents."""

from collections.abc import Collection
from uuid import UUID

from backbone.door.table import Group, Table
from backbone.door.timers import Due, due_in
from backbone.postgres.asking import Asked, States, equals_of, state_of, time_of
from backbone.postgres.conditions import AnyOf, Condition, Member, Sight, Under, equal
from backbone.postgres.paths import Path
from backbone.postgres.pool import Pool
from backbone.postgres.sights import Seen, limits_of, sights_by
from backbone.words.actor import SERVICE, Actor
from backbone.words.place import significant
from backbone.words.rank import OPEN_SPAN, OVER_SPAN, urgency_span, urgency_spans
from backbone.words.rights import verifiers_of
from backbone.words.roles import VERIFIERS
from backbone.words.sight import (
    ALARM,
    CARE,
    DISPUTE,
    MISSION,
    PETITION,
    SUPERVISION,
    Relation,
    born_of,
    grants,
    is_blind,
)
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.supervision.v1 import supervision_service_pb2 as supervision_pb
from services.workflow.incident import table, waiting
from services.workflow.incident.record import OVER, Incident, State
from services.workflow.supervision import record
from services.workflow.supervision import table as supervisions
from services.workflow.supervision.record import Supervision

DUE = due_in("incidents", columns="id, version, due_clock")
DUE_ANSWERS = due_in("supervisions")
# Supervisions that have yet to ask the unit that answers for it now, or to hear that it is over or
# accuses the unit that owes. The index of `to_address` holds hardly any row; until the incident
# hears of the question, `addressed` keeps it from being asked twice.
_MOVED = """
SELECT s.id, s.version, i.id AS incident
FROM incidents AS i JOIN supervisions AS s ON s.id = i.to_address
WHERE i.to_address IS NOT NULL AND s.state <> 'LIFTED'
  AND (i.state IN ('CLOSED', 'MERGED', 'VOIDED') OR i.against <> ''
    OR i.id || '/' || CASE i.state WHEN 'OFFERED' THEN i.unit ELSE i.accountable_unit END
      <> ALL (s.addressed))
  AND (s.id, s.version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))
LIMIT 100
"""
MOVED = Due(
    _MOVED,
    "SELECT min(0.0::float8) FROM incidents WHERE to_address IS NOT NULL",
    clock="incidents.to_address",
)
# Merged incidents that accuse another unit than the one that they were merged into, or none: few
# incidents accuse at all.
_HOSTED = """
SELECT b.id, b.version, a.id AS host
FROM incidents AS a JOIN incidents AS b ON b.held_by = a.id AND b.state = 'MERGED'
WHERE a.against <> '' AND b.against <> a.against
UNION ALL
SELECT b.id, b.version, a.id FROM incidents AS b JOIN incidents AS a ON a.id = b.held_by
WHERE b.against <> '' AND b.state = 'MERGED' AND a.against = ''
"""
HOSTED = Due(
    f"SELECT * FROM ({_HOSTED}) AS h WHERE (h.id, h.version) NOT IN "  # noqa: S608  # our names
    "(SELECT * FROM unnest($1::uuid[], $2::bigint[])) LIMIT 100",
    f"SELECT min(0.0::float8) FROM ({_HOSTED}) AS h",  # noqa: S608  # our names
    clock="incidents.against",
)
# Open incidents, and for how long nobody has had the oldest unclaimed one: since it was opened,
# whatever pools it has gone through, and for one that somebody has had, since its last charge.
PULSE = """
SELECT state, priority, count(*) AS incidents,
       count(*) FILTER (WHERE alerted AND state = 'OFFERED') AS late,
       max(CASE WHEN state IN ('REPORTED', 'TRIAGE', 'OFFERED') THEN extract(epoch FROM
           clock_timestamp() - CASE WHEN doc -> 'charge' -> 'handlers' ->> 0 IS NULL THEN open_time
           ELSE coalesce((doc -> 'charge' ->> 'unit_time')::timestamptz, open_time) END)
       END)::float8 AS age
FROM incidents WHERE rank < 0 AND state = ANY($1) GROUP BY state, priority
"""
# The incidents whose persons the texts of a request may name, by the field that says which.
ABOUT = {
    "incident_id": "id = ANY($1)",
    "incident_ids": "id = ANY($1)",
    "into": "id = ANY($1)",
    "supervision_id": """id IN (
        SELECT split_part(unnest(addressed), '/', 1)::uuid FROM supervisions WHERE id = ANY($1))""",
}
NEXT = """
SELECT id FROM incidents
WHERE unit = $1 AND state = 'OFFERED' AND id <> ALL($2)
  AND $1 = ANY(readers) AND source = ANY($3) AND (against = '' OR $4)
ORDER BY rank, id LIMIT 1
"""
EXISTS = "SELECT EXISTS (SELECT FROM incidents WHERE id = $1)"
TIME_OF = "SELECT time FROM journal WHERE aggregate_id = $1 AND version = $2"

SEEN = Seen(
    frozenset({ALARM, MISSION, *born_of(DISPUTE), PETITION, CARE}),
    area="area",
    readers="readers",
    accused="against",
    source="source",
)
ALERTED = ("dispatcher", "leader")
# A time that a rule allows is over: then it stands before the dispatchers of the area, too.
LATE: Sight = (
    equal("alerted", value=True, kind="boolean"),
    Member("reasons", waiting.key(waiting.OF_AREA, waiting.OVERDUE)),
)
MEDIATED = AnyOf("source", born_of(waiting.MEDIATED))
CALLED_BACK: Sight = (equal("state", State.RESOLVED), MEDIATED)

LASTING = frozenset({"category", "priority", "area", "against", "source"})
BESIDE = "incident_readers"
SHOWN = LASTING | {"state", "unit", "readers"}
PATHS = (
    Path(("reader",), LASTING | {"state", "unit"}, BESIDE, {"reader": "readers"}, span=OVER_SPAN),
    Path(("reader",), LASTING, BESIDE, {"reader": "readers"}, span=OPEN_SPAN),
    Path(("reader",), LASTING, BESIDE, {"reader": "waiting_too"}, "x.waits"),
    Path(("waiting",), LASTING | {"state", "unit"}, where="x.waiting <> ''"),
    Path(("alerted",), LASTING | {"reasons", "readers"}, where="x.alerted"),
    Path(("state",), SHOWN),
    Path(("unit", "state"), SHOWN),
    Path(("category",), SHOWN),
    Path(("area",), SHOWN),
    Path(("source",), SHOWN),
    Path(("holder",), where="x.holder <> '' AND x.rank < 0", span=OPEN_SPAN),
    Path(("holder",), SHOWN, where="x.holder <> '' AND x.rank >= 0", span=OVER_SPAN),
    Path(("code",)),
)
TABLE: Table[Incident] = Table(
    name="incidents",
    columns=table.COLUMNS,
    project=table.project,
    shape=table.SHAPE,
    upgrade=table.upgrade,
    group=Group("held_by", table.held_by),
    derived=table.CHEAP,
    paths=PATHS,
)
STATES = States(State, OVER)
SUPERVISION_SHOWN = frozenset({"state", "unit", "level", "area", "readers", "waiting"})
SUPERVISION_PATHS = (Path(("state",), SUPERVISION_SHOWN), Path(("unit",), SUPERVISION_SHOWN))
SUPERVISIONS: Table[Supervision] = Table(
    name="supervisions",
    columns=supervisions.COLUMNS,
    project=supervisions.project,
    shape=supervisions.SHAPE,
    paths=SUPERVISION_PATHS,
)
SUPERVISION_STATES = States(record.State, record.OVER)


def sights_of(actor: Actor) -> tuple[Sight, ...]:
    """Any of these shows an incident. A service of ours sees each: it acts for a person who has
    seen it already."""
    if actor.role == SERVICE:
        return ((),)
    return sights_by(SEEN, actor)


def asked(
    request: pb.ListIncidentsRequest, actor: Actor, of_disputes: Collection[str] = ()
) -> Asked:
    """The list that a request asks for; without `inbox` it is all that the caller may see.

    `of_disputes` are the roles that make the call-backs of disputes.
    """
    since, until = time_of(request, "from_time"), time_of(request, "to_time")
    one = bool(request.code) and since is None and until is None
    states, span = STATES.asked(state_of(request), request.closed, one)
    filters = [*states, *filters_of(request)]
    if request.overdue and not request.inbox:
        filters += LATE
    if request.priority and span == OPEN_SPAN:
        span = urgency_span(request.priority)
    sights = inbox_of(request, actor, of_disputes) if request.inbox else sights_of(actor)
    return Asked(sights, tuple(filters), span, urgency_spans(span, since, until))


def filters_of(request: pb.ListIncidentsRequest) -> tuple[Condition, ...]:
    """What the matter must be; its state and its time are asked of the rank, too."""
    filters = [*equals_of(request, ("unit", "priority", "code", "holder"))]
    if request.category:
        filters.append(Under("category", request.category, "."))
    if request.area:
        filters.append(Under("area", significant(request.area)))
    if request.source:
        filters.append(AnyOf("source", born_of(request.source)))
    return tuple(filters)


def inbox_of(
    request: pb.ListIncidentsRequest, actor: Actor, of_disputes: Collection[str]
) -> tuple[Sight, ...]:
    """The matters that wait for the actor's unit; for dispatchers and leaders, also those that are
    stuck or late in their area.
    """
    mine, why = limits_of(SEEN, actor, Relation.UNIT), _why(request, actor.unit)
    own = _own(actor, of_disputes) if actor.unit and mine is not None else ()
    sights: list[Sight] = [(*each, *why, *(mine or ())) for each in own]
    watched = limits_of(SEEN, actor, Relation.WATCHER)
    if actor.role in ALERTED and actor.area and watched is not None:
        alert = equal("alerted", value=True, kind="boolean")
        area = Under("area", significant(actor.area))
        sights.append((alert, area, *_why(request, waiting.OF_AREA), *watched))
    return (*sights, *_directed(request, actor, of_disputes))


def _directed(
    request: pb.ListIncidentsRequest, actor: Actor, of_disputes: Collection[str]
) -> tuple[Sight, ...]:
    """The call-backs of the centres of the area; they are never overdue."""
    asked = request.reason in {"", *waiting.AFTER_WORK} and not request.overdue
    if actor.role not in of_disputes or not asked:
        return ()
    called = [each for each in born_of(waiting.MEDIATED) if not is_blind(actor.role, each)]
    of = equal("state", State.RESOLVED), AnyOf("source", tuple(called))
    why = _why(request, waiting.OF_LINE)
    return ((*of, *why, Under("area", significant(actor.area)), equal("against", "")),)


def _own(actor: Actor, of_disputes: Collection[str]) -> tuple[Sight, ...]:
    """Matters that wait for the actor's unit; a call-back alone only if the role may make it."""
    first, too = equal("waiting", actor.unit), Member("waiting_too", actor.unit)
    if actor.role in VERIFIERS:
        return (first,), (too,)
    called: tuple[Sight, ...] = ((first, *CALLED_BACK),) if actor.role in of_disputes else ()
    asked = (waiting.key(actor.unit, each) for each in waiting.SUPERVISED)
    kept = tuple(each for each in (PETITION, CARE) if actor.role in verifiers_of(each))
    called_back = tuple(dict.fromkeys((waiting.REPLIED, *kept)))
    return (
        (first, AnyOf("state", tuple(each for each in State if each is not State.RESOLVED))),
        (first, equal("state", State.RESOLVED), AnyOf("source", called_back)),
        (too,),
        *called,
        *((first, equal("state", State.RESOLVED), Member("reasons", each)) for each in asked),
    )


def _why(request: pb.ListIncidentsRequest, place: str) -> Sight:
    reasons = (request.reason, waiting.OVERDUE if request.overdue else "")
    return tuple(Member("reasons", waiting.key(place, each)) for each in reasons if each)


async def exists(pool: Pool, incident_id: UUID) -> bool:
    found: bool = await pool.fetchval(EXISTS, incident_id)
    return found


async def next_of(pool: Pool, actor: Actor, but: list[UUID]) -> UUID | None:
    """The most urgent incident of the pool of the actor's unit that the actor sees, but for
    these."""
    own = next((each for each in grants(actor) if each.relation is Relation.UNIT), None)
    if own is None:
        return None
    asked = (actor.unit, but, list(own.sources), own.accused)
    found: UUID | None = await pool.fetchval(NEXT, *asked)
    return found


SEEN_SUPERVISIONS = Seen(
    frozenset(born_of(SUPERVISION)),
    area="area",
    readers="readers",
    accused="accused",
    source="source",
)


SEEN_APART = Seen(SEEN_SUPERVISIONS.sources, area="area", readers="apart", source="source")


def supervision_sights(actor: Actor) -> tuple[Sight, ...]:
    """Any of these shows a supervision. Of one that began to accuse, a unit that answers for other
    incidents alone sees its own part."""
    limits = limits_of(SEEN_APART, actor, Relation.UNIT)
    apart: tuple[Sight, ...] = ()
    if actor.unit and limits is not None:
        apart = ((Member("apart", actor.unit), *limits),)
    return (*sights_by(SEEN_SUPERVISIONS, actor), *apart)


def asked_supervisions(request: supervision_pb.ListSupervisionsRequest, actor: Actor) -> Asked:
    """The list that a request asks for; `inbox` is where the caller's unit has to do something."""
    states, span = SUPERVISION_STATES.asked(state_of(request), request.closed)
    filters = (*states, *equals_of(request, ("unit", "level")))
    sights = supervision_sights(actor)
    if request.inbox:
        sights = tuple((Member("waiting", actor.unit), *each) for each in sights)
    return Asked(sights, filters, span)
