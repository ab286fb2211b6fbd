"""The journal: every event of every aggregate, append-only; audit trail and source of events."""

from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor

FIRST = b""


class Record(Struct, frozen=True):
    """One journal row. `payload` is the exact value of the Kafka record.

    `hash` covers the whole row and the hash of the aggregate's previous row, so that a row that
    was changed, left out or moved shows.
    """

    aggregate_id: UUID
    version: int
    kind: str
    payload: bytes
    request_id: UUID
    actor: Actor
    time: datetime
    correlation_id: str
    causation_id: str
    traceparent: str
    hash: bytes = b""

    @property
    def event_id(self) -> UUID:
        return event_id(self.kind.rsplit(".", 2)[0], self.aggregate_id, self.version)


@lru_cache(maxsize=1_024)  # asked for the payload and for the row
def event_id(kind: str, aggregate_id: UUID, version: int) -> UUID:
    """The id of an event follows from whose it is and which one; `kind` is the decider's.

    A receipt and its incident have one id, and each a first event.
    """
    return uuid5(aggregate_id, f"{kind} {version}")


def sealed(record: Record, previous: bytes) -> Record:
    """The record with the hash that makes it the one after the row with the previous hash."""
    return replace(record, hash=hash_of(record, previous))


def hash_of(record: Record, previous: bytes) -> bytes:
    """The hash of a record after the previous one; Postgres allows no zero byte in a text."""
    parts = (
        str(record.aggregate_id),
        str(record.version),
        record.kind,
        str(record.request_id),
        record.actor.user,
        record.actor.unit,
        record.time.astimezone(UTC).isoformat(),
        record.correlation_id,
        record.causation_id,
        record.traceparent,
        previous.hex(),
    )
    return sha256("\0".join(parts).encode() + b"\0" + record.payload).digest()
