"""Detects a consumer that has silently stopped fetching.

Seen with aiokafka (its issue 1037) and with Faust on top of it (629): partitions are assigned,
heartbeats go on, and no records arrive. A stalled consumer is told from an idle topic by the end
offsets of its partitions.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Protocol

from aiokafka.structs import TopicPartition

LOOK = 15.0
PATIENCE = 10.0


class Reader(Protocol):
    """The methods used of a consumer: aiokafka's, or an adapter of Faust's."""

    def assignment(self) -> Collection[TopicPartition]: ...
    async def end_offsets(
        self, partitions: list[TopicPartition], /
    ) -> Mapping[TopicPartition, int]: ...
    async def position(self, partition: TopicPartition, /) -> int: ...


class ConsumerStuckError(TimeoutError):
    """Transient: a new consumer resumes at the position of this one."""


class Progress:
    """Checks a consumer whenever a poll was empty, by its end offsets every `look` seconds."""

    def __init__(self, consumer: Reader, look: float = LOOK) -> None:
        self._consumer = consumer
        self._look = look
        self._next = asyncio.get_running_loop().time() + look
        self._behind: dict[TopicPartition, int] = {}

    async def check(self) -> None:
        """Raises ConsumerStuckError if a partition with unread records has not moved since then."""
        now = asyncio.get_running_loop().time()
        if now < self._next:
            return
        self._next = now + self._look
        behind = await self._positions_behind()
        if any(self._behind.get(partition) == at for partition, at in behind.items()):
            raise ConsumerStuckError(f"nothing arrives from {sorted(behind)}")
        self._behind = behind

    async def _positions_behind(self) -> dict[TopicPartition, int]:
        assigned = list(self._consumer.assignment())
        async with asyncio.timeout(PATIENCE):
            ends = await self._consumer.end_offsets(assigned) if assigned else {}
            positions = {each: await self._consumer.position(each) for each in assigned}
        return {each: at for each, at in positions.items() if at < ends[each]}
