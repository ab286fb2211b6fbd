"""Mailboxes: each push and each step gets its number in the transaction of its decision.

A rollback returns the numbers, so a team's sequence has no gap and follows the commit order.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from backbone.door.batch import Batch
from backbone.door.journal import JournalRow
from backbone.postgres.pool import Connection
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from services.emergency import storage
from services.emergency.metrics import PUSHES
from services.emergency.mission.record import Mission
from services.emergency.storage import Entry, TeamStep

# The kind of entry for an event. Events of missions only: team statuses have no mailbox entry.
FRESH = {
    "liandong.emergency.dispatched.v1": "MISSION",
    "liandong.emergency.revised.v1": "REVISION",
    "liandong.emergency.recalled.v1": "RECALL",
}
AGAIN = "liandong.emergency.pushed_again.v1"
# Steps of one device of the team that the others are told.
STEPS = {
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


async def ride(conn: Connection, batch: Batch) -> None:
    """Write the mailbox entries and steps for the events of a batch, in its transaction."""
    fresh: list[Entry] = []
    again: list[Entry] = []
    steps: list[TeamStep] = []
    for record in batch.journal_rows:
        mission = batch.changed[record.aggregate_id]
        if record.kind in FRESH or record.kind == AGAIN:
            repeated = record.kind == AGAIN
            (again if repeated else fresh).append(_entry(mission, record))
            PUSHES.labels(mission.order.priority, mission.order.exercise, repeated).inc()
        elif record.kind in STEPS:
            steps.append(_step(mission, record))
    if fresh or again or steps:
        await _write(conn, fresh, again, steps)


def _entry(mission: Mission, record: JournalRow) -> Entry:
    """The entry of an event, also of one that another event of the same batch overtakes."""
    team, kind = mission.order.team, FRESH.get(record.kind)
    if kind is None:
        pushes = mission.pushes
        return Entry(team, 0, mission.id, pushes.revision, pushes.attempt, 0)
    event = EmergencyEvent.FromString(record.payload)
    revision = max(1, event.revised.revision, event.recalled.revision)
    return Entry(team, 0, mission.id, revision, 1, 0, kind, record.traceparent)


def _step(mission: Mission, record: JournalRow) -> TeamStep:
    return TeamStep(
        team=mission.order.team,
        step=0,
        after_seq=0,
        mission=mission.id,
        kind=STEPS[record.kind],
        state=mission.state,
        revision=mission.pushes.revision,
        signed=max(mission.progress.signed, default=0),
        who=record.actor.user,
        time=record.time,
    )


async def _write(
    conn: Connection,
    fresh: Sequence[Entry],
    again: Sequence[Entry],
    steps: Sequence[TeamStep],
) -> None:
    """Number the entries and steps in the order of their decisions, and write them."""
    seqs = Counter(entry.team for entry in fresh)
    pushes = seqs + Counter(entry.team for entry in again)
    done = Counter(step.team for step in steps)
    asked = [(team, seqs[team], pushes[team], done[team]) for team in pushes | done]
    last = await storage.allocate(conn, asked)
    seq = {team: numbers[0] - seqs[team] for team, numbers in last.items()}
    push = {team: numbers[1] - pushes[team] for team, numbers in last.items()}
    step = {team: numbers[2] - done[team] for team, numbers in last.items()}
    # Before the entries of this transaction: a terminal that has them may not have the step.
    told = [replace(each, step=_next(step, each.team), after_seq=seq[each.team]) for each in steps]
    if fresh:
        numbered = [
            replace(each, seq=_next(seq, each.team), push=_next(push, each.team)) for each in fresh
        ]
        await storage.add_entries(conn, numbered)
    if again:
        repeats = [replace(each, push=_next(push, each.team)) for each in again]
        await storage.push_again(conn, repeats)
    if told:
        await storage.add_steps(conn, told)


def _next(numbers: dict[str, int], team: str) -> int:
    numbers[team] += 1
    return numbers[team]
