"""Publishes the changed entries to the compacted topic, the head last."""

import asyncio
import logging
import time
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from backbone.directory.entries import HEAD
from backbone.directory.replica import TOPIC
from backbone.directory.replica_state import VERSION
from backbone.door.beside import CodedRows
from backbone.kafka.bookmark import Bookmark, open_reader, resume
from backbone.kafka.origin import entry_statement, header_of
from backbone.kafka.producer import open_producer
from backbone.postgres.pool import Connection, Pool, connect, is_transient
from backbone.process.metrics import UNSENT, UNSENT_AGE
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from liandong.directory.v1.directory_pb2 import DirectoryEntry
from services.directory import storage
from services.directory.metrics import PUBLISHED

log = logging.getLogger(__name__)

BE_THE_ONE = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.publishing', 0))"
PART = "publishing"
# Seconds between two looks at what waits.
LOOK = 2.0


class Publishing:
    """Publishes at least once; a lock lets one of several instances publish."""

    def __init__(self, settings: Settings, pulse: Pulse, coded: CodedRows) -> None:
        self._settings = settings
        self._coded = coded
        self._forged: set[tuple[str, int]] = set()  # of which the alarm has told
        self._pulse = pulse
        self._wake = asyncio.Event()
        self._since: float | None = None
        UNSENT_AGE.labels(settings.schema).set_function(self.age)

    def age(self) -> float:
        """For how many seconds entries have waited, as far back as this process has seen it."""
        return time.monotonic() - self._since if self._since is not None else 0.0

    async def watch(self, pool: Pool) -> None:
        """Tell for ever what waits for Kafka, in the metrics of the events that do; also while the
        loop that publishes waits for it itself."""
        async for _ in self._pulse.rounds("unpublished", LOOK):
            try:
                waiting = await storage.waiting(pool)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.info("unpublished.unseen", extra={"error": str(error)})
                continue
            UNSENT.labels(self._settings.schema).set(waiting)
            self._since = (self._since or time.monotonic()) if waiting else None

    def wake(self) -> None:
        """Wake the loop after a write by this instance; writes of others are found by polling."""
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled; retries while Kafka or the database is unavailable."""
        while True:
            self._pulse.beat(PART)
            try:
                await self._connected()
            except Exception as error:
                if not isinstance(error, KafkaError) and not is_transient(error):
                    raise
                log.warning("publishing.away", extra={"error": str(error)})
            await asyncio.sleep(0.5)

    async def _connected(self) -> None:
        conn = await connect(self._settings.database_url, self._settings.schema)
        try:
            while not await conn.fetchval(BE_THE_ONE):
                self._pulse.beat(PART)  # another instance publishes
                await asyncio.sleep(0.5)
            await self._know_the_topic(conn)
            async with open_producer(self._settings.brokers) as producer:
                while True:
                    self._pulse.beat(PART)
                    self._wake.clear()
                    await self.drain(conn, producer)
                    await self._sleep()
        finally:
            conn.terminate()

    async def _know_the_topic(self, conn: Connection) -> None:
        """Publish every entry again if the topic was recreated."""
        bookmark = await storage.bookmark(conn, TOPIC)
        if bookmark is None:
            return
        async with open_reader(self._settings.brokers) as consumer:
            if not await resume(consumer, TopicPartition(TOPIC, 0), bookmark):
                await storage.publish_again(conn)

    async def drain(self, conn: Connection, producer: AIOKafkaProducer) -> int:
        """Send the unpublished entries in order, and return their number. One that was put in by
        hand is not signed and stays, with an alarm."""
        every = await storage.unpublished(conn)
        found = [row for row in every if _named(row) not in self._forged]
        rows = await self._coded.sound(conn, found)
        self._forged |= {_named(row) for row in found} - {_named(row) for row in rows}
        if not rows:
            return 0
        # aiokafka tells of every record in a batch the time of the first one.
        now = time.time_ns() // 1_000_000
        sent = [await self._send(producer, row, now) for row in rows]
        acknowledged = await asyncio.gather(*sent)
        if rows[-1]["key"] == HEAD:
            await storage.save_bookmark(conn, TOPIC, Bookmark(acknowledged[-1].offset, now))
        await storage.published(conn, rows)
        PUBLISHED.inc(len(rows))
        return len(rows)

    async def _send(
        self, producer: AIOKafkaProducer, row: asyncpg.Record, time_ms: int
    ) -> "asyncio.Future[Any]":
        self._pulse.beat(PART)
        key, value, version = row["key"].encode(), value_of(row), str(row["version"]).encode()
        signature = self._settings.signatures.sign(entry_statement(TOPIC, key, version, value))
        headers = [(VERSION, version), header_of(signature)]
        sent: asyncio.Future[Any] = await producer.send(
            TOPIC, value, key=key, headers=headers, timestamp_ms=time_ms
        )
        return sent

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(1):
                await self._wake.wait()
        except TimeoutError:
            pass


def _named(row: asyncpg.Record) -> tuple[str, int]:
    return row["key"], row["version"]


def value_of(row: asyncpg.Record) -> bytes | None:
    """The entry with its version, or None for a tombstone. The appended version overrides any."""
    if row["body"] is None:
        return None
    return bytes(row["body"]) + DirectoryEntry(version=row["version"]).SerializeToString()
