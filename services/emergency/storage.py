"""The SQL of missions, mailboxes and team statuses, and the few functions that use it."""

from collections.abc import Sequence
from uuid import UUID

from backbone.door.beside import Beside
from backbone.door.table import Group, Table
from backbone.door.timers import Due, due_in
from backbone.door.written import Written
from backbone.postgres.asking import Asked, States, equals_of, state_of
from backbone.postgres.conditions import Sight, equal
from backbone.postgres.paths import Path
from backbone.postgres.pool import Pool
from backbone.postgres.states import with_proof
from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.emergency.mission import table
from services.emergency.mission.record import OVER, Mission, State
from services.emergency.team.status import TeamStatus

# Its document is still the flat row of 0.1.0.
STATUSES: Table[TeamStatus] = Table(
    name="team_statuses",
    columns={"team": "text", "duty": "text"},
    project=lambda status: {"team": status.team, "duty": status.duty},
)
DUE = due_in("missions")
RUNGS_DUE = due_in(
    "missions AS m",
    "rung_due",
    """id, version, team, coalesce(doc -> 'release' ->> 'unit', unit) AS unit, ordered_unit,
       coalesce(doc -> 'order' ->> 'category', doc ->> 'category', '') AS category,
       array_remove(
           ARRAY(SELECT json_array_elements_text(m.doc -> 'hidden' -> 'against'))
           || (m.doc -> 'order' ->> 'against'), NULL) AS against,
       ARRAY(SELECT o.team FROM missions AS o WHERE o.matter_id = m.matter_id) AS sent,
       ARRAY(SELECT s.team FROM team_statuses AS s WHERE s.duty <> 'AVAILABLE') AS out""",
)
# Unanswered missions of teams that went out of service since they were sent.
_HASTENED = """
FROM missions AS m JOIN team_statuses AS s ON s.team = m.team
WHERE m.rung_due IS NOT NULL AND m.state IN ('PENDING', 'DELIVERED') AND s.duty = 'OUT_OF_SERVICE'
  AND (s.doc ->> 'time')::timestamptz > m.dispatch_time
  AND NOT coalesce((m.doc -> 'ladder' ->> 'hastened')::boolean, false)
"""
HASTENED = Due(
    f"SELECT m.id, m.version {_HASTENED} "  # noqa: S608
    "AND (m.id, m.version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[])) LIMIT 100",
    f"SELECT min(0.0::float8) {_HASTENED}",
    clock="missions.hastened",
)

RECENT = """
SELECT id FROM missions
WHERE pair IS NOT NULL AND dispatch_time > clock_timestamp() - interval '1 hour'
"""

MAILBOX = "SELECT epoch, last_seq, last_push, last_step FROM mailboxes WHERE team = $1"
MARKS = "SELECT team, last_push, last_step FROM mailboxes WHERE team = ANY($1)"
STATE = with_proof("m")
# Missions that have joined an incident and were not told its facts since, except those with ids $1;
# and open ones among $2. The OFFSET keeps the planner from reading all open missions.
BEHIND = f"""
SELECT {STATE}, clock_timestamp() AS now
FROM ((SELECT id FROM missions WHERE behind_since IS NOT NULL AND id <> ALL($1::uuid[])
       ORDER BY behind_since LIMIT 50)
      UNION SELECT unnest($2::uuid[])) AS few,
     LATERAL (SELECT * FROM missions WHERE id = few.id OFFSET 0) AS m
WHERE m.end_time IS NULL
"""  # noqa: S608  # our names
ENTRY = f"""
SELECT e.seq, e.push, e.revision, e.attempt, e.kind, e.traceparent, {STATE},
       m.priority, extract(epoch FROM clock_timestamp() - e.time)::float8 AS age, b.last_step
FROM mailboxes AS b JOIN mailbox_entries AS e ON e.team = b.team
JOIN missions AS m ON m.id = e.mission
WHERE b.team = $1
"""  # noqa: S608  # our names
REPLAY = f"""{ENTRY}
  AND e.seq > $2 AND e.seq <= $3
  AND (m.end_time IS NULL OR m.state = 'RECALLED' AND m.due_time IS NOT NULL OR NOT $4)
ORDER BY e.seq LIMIT $5
"""
# All rows in one statement: only then does one snapshot hold every number after those read.
PUSHED = f"{ENTRY} AND e.push > $2 ORDER BY e.push"
# The steps after step $2, of those that a terminal with the entry $3 may not have been told.
STEPS = f"""
SELECT s.team, s.step, s.after_seq, s.mission, s.kind, s.state, s.revision, s.signed, s.who, s.time,
       s.proof AS step_proof, {STATE}
FROM mailbox_steps AS s JOIN missions AS m ON m.id = s.mission
WHERE s.team = $1 AND s.step > $2 AND s.after_seq >= $3 ORDER BY s.step
"""  # noqa: S608  # our names
# The code covers what a step tells; its numbers are given by the statement that writes it.
TEAM_STEPS = Beside(
    "mailbox_steps",
    ("team", "mission", "kind", "state", "revision", "signed", "who", "time"),
    key=("team", "step"),
)
# The kind of entry for an event. Events of missions only: team statuses have no mailbox entry.
FRESH = {
    "liandong.emergency.dispatched.v1": "MISSION",
    "liandong.emergency.revised.v1": "REVISION",
    "liandong.emergency.recalled.v1": "RECALL",
}
# Steps of one device of the team that the others are told.
STEP_OF = {
    f"liandong.emergency.{name}.v1": name.upper()
    for name in (
        "delivered",
        "acknowledged",
        "refused",
        "en_route",
        "on_scene",
        "cleared",
        "recall_confirmed",
    )
}
WRITTEN = (
    Written("mailbox_entries", "mission", "kind", FRESH.items(), since=""),
    Written(
        "mailbox_steps",
        "mission",
        "kind",
        STEP_OF.items(),
        since="emergency/0005_recalls_and_steps.sql",
        # No city sweeps them earlier (deploy/retention.yaml).
        kept="(t.end_time IS NULL OR t.end_time > now() - interval '7 days')",
    ),
)
HAS_ENTRY = "SELECT EXISTS (SELECT FROM mailbox_entries WHERE mission = $1 AND seq = $2)"
SEQ = "SELECT seq FROM mailbox_entries WHERE mission = $1 AND revision = $2"
SEQS = "SELECT mission, max(seq) AS seq FROM mailbox_entries WHERE mission = ANY($1) GROUP BY 1"

