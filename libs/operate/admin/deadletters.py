"""Dead letters: unreadable records in Kafka. Parked events are shown like them (`parked.py`)."""

import asyncio
import getpass
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from backbone.kafka.connecting import connection
from backbone.kafka.origin import header_of
from backbone.process.signing import Signatures, Verifier
from backbone.process.wires import Brokers
from operate.admin import topics
from operate.home.keys import OPERATOR as SIGNER
from operate.home.keys import Keys
from operate.home.trouble import Trouble

PATIENCE = 20.0
ACKNOWLEDGED, NEWER = "acknowledged", "NEWER_SHAPE"
HEADER = "liandong-"
# What `put_aside` adds to a record's headers; its signature and its codes are its own.
ADDED = {
    f"{HEADER}{name}"
    for name in ("topic", "partition", "offset", "time", "reason", "cut-from-bytes")
}


@dataclass(frozen=True, slots=True)
class Letter:
    """One record; `kind` is `dead` (unreadable) or `parked` (readable, can be replayed)."""

    topic: str
    partition: int
    offset: int
    time: str
    reason: str
    service: str
    group: str
    kind: str = "dead"
    aggregate_id: str = ""
    key: bytes = field(default=b"", repr=False)
    value: bytes = field(default=b"", repr=False)
    # The headers that the record had when it was read first.
    headers: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    # The topic of dead letters that holds the record: one that a person put there has no headers
    # of origin, by which it could be named.
    lies_in: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        """The letter's name for `liandong deadletters show`."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    def as_json(self) -> dict[str, Any]:
        document = asdict(self)
        for name in ("key", "value", "headers", "lies_in"):
            del document[name]
        return document


async def read_dead(bootstrap: Brokers, keys: Keys) -> list[Letter] | None:
    """Read all dead letters that no person has acknowledged, oldest first, without duplicates.

    None if Kafka does not answer. Raises Trouble if it has no such topics.
    """
    signed = operator(keys)
    try:
        async with asyncio.timeout(PATIENCE):
            letters = [letter_of(record, signed) async for record in records(bootstrap)]
    except (KafkaError, OSError):
        return None
    seen = {(each.place, each.group) for each in letters if each.kind == ACKNOWLEDGED}
    first = {
        (each.place, each.group, each.value): each
        for each in reversed(letters)
        if (each.place, each.group) not in seen
    }
    return sorted(first.values(), key=lambda letter: letter.time)


def operator(keys: Keys) -> Signatures:
    """The signatures of the operator: the word of anybody else hides no dead letter."""
    return Signatures(SIGNER, keys.keyring(SIGNER), keys.signers())


async def acknowledge(bootstrap: Brokers, keys: Keys, letters: Sequence[Letter], note: str) -> None:
    """Record that a person has seen to these dead letters, in the topics where they lie.

    The record lives as long as the letter, and with the same groups' rights.
    """
    signing = operator(keys)
    async with AIOKafkaProducer(**connection(bootstrap), acks="all") as producer:
        for each in letters:
            told = {
                "topic": each.topic,
                "partition": str(each.partition),
                "offset": str(each.offset),
                "reason": f"{ACKNOWLEDGED} {getpass.getuser()}: {note}",
            }
            headers = [(f"{HEADER}{name}", text.encode()) for name, text in told.items()]
            headers.append(header_of(signing.sign(_statement(told))))
            await producer.send_and_wait(each.lies_in, b"", b"", headers=headers)


async def send_again(bootstrap: Brokers, keys: Keys) -> int:
    """Send again what a process of an older release has put aside, because a newer one had written
    the record that it was about; return how many.

    Such events are well; groups that have applied them already drop them.
    """
    letters = [each for each in await read_dead(bootstrap, keys) or () if each.reason == NEWER]
    async with AIOKafkaProducer(**connection(bootstrap), acks="all") as producer:
        for each in letters:
            await producer.send_and_wait(
                each.topic, each.value, each.key, each.partition, headers=list(each.headers)
            )
    await acknowledge(bootstrap, keys, letters, "sent again")
    return len(letters)


async def records(bootstrap: Brokers) -> AsyncIterator[ConsumerRecord]:
    """The records that all dead letter topics hold at this moment. Raises Trouble without any."""
    async with topics.administrator(bootstrap) as admin:
        found = await topics.found(admin)
    parts = [
        TopicPartition(name, partition)
        for name, partitions in found.items()
        for partition in range(partitions)
        if name.endswith(".dead")
    ]
    if not parts:
        raise Trouble(
            "Kafka has no topic of dead letters, so that none can be kept there: nothing was read. "
            "`make topics` makes those that are missing.",
            "Kafka 中没有死信主题，因此无法保存死信：未读取任何内容。请执行 make topics 补建。",
        )
    async with AIOKafkaConsumer(**connection(bootstrap)) as consumer:
        async for record in until_now(consumer, parts):
            yield record


async def until_now(
    consumer: AIOKafkaConsumer, parts: list[TopicPartition]
) -> AsyncIterator[ConsumerRecord]:
    """The records of each partition, from its first to the one that is last now."""
    consumer.assign(parts)
    await consumer.seek_to_beginning(*parts)
    ends = await consumer.end_offsets(parts)
    starts = await consumer.beginning_offsets(parts)
    unread = {part for part in parts if starts[part] < ends[part]}
    while unread:
        for part, found in (await consumer.getmany(*unread, timeout_ms=500)).items():
            for record in found:
                yield record
            if await consumer.position(part) >= ends[part]:
                unread.discard(part)


def _statement(told: Mapping[str, str]) -> bytes:
    said = (told.get(name, "") for name in ("topic", "partition", "offset", "reason"))
    return "\0".join(("liandong acknowledgement", *said)).encode()


def letter_of(record: ConsumerRecord, signed: Verifier) -> Letter:
    """The letter by its origin headers; without them, by the record's own place."""
    told = {name: value.decode(errors="replace") for name, value in record.headers}
    origin = told.get(f"{HEADER}topic", record.topic)
    group = record.topic.removeprefix(f"{origin}.").removesuffix(".dead")
    reason = told.get(f"{HEADER}reason", "")
    said = {name.removeprefix(HEADER): text for name, text in told.items()}
    seen = reason.startswith(f"{ACKNOWLEDGED} ") and signed.is_signed(
        SIGNER, _statement(said), _bytes(said.get("signature", ""))
    )
    return Letter(
        topic=origin,
        partition=int(told.get(f"{HEADER}partition", record.partition)),
        offset=int(told.get(f"{HEADER}offset", record.offset)),
        time=datetime.fromtimestamp(record.timestamp / 1000, UTC).isoformat(),
        reason=reason,
        service=group.partition(".")[0],
        group=group,
        kind=ACKNOWLEDGED if seen else "dead",
        key=record.key or b"",
        value=record.value or b"",
        headers=tuple(each for each in record.headers if each[0] not in ADDED),
        lies_in=record.topic,
    )


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
