"""A bookmark in a log: where reading goes on, and how to see that it is still the same log."""

from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The last record that was read. A topic made anew has another one, or none, there."""

    offset: int
    timestamp: int

    @classmethod
    def at(cls, record: ConsumerRecord) -> "Bookmark":
        return cls(record.offset, record.timestamp)


async def resume(
    consumer: AIOKafkaConsumer, partition: TopicPartition, bookmark: Bookmark | None
) -> bool:
    """Go on after the bookmark; or say no, and go to the beginning of what is another log."""
    if bookmark is not None:
        end = await consumer.end_offsets([partition])
        if bookmark.offset < end[partition]:
            consumer.seek(partition, bookmark.offset)
            if await _next(consumer, partition) == bookmark:
                return True
    await consumer.seek_to_beginning(partition)
    return False


async def _next(consumer: AIOKafkaConsumer, partition: TopicPartition) -> Bookmark | None:
    found = await consumer.getmany(partition, timeout_ms=5_000, max_records=1)
    return next((Bookmark.at(record) for record in found.get(partition, ())), None)
