"""A bookmark in a log: where reading goes on, and how to see that it is still the same log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from backbone.kafka import closing as leaving


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The last record that was read. A topic made anew has another one, or none, there."""

    offset: int
    timestamp: int

    @classmethod
    def at(cls, record: ConsumerRecord) -> "Bookmark":
        return cls(record.offset, record.timestamp)


@asynccontextmanager
async def open_reader(brokers: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group."""
    consumer = AIOKafkaConsumer(bootstrap_servers=brokers, auto_offset_reset="earliest")
    try:
        await consumer.start()
        yield consumer
    finally:
        await leaving.close(consumer)


async def resume(
    consumer: AIOKafkaConsumer, partition: TopicPartition, bookmark: Bookmark | None
) -> bool:
    """Go on after the bookmark; or say no, and go to the beginning of what is another log."""
    consumer.assign([partition])
    # At once: a consumer that looks for its position itself cannot be stopped cleanly.
    consumer.seek(partition, bookmark.offset if bookmark else 0)
    if bookmark is not None:
        end = await consumer.end_offsets([partition])
        if bookmark.offset < end[partition] and await _next(consumer, partition) == bookmark:
            return True
        consumer.seek(partition, 0)
    return False


async def _next(consumer: AIOKafkaConsumer, partition: TopicPartition) -> Bookmark | None:
    found = await consumer.getmany(partition, timeout_ms=5_000, max_records=1)
    return next((Bookmark.at(record) for record in found.get(partition, ())), None)
