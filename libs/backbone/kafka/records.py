"""The place, the time and the source of a record, told without reading its value."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

from aiokafka import ConsumerRecord
from aiokafka.structs import TopicPartition

# Topic, partition and offset of a record.
Place: TypeAlias = tuple[str, int, int]


def oldest(found: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> float | None:
    """When the oldest of these records was written, in seconds; None if there is none."""
    times = [record.timestamp for records in found.values() for record in records]
    return min(times) / 1000 if times else None


def place_of(record: ConsumerRecord) -> Place:
    return record.topic, record.partition, record.offset


def source_of(record: ConsumerRecord) -> UUID | None:
    """The id of the source aggregate in the record's key, None if the key is no id."""
    try:
        return UUID((record.key or b"").decode())
    except ValueError:
        return None


def is_cloud_event(record: ConsumerRecord) -> bool:
    return any(name == "ce_type" for name, _ in record.headers)
