"""Mailboxes: each push and each step gets its number in the transaction of its decision.

A rollback returns the numbers, so a team's sequence has no gap and follows the commit order.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import datetime
from uuid import UUID

from backbone.door.batch import Batch
from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.door.journal import JournalRow
from backbone.door.statements import turned
from backbone.postgres.pool import Connection
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from services.emergency.metrics import PUSHES
from services.emergency.mission.record import Mission
from services.emergency.storage import FRESH, STEP_OF, TEAM_STEPS

# Processes with terminals listen here: a team whose mailbox has grown, and its last numbers. Those
# of a release before, which serve on during an upgrade, know the team alone.
CHANNEL = "emergency_pushes"
# Each entry and step says how many of its team's numbers come after its own. The teams stand in one
# order in all transactions: two of them never wait for each other.
ADD = f"""
WITH numbers AS (
    INSERT INTO mailboxes AS m (team, last_seq, last_push, last_step)
    SELECT team, fresh, pushes, steps
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
         AS t(team, fresh, pushes, steps)
    ORDER BY team
    ON CONFLICT (team) DO UPDATE SET
        last_seq = m.last_seq + excluded.last_seq, last_push = m.last_push + excluded.last_push,
        last_step = m.last_step + excluded.last_step
    RETURNING team, last_seq, last_push, last_step,
              pg_notify('{CHANNEL}', concat_ws(' ', last_push, last_step, team)),
              pg_notify('{CHANNEL}', team)
), entries AS (
    INSERT INTO mailbox_entries (team, seq, mission, revision, attempt, push, kind, traceparent)
    SELECT team, last_seq - seq_after, mission, revision, 1, last_push - push_after, kind,
           traceparent
    FROM numbers JOIN unnest($5::text[], $6::uuid[], $7::integer[], $8::text[], $9::text[],
                             $10::bigint[], $11::bigint[])
         AS e(team, mission, revision, kind, traceparent, seq_after, push_after) USING (team)
), steps AS (
    INSERT INTO mailbox_steps
        (team, step, after_seq, mission, kind, state, revision, signed, who, time, proof)
    SELECT team, last_step - step_after, last_seq - fresh, mission, kind, state, revision, signed,
           who, time, proof
    FROM numbers JOIN unnest($12::text[], $13::uuid[], $14::text[], $15::text[], $16::integer[],
                             $17::integer[], $18::text[], $19::timestamptz[], $20::bytea[],
                             $21::bigint[], $22::bigint[])
         AS s(team, mission, kind, state, revision, signed, who, time, proof, step_after, fresh)
         USING (team)
)
SELECT team, last_push FROM numbers
"""  # noqa: S608
PUSH_AGAIN = """
UPDATE mailbox_entries AS e SET attempt = p.attempt, push = p.push, time = clock_timestamp()
FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::bigint[])
     AS p(mission, revision, attempt, push)
WHERE e.mission = p.mission AND e.revision = p.revision
"""
AGAIN = "liandong.emergency.pushed_again.v1"


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in a mailbox, before it has its numbers."""

    team: str
    mission: UUID
    revision: int
    kind: str
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """An entry that is pushed once more: it keeps its place."""

    team: str
    mission: UUID
    revision: int
    attempt: int


@dataclass(frozen=True, slots=True)
class TeamStep:
    """A step that one device of the team has taken, for all its terminals."""

    team: str
    mission: UUID
    kind: str
    state: str
    revision: int
    signed: int
    who: str
    time: datetime
    proof: bytes | None = None


async def ride(conn: Connection, batch: Batch, codes: Codes | None = None) -> None:
    """Write the mailbox entries and steps for the events of a batch, in its transaction.

    `codes` prove the steps.
    """
    coded = CodedRows(codes, TEAM_STEPS)
    fresh: list[Entry] = []
    again: list[Again] = []
    steps: list[TeamStep] = []
    for record in batch.journal_rows:
        mission = batch.changed[record.aggregate_id]
        if record.kind in FRESH or record.kind == AGAIN:
            repeated = record.kind == AGAIN
            if repeated:
                again.append(_again(mission))
            else:
                fresh.append(_entry(mission, record))
            PUSHES.labels(mission.order.priority).inc()
        elif record.kind in STEP_OF:
            steps.append(_step(mission, record, coded))
    if fresh or again or steps:
        await _add(conn, fresh, again, steps)


def _entry(mission: Mission, record: JournalRow) -> Entry:
    """The entry of an event, also of one that another event of the same batch overtakes."""
    event = EmergencyEvent.FromString(record.payload)
    revision = max(1, event.revised.revision, event.recalled.revision)
    team = mission.order.team
    return Entry(team, mission.id, revision, FRESH[record.kind], record.traceparent)


def _again(mission: Mission) -> Again:
    pushes = mission.pushes
    return Again(mission.order.team, mission.id, pushes.revision, pushes.attempt)


def _step(mission: Mission, record: JournalRow, coded: CodedRows) -> TeamStep:
    step = TeamStep(
        team=mission.order.team,
        mission=mission.id,
        kind=STEP_OF[record.kind],
        state=mission.state,
        revision=mission.pushes.revision,
        signed=max(mission.progress.signed, default=0),
        who=record.actor.user,
        time=record.time,
    )
    return replace(step, proof=coded.made(asdict(step)))


async def _add(
    conn: Connection,
    entries: Sequence[Entry],
    again: Sequence[Again],
    steps: Sequence[TeamStep],
) -> None:
    """Number entries, pushes and steps in the order of their decisions, and write them.

    A step stands before the entries of its transaction: a terminal that has them may not have it.
    """
    fresh = Counter(each.team for each in entries)
    pushes = fresh + Counter(each.team for each in again)
    done = Counter(each.team for each in steps)
    teams = sorted(pushes | done)
    numbers = [(team, fresh[team], pushes[team], done[team]) for team in teams]
    seq_after, push_after, step_after = Counter(fresh), Counter(pushes), Counter(done)
    places = [(*astuple(e), _next(seq_after, e), _next(push_after, e)) for e in entries]
    taken = [(*astuple(s), _next(step_after, s), fresh[s.team]) for s in steps]
    arrays = [*turned(numbers, 4), *turned(places, 7), *turned(taken, 11)]
    rows = await conn.fetch(ADD, *arrays)
    if again:
        last = {row["team"]: row["last_push"] for row in rows}
        repeats = [
            (e.mission, e.revision, e.attempt, last[e.team] - _next(push_after, e)) for e in again
        ]
        await conn.execute(PUSH_AGAIN, *turned(repeats, 4))


def _next(after: Counter[str], one: Entry | Again | TeamStep) -> int:
    """How many numbers of the team come after the next one."""
    after[one.team] -= 1
    return after[one.team]
