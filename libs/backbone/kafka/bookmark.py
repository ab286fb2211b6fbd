"""A bookmark in a partition: where to resume, and whether the topic was recreated since."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from backbone.kafka import closing
from backbone.kafka.connecting import connection
from backbone.process.pulse import end_if_asked
from backbone.process.wires import Brokers

# A record is answered at once, so an idle reader asks rarely. Only readers of one partition may:
# aiokafka asks for a second one of the same broker when the first request has been answered.
WAIT_MS = 5_000


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Offset and timestamp of the last record read; in a recreated topic they do not match."""

    offset: int
    timestamp: int

    @classmethod
    def at(cls, record: ConsumerRecord) -> "Bookmark":
        return cls(record.offset, record.timestamp)


@asynccontextmanager
async def open_reader(brokers: Brokers, *topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer without a group; it is assigned all partitions of these topics."""
    consumer = AIOKafkaConsumer(
        *topics,
        **connection(brokers),
        auto_offset_reset="earliest",
        fetch_max_wait_ms=WAIT_MS,
    )
    try:
        await consumer.start()
        end_if_asked()
        yield consumer
    finally:
        await closing.close(consumer)


async def resume(
    consumer: AIOKafkaConsumer, partition: TopicPartition, bookmark: Bookmark | None
) -> bool:
    """Seek to after the bookmark. Returns False, at the beginning, if the topic was recreated."""
    consumer.assign([partition])
    # Seek at once: a consumer that is looking up its position cannot be stopped cleanly.
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
