"""Closes a consumer within a few seconds, also while Kafka is away.

Without Kafka, aiokafka's `stop()` may wait for it, or let the cancellation of its own tasks
escape, which would silently cancel the caller. In a task of its own neither does harm.
"""

import asyncio
import logging
from contextlib import suppress

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

log = logging.getLogger(__name__)

LEAVE_SECONDS = 3.0


async def close(consumer: AIOKafkaConsumer, patience: float = LEAVE_SECONDS) -> None:
    """Stop the consumer; after `patience` seconds end its tasks and connections by force."""
    stopping = asyncio.create_task(consumer.stop())
    try:
        await asyncio.wait([stopping], timeout=patience)
    finally:
        if not stopping.done():
            log.warning("consumer.abandoned")
            await _take_apart(consumer, stopping)
        elif not stopping.cancelled():
            stopping.result()


async def _take_apart(consumer: AIOKafkaConsumer, stopping: "asyncio.Task[None]") -> None:
    """End its tasks and connections; the group notices when the session times out."""
    stopping.cancel()
    for name in ("_heartbeat_task", "_commit_refresh_task"):
        # A reader without a group has neither.
        if (task := getattr(consumer._coordinator, name, None)) is not None:
            task.cancel()
    with suppress(asyncio.CancelledError, KafkaError):
        await stopping
    with suppress(KafkaError):
        await consumer._fetcher.close()
        await consumer._client.close()
