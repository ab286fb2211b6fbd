"""Producers that wait for all replicas, yet let a service start and serve without Kafka."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from backbone.kafka.connecting import connection
from backbone.postgres.pool import is_transient
from backbone.process.metrics import DEAD_LETTERS
from backbone.process.pulse import end_if_asked
from backbone.process.wires import Brokers

Headers: TypeAlias = Sequence[tuple[str, bytes]]

log = logging.getLogger(__name__)

# aiokafka's idempotent producer retries for ever without an error, so the timeout is ours.
SEND_SECONDS = 10.0
FLUSH_SECONDS = 3.0
FAILURES = 5
# Bytes kept of an unreadable record: with the headers added, a record of maximum size is too large.
LARGEST_VALUE = 900_000


def is_passing(error: BaseException) -> bool:
    """Say whether work that uses Kafka or Postgres may succeed later, unchanged."""
    return isinstance(error, KafkaError) or is_transient(error)


@asynccontextmanager
async def open_producer(brokers: Brokers) -> AsyncIterator[AIOKafkaProducer]:
    """Open a producer that is closed within seconds after the block, also without Kafka."""
    producer = AIOKafkaProducer(
        **connection(brokers),
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        request_timeout_ms=10_000,
    )
    try:
        await producer.start()
        end_if_asked()
        yield producer
    finally:
        await _close(producer)


async def _close(producer: AIOKafkaProducer) -> None:
    """Flush for FLUSH_SECONDS only: senders keep every record that was not acknowledged."""
    stopping = asyncio.create_task(producer.stop())
    try:
        await asyncio.wait([stopping], timeout=FLUSH_SECONDS)
    finally:
        if not stopping.done():
            log.warning("producer.abandoned")
            # stop() waits for the flush or for the end of the sender, and then closes all the rest.
            await producer._sender.close()
            await stopping


class Publisher:
    """A producer that connects in the background, and reconnects after repeated failures."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._producer: AIOKafkaProducer | None = None
        self._failures = 0
        self._broken = asyncio.Event()

    async def publish(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> None:
        """Return when all replicas have the record. Raises KafkaError, at once if not connected."""
        if self._producer is None:
            raise KafkaConnectionError("not connected")
        self._failures += 1  # before sending: the caller may be cancelled meanwhile
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._producer.send_and_wait(topic, value, key=key, headers=list(headers))
            self._failures = 0
        except TimeoutError as error:
            raise KafkaTimeoutError(f"not acknowledged within {SEND_SECONDS} s") from error
        finally:
            if self._failures >= FAILURES:
                self._broken.set()

    async def copy(self, dead: str, record: Any, reason: str) -> None:
        """Copy an unreadable record to the topic `dead`, with its origin. Raises KafkaError."""
        origin = {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "time": record.timestamp,
            "reason": reason[:500],
        }
        value = record.value or b""
        if len(value) > LARGEST_VALUE:
            origin["cut-from-bytes"] = len(value)
        told = [(f"liandong-{name}", str(value).encode()) for name, value in origin.items()]
        headers = [*(record.headers or ()), *told]
        await self.publish(dead, record.key or b"", value[:LARGEST_VALUE], headers)

    async def run(self) -> None:
        """Connect, and reconnect after FAILURES failures in a row, for ever."""
        while True:
            end_if_asked()
            try:
                async with open_producer(self._brokers) as self._producer:
                    self._failures = 0
                    self._broken.clear()
                    await self._broken.wait()
                    self._producer = None  # callers must not use the producer that is being closed
            except Exception as error:
                if not is_passing(error):
                    raise
                log.warning("kafka.away", extra={"error": str(error)})
            finally:
                self._producer = None
            await asyncio.sleep(0.5)


class Burial:
    """Puts the unreadable records of one group aside, and counts them."""

    def __init__(self, publisher: Publisher, group: str) -> None:
        self._publisher, self._group = publisher, group
        self._dead = DEAD_LETTERS.labels(group)

    async def put_aside(self, record: Any, reason: str) -> None:
        """Raises KafkaError."""
        await self.put_aside_again(record, reason)
        self._dead.inc()

    async def put_aside_again(self, record: Any, reason: str) -> None:
        """The same for a record that was met before: it rings no alarm again. Raises KafkaError."""
        await self._publisher.copy(dead_topic(record.topic, self._group), record, reason)

    async def bury(self, record: Any, reason: str, *, again: bool = False) -> None:
        """Put a record aside, trying again until Kafka accepts it."""
        put_aside = self.put_aside_again if again else self.put_aside
        while True:
            end_if_asked()
            try:
                return await put_aside(record, reason)
            except KafkaError as error:
                log.warning("dead_letter.waits", extra={"error": str(error)})
            await asyncio.sleep(0.5)


def dead_topic(topic: str, group: str) -> str:
    """The topic into which a group puts the unreadable records of a topic."""
    return f"{topic}.{group}.dead"
