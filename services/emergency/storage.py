"""The SQL of missions, mailboxes and team statuses, and the few functions that use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from backbone.door.decider import Table
from backbone.postgres.paging import Latest
from backbone.postgres.pool import Connection, Pool
from services.emergency.mission import table
from services.emergency.mission.record import Mission
from services.emergency.team.status import TeamStatus

# The first parameters of every query that is limited to what a caller may see (scope.py).
Sight: TypeAlias = tuple[bool, str | None, str | None, str | None]
# Team, state, matter, code, priority; None means any. Then: only what has not ended.
Filters: TypeAlias = tuple[str | None, str | None, UUID | None, str | None, str | None, bool]

MISSIONS: Table[Mission] = Table(
    name="missions",
    columns=table.COLUMNS,
    project=table.project,
    shape=table.SHAPE,
    upgrade=table.upgrade,
)
# Its document is still the flat row of 0.1.0.
STATUSES: Table[TeamStatus] = Table(
    name="team_statuses",
    columns={"team": "text", "duty": "text"},
    project=lambda status: {"team": status.team, "duty": status.duty},
)
NEWEST = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))

DUE = """
SELECT id, version FROM missions
WHERE due_time <= clock_timestamp()
  AND (id, version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))
ORDER BY due_time LIMIT 100
"""

# Who has terminals listens here: each word is a team in whose mailbox something was pushed.
CHANNEL = "emergency_pushes"
# One order of teams for all transactions: two of them never wait for each other.
ALLOCATE = f"""
INSERT INTO mailboxes AS m (team, last_seq, last_push)
SELECT team, fresh, pushes
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS t(team, fresh, pushes) ORDER BY team
ON CONFLICT (team) DO UPDATE SET
    last_seq = m.last_seq + excluded.last_seq, last_push = m.last_push + excluded.last_push
RETURNING team, last_seq, last_push, pg_notify('{CHANNEL}', team)
"""  # noqa: S608
ADD_ENTRIES = """
INSERT INTO mailbox_entries (team, seq, mission, revision, attempt, push)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::integer[], $5::integer[],
                     $6::bigint[])
"""
PUSH_AGAIN = """
UPDATE mailbox_entries AS e SET attempt = p.attempt, push = p.push, time = clock_timestamp()
FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::bigint[])
     AS p(mission, revision, attempt, push)
WHERE e.mission = p.mission AND e.revision = p.revision
"""

MAILBOX = "SELECT epoch, last_seq, last_push FROM mailboxes WHERE team = $1"
MARKS = "SELECT team, last_seq, last_push FROM mailboxes WHERE team = ANY($1)"
ENTRY = """
SELECT e.seq, e.push, e.revision, e.attempt, m.shape, m.doc::text AS doc, m.state, m.priority,
       extract(epoch FROM clock_timestamp() - e.time)::float8 AS age
FROM mailbox_entries AS e JOIN missions AS m ON m.id = e.mission
"""
REPLAY = f"""{ENTRY}
WHERE e.team = $1 AND e.seq > $2 AND e.seq <= $3 AND (m.end_time IS NULL OR NOT $4)
ORDER BY e.seq LIMIT $5
"""
# All of it at once: only then does one snapshot hold every number after those that were read.
PUSHED = f"{ENTRY} WHERE e.team = $1 AND e.push > $2 ORDER BY e.push"
SEQS = "SELECT mission, max(seq) AS seq FROM mailbox_entries WHERE mission = ANY($1) GROUP BY 1"

VISIBLE = "($1 OR team = $2 OR unit = $3 OR ordered_unit = $3 OR starts_with(area, $4))"
FIND = f"SELECT shape, doc::text AS doc FROM missions WHERE id = $5 AND {VISIBLE}"  # noqa: S608
MATCHING = f"""
FROM missions
WHERE {VISIBLE} AND ($5::text IS NULL OR team = $5) AND ($6::text IS NULL OR state = $6)
  AND ($7::uuid IS NULL OR matter_id = $7) AND ($8::text IS NULL OR code = $8)
  AND ($9::text IS NULL OR priority = $9) AND (end_time IS NULL OR NOT $10)
"""
LIST = f"""
SELECT id, dispatch_time, shape, doc::text AS doc {MATCHING} AND (dispatch_time, id) < ($11, $12)
ORDER BY dispatch_time DESC, id DESC LIMIT $13
"""
COUNT = f"SELECT count(*) {MATCHING}"
UNANSWERED = """
SELECT state, count(*) AS missions,
       count(*) FILTER (WHERE acknowledge_by < clock_timestamp()) AS overdue
FROM missions WHERE due_time IS NOT NULL GROUP BY state
"""
OPEN_BY_TEAM = """
SELECT team, count(*) AS missions FROM missions
WHERE end_time IS NULL AND team = ANY($1) GROUP BY team
"""
READ_STATUSES = "SELECT shape, doc::text AS doc FROM team_statuses WHERE team = ANY($1)"


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in a mailbox; `seq` is 0 for a repeat, which keeps the one it has."""

    team: str
    seq: int
    mission: UUID
    revision: int
    attempt: int
    push: int


async def allocate(
    conn: Connection, teams: Sequence[tuple[str, int, int]]
) -> dict[str, tuple[int, int]]:
    """Take so many sequence and push numbers of each team; return the last ones taken."""
    rows = await conn.fetch(ALLOCATE, *map(list, zip(*sorted(teams), strict=True)))
    return {row["team"]: (row["last_seq"], row["last_push"]) for row in rows}


async def add_entries(conn: Connection, entries: Sequence[Entry]) -> None:
    rows = [(e.team, e.seq, e.mission, e.revision, e.attempt, e.push) for e in entries]
    await conn.execute(ADD_ENTRIES, *map(list, zip(*rows, strict=True)))


async def push_again(conn: Connection, entries: Sequence[Entry]) -> None:
    rows = [(e.mission, e.revision, e.attempt, e.push) for e in entries]
    await conn.execute(PUSH_AGAIN, *map(list, zip(*rows, strict=True)))


async def seqs_of(pool: Pool, missions: Sequence[UUID]) -> dict[UUID, int]:
    """The number of each mission in its team's mailbox."""
    return {row["mission"]: row["seq"] for row in await pool.fetch(SEQS, list(missions))}


async def open_by_team(pool: Pool, teams: Sequence[str]) -> dict[str, int]:
    """How many missions of each team have not ended."""
    return {row["team"]: row["missions"] for row in await pool.fetch(OPEN_BY_TEAM, list(teams))}


async def find(pool: Pool, sight: Sight, mission: UUID) -> Any | None:
    """The row of a mission that may be seen, or None."""
    return await pool.fetchrow(FIND, *sight, mission)


async def page(pool: Pool, sight: Sight, filters: Filters, window: Latest) -> tuple[list[Any], str]:
    """One page, the newest first, and the token of the next one, empty at the end."""
    after = window.after if window.after[0] else NEWEST
    return window.cut(await pool.fetch(LIST, *sight, *filters, *after, window.size + 1))


async def count(pool: Pool, sight: Sight, filters: Filters) -> int:
    return int(await pool.fetchval(COUNT, *sight, *filters))
