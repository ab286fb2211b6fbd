"""Whether a record comes from the service whose topic it is: its signature, checked by readers.

The signature of an event covers topic, type, id, subject, sequence and data, so that it fits no
other record. The same record once more is known to the inbox or by its request id. A record of
before signatures came is accepted where its topic was read up to at the upgrade, and nowhere else.
"""

import logging
from collections.abc import Iterable
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from backbone.door.codes import Codes
from backbone.door.demanded import Demanded
from backbone.door.journal import statement_of
from backbone.postgres.pool import Pool
from backbone.process.metrics import FORGED
from backbone.process.signing import ID, SIGNATURE, Signatures

log = logging.getLogger(__name__)

HEADER, CODES = "liandong-signature", "liandong-codes"
# The services that write topics which are not named after them.
OWNERS = {"incident": "workflow", "supervision": "workflow"}

REMEMBER = """
INSERT INTO unsigned (topic, partition, upto, proof)
SELECT $1, * FROM unnest($2::integer[], $3::bigint[], $4::bytea[])
ON CONFLICT DO NOTHING
"""


class Forged(ValueError):
    """No service of this installation has signed the record; the message says why not."""


class Record(Protocol):
    """A record of Kafka, from whichever library."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> Any: ...
    @property
    def value(self) -> Any: ...
    @property
    def headers(self) -> Any: ...


def owner_of(topic: str) -> str:
    """The service that writes a topic, which is called `liandong.<service>.…`."""
    named = topic.split(".")[1] if topic.startswith("liandong.") else topic
    return OWNERS.get(named, named)


def entry_statement(topic: str, key: bytes, version: bytes, value: bytes | None) -> bytes:
    """The bytes that the signature of an entry of a compacted topic covers; None is a removal."""
    parts = (b"liandong entry", topic.encode(), key, version, b"" if value is None else b"is")
    return b"\0".join((*parts, value or b""))


def command_statement(topic: str, key: bytes, value: bytes) -> bytes:
    return b"\0".join((b"liandong command", topic.encode(), key, value))


def header_of(signature: bytes) -> tuple[str, bytes]:
    """The header of a signature, without the signer's own code after it: a process of the release
    before reads the same topic during an upgrade, and takes anything longer for forged."""
    return HEADER, signature[: ID + SIGNATURE].hex().encode()


def signed_headers(signature: bytes, codes: bytes) -> list[tuple[str, bytes]]:
    """The headers of a signed event; without `codes`, every reader checks the signature."""
    return [header_of(signature), *([(CODES, codes)] if codes else [])]


class Origin:
    """Checks the records that one group reads."""

    def __init__(
        self, signatures: Signatures, pool: Pool, group: str, codes: Codes | None = None
    ) -> None:
        """`codes` prove from when on records are signed."""
        self._signatures = signatures
        self._pool, self._demanded = pool, Demanded(codes)
        self._group, self._forged = group, FORGED.labels("record", group)
        self._upto: dict[tuple[str, int], int] = {}
        self._asked: set[str] = set()

    async def learn(self, consumer: AIOKafkaConsumer, topics: Iterable[str]) -> None:
        """Learn up to where unsigned records of these topics, which it reads, are accepted.

        The first start after the upgrade notes where each topic ends, once and for all. A new
        installation has nothing old, and notes nothing.
        """
        for topic in await self.recall(topics):
            places = sorted(consumer.partitions_for_topic(topic) or ())
            ends = await consumer.end_offsets([TopicPartition(topic, at) for at in places])
            upto = [ends[TopicPartition(topic, at)] for at in places]
            rows = [
                {"topic": topic, "partition": at, "upto": end}
                for at, end in zip(places, upto, strict=True)
            ]
            proofs = [self._demanded.unsigned.made(row) for row in rows]
            await self._pool.execute(REMEMBER, topic, places, upto, proofs)
        await self.recall(topics)

    async def recall(self, topics: Iterable[str]) -> set[str]:
        """Recall what was noted; return the topics of which Kafka must still tell the end."""
        if wanted := set(topics) - self._asked:
            accepts = await self._demanded.accepts_unsigned(self._pool)
            for topic in wanted:
                known = await self._demanded.ends(self._pool, topic)
                self._upto |= {(topic, partition): upto for partition, upto in known.items()}
                if known or not accepts:
                    self._asked.add(topic)
        return set(topics) - self._asked

    def check(self, record: Record) -> None:
        """Raises Forged, with an alarm, for a record that its topic's owner has not signed."""
        if wrong := self._wrong_with(record):
            self._forged.inc()
            place = f"{record.topic}/{record.partition}/{record.offset}"
            told = {"record": place, "wrong": wrong, "group": self._group}
            log.error("record.forged", extra=told)
            raise Forged(f"FORGED: {wrong}")

    def check_again(self, record: Record) -> None:
        """Raises Forged for a record that was read before; its alarm has rung then."""
        if wrong := self._wrong_with(record):
            raise Forged(f"FORGED: {wrong}")

    def _wrong_with(self, record: Record) -> str:
        told = dict(record.headers or ())
        if HEADER not in told:
            known = record.offset < self._upto.get((record.topic, record.partition), 0)
            return "" if known else "it is not signed"
        owner = owner_of(record.topic)
        try:
            signature = bytes.fromhex(told[HEADER].decode())
        except ValueError:
            return "its signature is malformed"
        return "" if self._holds(record, told, owner, signature) else f"{owner} has not signed it"

    def _holds(self, record: Record, told: dict[str, bytes], owner: str, signature: bytes) -> bool:
        key, value = record.key or b"", record.value
        if ".commands." in record.topic:
            statement = command_statement(record.topic, key, value or b"")
            return self._signatures.is_coded(owner, statement, signature)
        if "ce_type" not in told:
            statement = entry_statement(record.topic, key, told.get("version", b""), value)
            return self._signatures.is_signed(owner, statement, signature)
        names = ("ce_type", "ce_id", "ce_subject", "ce_sequence")
        kind, event_id, of, version = (told.get(name, b"").decode("latin-1") for name in names)
        statement = statement_of(record.topic, kind, event_id, of, version, value or b"")
        return told.get("ce_subject") == key and (
            self._signatures.is_among(owner, statement, told.get(CODES, b""))
            or self._signatures.is_signed(owner, statement, signature)
        )
