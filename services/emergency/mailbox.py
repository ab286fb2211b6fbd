"""Mailboxes: each push gets its number in the transaction of its decision.

A rollback returns the numbers, so a team's sequence has no gap and follows the commit order.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from backbone.door.batch import Batch
from backbone.postgres.pool import Connection
from services.emergency import storage
from services.emergency.metrics import PUSHES
from services.emergency.mission.record import Mission
from services.emergency.storage import Entry

# Events of missions only: team statuses have no mailbox entry.
PUSHED = {"liandong.emergency.dispatched.v1": False, "liandong.emergency.pushed_again.v1": True}


async def ride(conn: Connection, batch: Batch) -> None:
    """Write the mailbox entries for the events of a batch, in its transaction."""
    fresh: list[Entry] = []
    again: list[Entry] = []
    for record in batch.journal_rows:
        repeated = PUSHED.get(record.kind)
        if repeated is not None:
            mission = batch.changed[record.aggregate_id]
            (again if repeated else fresh).append(_entry(mission))
            PUSHES.labels(mission.order.priority, mission.order.exercise, repeated).inc()
    if not fresh and not again:
        return
    fresh, again = await _numbered(conn, fresh, again)
    if fresh:
        await storage.add_entries(conn, fresh)
    if again:
        await storage.push_again(conn, again)


def _entry(mission: Mission) -> Entry:
    pushes = mission.pushes
    return Entry(mission.order.team, 0, mission.id, pushes.revision, pushes.attempt, 0)


async def _numbered(
    conn: Connection, fresh: Sequence[Entry], again: Sequence[Entry]
) -> tuple[list[Entry], list[Entry]]:
    """Number the entries in the order of their decisions."""
    seqs = Counter(entry.team for entry in fresh)
    pushes = seqs + Counter(entry.team for entry in again)
    last = await storage.allocate(conn, [(team, seqs[team], pushes[team]) for team in pushes])
    seq = {team: last_seq - seqs[team] for team, (last_seq, _) in last.items()}
    push = {team: last_push - pushes[team] for team, (_, last_push) in last.items()}

    def number(entry: Entry, is_fresh: bool) -> Entry:
        push[entry.team] += 1
        seq[entry.team] += is_fresh
        return replace(entry, seq=seq[entry.team] * is_fresh, push=push[entry.team])

    return [number(entry, True) for entry in fresh], [number(entry, False) for entry in again]