SHOWN = frozenset({"state", "team", "unit", "ordered_unit", "area", "priority"})
PATHS = (
    Path(("state",), SHOWN),
    Path(("team",), SHOWN),
    Path(("unit",), SHOWN),
    Path(("ordered_unit",), SHOWN),
    Path(("area",), SHOWN),
    Path(("matter_id",)),
    Path(("receipt",)),
    Path(("code",)),
)
MISSIONS: Table[Mission] = Table(
    name="missions",
    columns=table.COLUMNS,
    project=table.project,
    shape=table.SHAPE,
    upgrade=table.upgrade,
    group=Group("pair", table.pair),
    paths=PATHS,
    beside=(TEAM_STEPS,),
    written=WRITTEN,
)
STATES = States(State, OVER)

# All missions of these matters, and those that the orders of these receipts have made.
OF = f"""
SELECT {STATE} FROM missions AS m
WHERE matter_id = ANY($1::uuid[]) OR receipt = ANY($1::uuid[]) ORDER BY dispatch_time, id
"""  # noqa: S608  # our names
STANDS = "SELECT EXISTS (SELECT FROM missions WHERE id = $1)"
# The incidents among $1 for which a team is or was under way: also a mission that is over must name
# no person who asks for protection later.
OURS = "SELECT DISTINCT matter_id FROM missions WHERE matter_id = ANY($1)"

UNANSWERED = """
SELECT state, count(*) AS missions,
       count(*) FILTER (WHERE acknowledge_by < clock_timestamp()) AS overdue
FROM missions WHERE state IN ('PENDING', 'DELIVERED') GROUP BY state
"""
# By the rung that each has reached: 0 before the first, which is the team's own.
ON_RUNGS = """
SELECT coalesce((doc -> 'ladder' ->> 'rung')::int, 0) AS rung, count(*) AS missions
FROM missions WHERE state IN ('PENDING', 'DELIVERED') GROUP BY 1
"""
OUT = "SELECT team FROM team_statuses WHERE duty <> 'AVAILABLE'"
DUTY_OF = "SELECT duty FROM team_statuses WHERE team = $1"
LOADS = "SELECT team, count(*) AS missions FROM missions WHERE end_time IS NULL GROUP BY team"
READ_STATUSES = f"SELECT {with_proof('s')} FROM team_statuses AS s WHERE team = ANY($1)"  # noqa: S608  # our names


# In the order of the ids. A team that was through before the matter became more urgent has served
# another one.
UNSERVED = """
SELECT asked.id FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS asked (id, priority, place)
WHERE NOT EXISTS (
    SELECT FROM missions AS m
    WHERE m.matter_id = asked.id AND m.state NOT IN ('REFUSED', 'RECALLED')
      AND (m.end_time IS NULL OR asked.priority IS NULL OR m.priority <= asked.priority))
ORDER BY asked.place
"""


async def seqs_of(pool: Pool, missions: Sequence[UUID]) -> dict[UUID, int]:
    """The number of each mission in its team's mailbox."""
    return {row["mission"]: row["seq"] for row in await pool.fetch(SEQS, list(missions))}


def asked(
    request: pb.ListMissionsRequest,
    sights: tuple[Sight, ...],
    matter: UUID | None,
    receipt: UUID | None = None,
) -> Asked:
    """The list that a request asks for; `matter` and `receipt` are the ids in it, read."""
    one = bool(request.code or matter or receipt) and not request.open
    states, span = STATES.asked(state_of(request), request.closed, one)
    filters = [*states, *equals_of(request, ("team", "code", "priority"))]
    of = {"matter_id": matter, "receipt": receipt}
    filters += [equal(name, each, "uuid") for name, each in of.items() if each is not None]
    return Asked(sights, tuple(filters), span)
