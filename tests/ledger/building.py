"""What the tests build: the schema, the decider, and requests."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from backbone.door.carrying import Carrier
from backbone.door.decider import Decider, EventScope
from backbone.door.door import Door
from backbone.door.request import Request
from backbone.door.table import Group, Table
from backbone.door.timers import due_in
from backbone.kafka.producer import open_producer
from backbone.kafka.relay import Relay
from backbone.postgres.migrate import SHELL, Schema
from backbone.postgres.pool import connect
from backbone.process.pulse import Pulse
from backbone.words.actor import Actor
from liandong.dispute.v1.dispute_events_pb2 import DisputeEvent
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from tests.ledger.domain import (
    NOTES,
    Claim,
    Command,
    Note,
    Write,
    hands_of,
)
from tests.ledger.shelves import SHELVES, Build, Shelf

FILES = (*sorted(SHELL.glob("*.sql")), *sorted((Path(__file__).parent / "migrations").glob("*")))
LEDGER = Schema("ledger", "liandong_ledger", FILES)
# One for all tests: roles belong to the server, and a second secret would change their passwords.
SECRET = b"the secret of one installation"
DUE = due_in("notes")


def a_relay(dsn: str, brokers: str, topic: str, pulse: Pulse, shelves: str = "") -> Relay:
    """A relay of the notes to one topic, and of the shelves to another."""
    topics = {"liandong.note": topic, "liandong.shelf": shelves}
    produce = partial(open_producer, brokers)
    return Relay("ledger", topics, partial(connect, dsn, "ledger"), produce, pulse)


def hands(note: Note) -> UUID | None:
    return hands_of(note.holder) if note.holder else None


TABLE: Table[Note] = Table(
    name="notes",
    columns={"text": "text", "hands": "uuid", "due_time": "timestamptz"},
    project=lambda note: {"text": note.text, "hands": hands(note), "due_time": note.due_time},
    group=Group("hands", hands),
)
notes: Decider[Note] = Decider(
    record=Note,
    table=TABLE,
    life_cycle=NOTES,
    event=IncidentEvent,
    kind="liandong.note",
    topic="ledger.events",
    scope=lambda note: EventScope(("990101001-police",), "990101001", str(note.id)),
)
shelves: Decider[Shelf] = Decider(
    record=Shelf,
    table=Table(name="shelves", columns={}, project=lambda shelf: {}),
    life_cycle=SHELVES,
    event=DisputeEvent,
    kind="liandong.shelf",
    topic="ledger.shelves",
    scope=lambda shelf: EventScope((), "990101001", str(shelf.id)),
)
CARRIER = Carrier(bytes(32), [notes, shelves])
# As time passes in tests: a held note is due since a second.
RIPE = """
UPDATE notes SET due_time = clock_timestamp() - interval '1 second', doc = jsonb_set(
    doc::jsonb, '{due_time}', to_jsonb(clock_timestamp() - interval '1 second'))::json
WHERE hands IS NOT NULL
"""


def a_request(
    aggregate_id: UUID,
    command: Any,
    *,
    request_id: UUID | None = None,
    body_hash: str | None = None,
    lives: timedelta = timedelta(minutes=1),
    **more: Any,
) -> Request[Any]:
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


async def written(door: Door) -> UUID:
    """Write a note through the door."""
    [outcome] = await door.perform([a_writing()])
    assert not outcome.reason, outcome
    return outcome.aggregate_id


async def built(door: Door) -> UUID:
    """Build a shelf through the door."""
    shelf_id = uuid4()
    [outcome] = await door.perform([a_request(shelf_id, Build(shelf_id))])
    assert not outcome.reason, outcome
    return shelf_id


async def claimed(door: Door) -> UUID:
    """Write a note, and claim it for a holder who has no other one."""
    note_id = await written(door)
    await door.perform([a_claim(note_id, f"holder of {note_id}")])
    return note_id
