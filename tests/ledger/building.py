"""What the tests build: the schema, the decider, and requests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from backbone.door.decider import Decider, Scope
from backbone.door.door import Door
from backbone.door.request import Request
from backbone.postgres.migrate import SHELL, Schema
from backbone.words.actor import Actor
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from tests.ledger.domain import (
    Claim,
    ClaimLapsed,
    Command,
    Event,
    IncidentClaimed,
    IncidentReleased,
    Note,
    ProgressReported,
    Write,
    decide,
    evolve,
)

FILES = (*sorted(SHELL.glob("*.sql")), *sorted((Path(__file__).parent / "migrations").glob("*")))
LEDGER = Schema("ledger", "liandong_ledger", FILES)
# One for all tests: roles belong to the server, and a second secret would change their passwords.
SECRET = b"the secret of one installation"
DUE = (
    "SELECT id, version FROM notes WHERE due_time <= clock_timestamp() "
    "AND (id, version) NOT IN (SELECT * FROM unnest($1::uuid[], $2::bigint[])) "
    "ORDER BY due_time LIMIT 100"
)
KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (ProgressReported, IncidentClaimed, IncidentReleased, ClaimLapsed)
}

NoteDoor = Door[Note, Command, Event]

notes: Decider[Note, Command, Event] = Decider(
    table="notes",
    record=Note,
    event=IncidentEvent,
    kind="liandong.note",
    decide=decide,
    evolve=evolve,
    scope=lambda note: Scope(("990101001-police",), "990101001", str(note.id)),
)


def a_request(
    aggregate_id: UUID,
    command: Command,
    *,
    request_id: UUID | None = None,
    body_hash: str | None = None,
    lives: timedelta = timedelta(minutes=1),
    **more: Any,
) -> Request[Command]:
    """A request that lives a minute; the hash is that of the command."""
    return Request(
        request_id=request_id or uuid4(),
        aggregate_id=aggregate_id,
        command=command,
        body_hash=str(command) if body_hash is None else body_hash,
        actor=Actor("li", "990101001-police"),
        deadline=datetime.now(UTC) + lives,
        **more,
    )


def a_writing(text: str = "一张便条", **more: Any) -> Request[Command]:
    note_id = uuid4()
    return a_request(note_id, Write(note_id, text), **more)


def a_claim(note_id: UUID, holder: str = "li", **more: Any) -> Request[Command]:
    return a_request(note_id, Claim(holder), **more)


async def written(door: NoteDoor) -> UUID:
    """Write a note through the door."""
    [outcome] = await door.perform([a_writing()])
    assert not outcome.reason, outcome
    return outcome.aggregate_id


async def claimed(door: NoteDoor) -> UUID:
    """Write a note and claim it."""
    note_id = await written(door)
    await door.perform([a_claim(note_id)])
    return note_id
