"""Bugs that this project must never have, each planted in one part: the tier has to find them.

They live here alone: each replaces a part of the flow, and the code of production has no switch.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid5

import msgspec

from backbone.door import statements
from backbone.door.batch import Batch
from backbone.door.decider import Decider
from backbone.door.door import Door
from backbone.door.notices import Notices
from backbone.door.outcomes import Outcome
from backbone.door.request import Request, key_of
from backbone.kafka.relay import NEXT, Relay
from backbone.life_cycle import change, verb
from backbone.words.city import City
from backbone.words.errors import InvalidTransition
from services.workflow import storage, wiring
from services.workflow.incident import INCIDENTS, clocks, lapsing
from services.workflow.incident.kinds import SIGN_IN
from services.workflow.incident.record import POOLED_OR_HELD, Incident
from services.workflow.incident.world import World
from services.workflow.stream import Lane
from tests.simulation.database import Database, Session
from tests.simulation.processes import Parts
from tests.simulation.tables import Row


@dataclass(frozen=True)
class Planted:
    """One bug, and the invariant that the checker must name."""

    name: str
    parts: Parts
    invariant: str


class HastyLane(Lane):
    """Acknowledges a record when it arrives, before the commit."""

    async def accept(self, event: Any) -> None:
        event.ack()
        await super().accept(event)


class ForgetfulDoor(Door):
    """Answers a refusal and does not store it."""

    async def _save(self, conn: Any, batch: Batch, notices: Notices) -> None:
        batch.outcomes = {of: each for of, each in batch.outcomes.items() if not each.reason}
        await super()._save(conn, batch, notices)


def fresh_lapse(row: Any) -> Request[Any]:
    """A request of its own for each look at the clock, instead of one for each version."""
    moment = asyncio.get_running_loop().time()
    fresh = uuid5(row["id"], f"{row['version']} {moment}")
    return msgspec.structs.replace(wiring.request_of_lapse(row), request_id=fresh)


def unchecked(
    incident: Incident, command: lapsing.Lapse, now: datetime, world: World
) -> list[object]:
    """The lapse of a clock, whether or not it is due."""
    clock = next((each for each in incident.clocks if each.id == command.clock), None)
    if clock is None:
        raise InvalidTransition("NOT_DUE")
    return [lapsing.FOLLOWS[clock.kind](incident, clock, now, world)]


def marked_anyhow(incident: Incident, event: lapsing.SignInLapsed) -> Incident:
    """The mark of a lapse, without the ledger's objection to a second one."""
    if clocks.has_lapsed(incident, SIGN_IN):
        return incident
    return lapsing.sign_in_lapsed(incident, event)


def careless(city: Callable[[], City]) -> Decider[Incident]:
    """Incidents whose lapses are not checked."""
    lapses = SimpleNamespace(
        VERBS=(verb(POOLED_OR_HELD, unchecked, "NOT_DUE"),), CHANGES=(change(marked_anyhow),)
    )
    parts = tuple(lapses if part is lapsing else part for part in INCIDENTS.parts)
    return replace(wiring.build_decider(city), life_cycle=replace(INCIDENTS, parts=parts))


# Two transactions where there must be one: the events first, that they are unsent later.
QUEUE = "INSERT INTO unsent SELECT position FROM journal WHERE event_id = ANY($1)"
WRITE = statements.write_to([storage.TABLE])
UNQUEUED = WRITE.replace(
    "queued AS (INSERT INTO unsent (position) SELECT position FROM recorded),\n", ""
)


class TwiceWritingDoor(Door):
    """Notes what is unsent in a transaction of its own, after the commit of the events."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._written: list[Any] = []

    async def perform(self, requests: Sequence[Request[Any]]) -> list[Outcome]:
        answers = await super().perform(requests)
        await self._queue()
        return answers

    async def attempt(self, requests: Sequence[Request[Any]]) -> list[Outcome | None]:
        answers = await super().attempt(requests)
        await self._queue()
        return answers

    async def _queue(self) -> None:
        written, self._written = self._written, []
        if written:
            await self._pool.execute(QUEUE, written)

    async def _save(self, conn: Any, batch: Batch, notices: Notices) -> None:
        await super()._save(conn, batch, notices)
        self._written += [record.event_id for record in batch.journal_rows]

    def _write_of(self, batch: Batch) -> tuple[Any, ...]:
        statement, *arrays = super()._write_of(batch)
        return (UNQUEUED if statement == WRITE else statement, *arrays)


def write_unqueued(database: Database, session: Session, args: Sequence[Any]) -> list[Row]:
    return database.write(session, args, queue=False)


def queue(database: Database, session: Session, args: Sequence[Any]) -> list[Row]:
    positions = database.positions.items()
    database.unsent.update(at for at, row in positions if row["event_id"] in args[0])
    return []


class ForgetfulRelay(Relay):
    """Deletes what is unsent when it is sent, before the log has acknowledged it."""

    async def step(self, conn: Any, producer: Any, sent: Sequence[int]) -> list[int]:
        waiting = await conn.fetch(NEXT, sent)
        for row in waiting:
            await self._send(producer, row)
        return [row["position"] for row in waiting]


class LonelyDoor(Door):
    """Reads what belongs to a command beside its aggregate, and does not lock it."""

    def _aggregate_keys(self, request: Request[Any]) -> set[int]:
        return {key_of(request.aggregate_id)}


PLANTED = (
    Planted("acknowledged before the commit", Parts(lane=HastyLane), "C1"),
    Planted("a refusal is not stored", Parts(door=ForgetfulDoor), "C1"),
    Planted("a timer fires twice", Parts(lapse=fresh_lapse, decider=careless), "C6"),
    Planted(
        "unsent is written in another transaction",
        Parts(door=TwiceWritingDoor, statements={UNQUEUED: write_unqueued, QUEUE: queue}),
        "C7",
    ),
    Planted("unsent is deleted before the acknowledgement", Parts(relay=ForgetfulRelay), "C7"),
    Planted("the cap of claims is not under a lock", Parts(door=LonelyDoor), "C5"),
)
