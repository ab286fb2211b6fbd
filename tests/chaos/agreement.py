"""What must hold after a chaos day: missions agree with their matters, and ladders with the clock.

What is read over HTTP is what people see; the rungs come from the journal, which keeps each one.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import asyncpg

from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from operate.replay.client import Client, Refused
from tests.chaos.matters import Day

OVER = frozenset({"CLEARED", "REFUSED", "RECALLED"})
FACTS = ("category", "priority", "danger")
# Seconds a due rung may wait where all processes have just come back.
LATE = 2.0
SETTLED = 60.0
JOURNAL = """
SELECT aggregate_id, payload FROM emergency.journal
WHERE kind IN ('liandong.emergency.unanswered.v1', 'liandong.emergency.dispatched.v1',
               'liandong.emergency.revised.v1')
ORDER BY aggregate_id, version
"""
DUE = """
SELECT id, extract(epoch FROM clock_timestamp() - rung_due)::float8 AS late
FROM emergency.missions WHERE rung_due IS NOT NULL
"""
# When each receipt that has no incident was ended; a team that is sent after that may go.
ENDED = """
SELECT j.aggregate_id AS id, max(j.version) AS version
FROM alarm.journal AS j JOIN alarm.receipts AS r ON r.id = j.aggregate_id
WHERE j.kind IN ('liandong.alarm.answered.v1', 'liandong.alarm.marked_invalid.v1')
  AND r.outcome IN ('ANSWERED', 'INVALID') GROUP BY 1
"""
PARKED = "SELECT count(*) FROM emergency.parked"


async def settled(day: Day, dsn: str, patience: float = SETTLED) -> Sequence[str]:
    """What still disagrees once what was under way has arrived, or the patience is over."""
    deadline = time.monotonic() + patience
    while (found := await disagreements(day, dsn)) and time.monotonic() < deadline:
        await asyncio.sleep(1)
    return found


async def disagreements(day: Day, dsn: str) -> Sequence[str]:
    receipts = [await day.desk.get(f"/v1/receipts/{each}") for each in day.receipts]
    missions = [each async for each in day.desk.every("/v1/missions")]
    known = {each["id"]: each for each in receipts}
    ours = [each for each in missions if each["receipt"] in known]
    told, ended = await _journal(dsn, {each["id"] for each in ours}), await _ended(dsn)
    found = [*day.strange, *_lost_or_doubled(receipts, ours)]
    incidents: dict[str, Any] = {}
    for mission in (each for each in ours if each["state"] not in OVER):
        matter = mission["matter_id"]
        if matter not in incidents:
            incidents[matter] = await _incident(day.desk, matter)
        receipt = known[mission["receipt"]]
        found += _apart(mission, incidents[matter], receipt)
        order = told[mission["id"]][0].dispatched.order
        if order.receipt_version < ended.get(receipt["id"], 0):
            found.append(f"{mission['id']} is open, its receipt has ended: {receipt['outcome']}")
    found += [words for of, events in told.items() for words in _out_of_order(of, events)]
    return [*found, *await _waiting(dsn, told.keys())]


async def _incident(desk: Client, matter: str) -> Any:
    try:
        return await desk.get(f"/v1/incidents/{matter}")
    except Refused:
        return None


def _lost_or_doubled(receipts: Sequence[Any], missions: Sequence[Any]) -> Iterator[str]:
    """Each order has one mission, and a team one open mission for a matter."""
    ordered = Counter(
        (receipt["id"], order["team"], order.get("again", 0))
        for receipt in receipts
        for order in receipt.get("dispatches", ())
        if not order.get("refused")
    )
    there = Counter((each["receipt"], each["team"], each.get("again", 0)) for each in missions)
    for order in ordered - there:
        yield f"lost: {order}"
    for order in there - ordered:
        yield f"doubled, or of no order: {order}"
    live = Counter((m["matter_id"], m["team"]) for m in missions if m["state"] not in OVER)
    for pair, number in live.items():
        if number > 1:
            yield f"{number} open missions of {pair}"


def _matter_of(receipt: Any) -> str:
    return str((receipt.get("incident") or {}).get("id") or receipt["id"])


def _apart(mission: Any, incident: Any, receipt: Any) -> Iterator[str]:
    """Where an open mission differs from its matter: the incident of the receipt that has ordered
    it, whatever that one belonged to then, or the receipt without one."""
    of, right = mission["id"], _matter_of(receipt)
    if mission["matter_id"] != right:
        yield f"{of} is of {mission['matter_id']}, and should be of {right}"
        return
    if incident is not None and incident["state"] in ("VOIDED", "CLOSED", "MERGED"):
        yield f"{of} is open, its incident {incident['state']}"
    theirs = _facts(incident or receipt)
    for name, fact in _facts(mission).items():
        same = fact.startswith(theirs[name]) if name == "narrative" else fact == theirs[name]
        if not same:
            yield f"{of}: {name} {fact!r}, its matter {theirs[name]!r}"


def _facts(of: Any) -> dict[str, str]:
    """The narrative of a mission ends with what the desk has added for its team."""
    named = {name: of.get(name) or "" for name in FACTS}
    return {**named, "place": of["place"]["text"], "narrative": of["narrative"]}


async def _journal(dsn: str, ours: Collection[str]) -> dict[str, list[Any]]:
    """What each mission's ladder hangs on, and what has fired of it."""
    conn = await asyncpg.connect(dsn)
    rows = await conn.fetch(JOURNAL)
    await conn.close()
    told: dict[str, list[Any]] = {}
    for row in rows:
        if (of := str(row["aggregate_id"])) in ours:
            told.setdefault(of, []).append(EmergencyEvent.FromString(row["payload"]))
    return told


async def _ended(dsn: str) -> dict[str, int]:
    conn = await asyncpg.connect(dsn)
    rows = await conn.fetch(ENDED)
    await conn.close()
    return {str(row["id"]): row["version"] for row in rows}


async def _waiting(dsn: str, ours: Collection[str]) -> Sequence[str]:
    """Rungs that are late, and events that could not be applied."""
    conn = await asyncpg.connect(dsn)
    due, parked = await conn.fetch(DUE), await conn.fetchval(PARKED)
    await conn.close()
    late = [row for row in due if str(row["id"]) in ours and row["late"] > LATE]
    found = [f"{row['id']}: a rung waits since {row['late']:.1f} s" for row in late]
    return [*found, f"{parked} events are parked"] if parked else found


def _out_of_order(of: str, events: Sequence[Any]) -> Iterator[str]:
    """Rungs that were fired twice, or left out though the mission was not delivered for them."""
    ladder: Any = None
    base = last = 0
    for event in events:
        body = getattr(event, event.WhichOneof("kind"))
        if not event.HasField("unanswered"):
            if body.HasField("ladder"):
                ladder, base = body.ladder, last
            continue
        skipped = range(last + 1, body.rung)
        if body.rung <= last:
            yield f"{of}: rung {body.rung} after rung {last}"
        for number in skipped:
            rung = ladder.rungs[min(number - base, len(ladder.rungs)) - 1]
            refused = not body.HasField("next_due_time")
            if rung.when != "NOT_DELIVERED" and number > base + ladder.rung and not refused:
                yield f"{of}: rung {number} was left out"
        last = body.rung
