"""Closes a consumer within a few seconds, also while Kafka is away.

Without Kafka, aiokafka's `stop()` may wait for it, or let the cancellation of its own tasks
escape, which would silently cancel the caller. In a task of its own neither does harm.
"""

import asyncio
import logging

from aiokafka import AIOKafkaConsumer

log = logging.getLogger(__name__)

LEAVE_SECONDS, LEFT_SECONDS = 3.0, 1.0
# Tasks that were left to themselves; without a reference they would vanish in their midst.
LEFT: set["asyncio.Task[None]"] = set()


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
    """End its tasks and connections; the group notices when the session times out.

    Each wait has its end, too: aiokafka's own may swallow the cancellation and wait for a broker
    that has died. A loop that waited on here stood still until the watchdog ended its process.
    """
    stopping.cancel()
    for name in ("_heartbeat_task", "_commit_refresh_task"):
        # A reader without a group has neither.
        if (task := getattr(consumer._coordinator, name, None)) is not None:
            task.cancel()
    await _ended(stopping)
    for part in (consumer._fetcher, consumer._client):
        if part is not None:  # it never came so far as to have one
            await _ended(asyncio.create_task(part.close()))


async def _ended(task: "asyncio.Task[None]") -> None:
    """Wait for the end of a task, for a second at most; then cancel it and leave it to itself."""
    await asyncio.wait([task], timeout=LEFT_SECONDS)
    if not task.done():
        log.warning("consumer.left_behind", extra={"task": repr(task.get_coro())})
        task.cancel()
        LEFT.add(task)
        task.add_done_callback(_forget)
    else:
        _forget(task)


def _forget(task: "asyncio.Task[None]") -> None:
    LEFT.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.info("consumer.closed_with", extra={"error": str(error)})
