"""The journal: all events of all aggregates, append-only; the audit trail and Kafka's source."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor

FIRST = b""
# Signs a statement as the service that owns the journal.
Sign = Callable[[bytes], bytes]


def unsigned(statement: bytes) -> bytes:
    """No signature: for a tool or a test, upon whose events no service acts."""
    return b""


class JournalRow(Struct, frozen=True):
    """One journal row. `payload` is the exact value of the Kafka record.

    `hash` covers the whole row and the hash of the aggregate's previous row: it reveals a row that
    was changed, removed or moved. `signature` is the service's own, of the event as Kafka has it;
    rows of before signatures came have none.
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
    signature: bytes = b""

    def signed(self, topic: str, sign: Sign) -> "JournalRow":
        """The row with the service's signature of the event on this topic."""
        return replace(self, signature=sign(self.statement(topic)))

    def statement(self, topic: str) -> bytes:
        """The bytes that the service signs for this event on its topic."""
        of, version = str(self.aggregate_id), self.version
        return statement_of(topic, self.kind, str(self.event_id), of, version, self.payload)

    @property
    def event_id(self) -> UUID:
        return event_id(self.kind.rsplit(".", 2)[0], self.aggregate_id, self.version)


@lru_cache(maxsize=1_024)  # asked for the payload and for the row
def event_id(kind: str, aggregate_id: UUID, version: int) -> UUID:
    """The id of an event, derived from its aggregate and version; `kind` is the decider's.

    The kind is included because a receipt and its incident share one id.
    """
    return uuid5(aggregate_id, f"{kind} {version}")


def statement_of(
    topic: str, kind: str, event_id: str, subject: str, sequence: object, data: bytes
) -> bytes:
    """The bytes that the signature of an event covers: they fit no other event or topic."""
    parts = ("liandong event", topic, kind, event_id, subject, str(sequence))
    return "\0".join(parts).encode() + b"\0" + data


def sealed(record: JournalRow, previous: bytes) -> JournalRow:
    """The row with its hash; `previous` is the hash of the aggregate's previous row."""
    return replace(record, hash=hash_of(record, previous))


def hash_of(record: JournalRow, previous: bytes) -> bytes:
    """The hash of a row. The parts are joined by a zero byte, which no Postgres text contains."""
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
