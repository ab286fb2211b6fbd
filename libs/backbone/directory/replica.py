"""A replica of the directory in the service's own schema: it stays readable without Kafka."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise

from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from backbone.directory.entries import HEAD
from backbone.directory.replica_state import EntryChange, State
from backbone.door.beside import Beside, CodedRows
from backbone.kafka.bookmark import Bookmark, open_reader, resume
from backbone.kafka.origin import Origin
from backbone.kafka.stall import Progress
from backbone.postgres.pool import Connection, Pool, is_transient
from backbone.process.pulse import Pulse
from backbone.process.wires import Brokers
from backbone.words.city import City
from backbone.words.errors import Unavailable

log = logging.getLogger(__name__)

TOPIC = "liandong.directory.v1"
PARTITION = TopicPartition(TOPIC, 0)
PART = "directory"

# The service gives each entry a code, and reads one whose code does not fit from the topic anew.
COPIES = Beside("replica", ("key", "version", "value"), ("key",))
READ = "SELECT key, version, value, proof FROM replica"
BEGIN_AGAIN = "DELETE FROM replica_bookmark"
DROP_FORGED = "DELETE FROM replica WHERE key = ANY($1::text[])"
READ_BOOKMARK = "SELECT log_offset, log_time FROM replica_bookmark WHERE topic = $1"
SAVE = """
INSERT INTO replica (key, version, value, proof)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[])
ON CONFLICT (key) DO UPDATE
SET version = excluded.version, value = excluded.value, proof = excluded.proof
WHERE replica.version < excluded.version
"""
DROP = """
DELETE FROM replica USING unnest($1::text[], $2::bigint[]) AS gone (key, version)
WHERE replica.key = gone.key AND replica.version <= gone.version
"""
SAVE_BOOKMARK = """
INSERT INTO replica_bookmark (topic, log_offset, log_time) VALUES ($1, $2, $3)
ON CONFLICT (topic) DO UPDATE SET log_offset = excluded.log_offset, log_time = excluded.log_time
"""


Bury = Callable[[ConsumerRecord, str], Awaitable[None]]


class Replica:
    """Follows the topic without a consumer group; processes of one schema ask for the same kinds.

    Unless it is `essential`, the process is ready without a city. `city` changes only when the
    head's entry arrives, which is published last, so that readers see a whole pack or none of it.
    This order holds because the topic has one partition.
    """

    def __init__(
        self,
        pool: Pool,
        brokers: Brokers,
        kinds: Collection[str],
        changed: Callable[[City], object] = lambda city: None,
        *,
        polygons: bool = False,
        essential: bool = True,
    ) -> None:
        self._pool, self._coded = pool, CodedRows(None, COPIES)
        self._brokers = brokers
        self._changed = changed
        self._essential = essential
        self._state = State(kinds, polygons=polygons)
        self._mark = mark_of(kinds)
        self._is_news = False
        self._next = 0
        self._city: City | None = None
        self._ready = asyncio.Event()

    def coded(self, rows: CodedRows) -> "Replica":
        """Give the entries of the table codes, and take none without; before, all are taken."""
        self._coded = rows
        return self

    @property
    def loaded(self) -> bool:
        """Whether a city has been loaded."""
        return self._city is not None

    @property
    def city(self) -> City:
        """The present city. A decision reads it once, so that it sees one state throughout.

        Raises Unavailable, which is transient and never stored, while no city is loaded.
        """
        if self._city is None:
            raise Unavailable("DIRECTORY_NOT_LOADED")
        return self._city

    def read(self) -> Mapping[TopicPartition, int]:
        """The offset that it reads next."""
        return {PARTITION: self._next}

    async def wait(self) -> City:
        """Wait until a city is loaded, and return it."""
        await self._ready.wait()
        return self.city

    async def run(self, pulse: Pulse, bury: Bury, origin: Origin) -> None:
        """Load the city from the table, then follow the topic for ever; `origin` refuses what the
        directory has not signed."""
        if self._essential:
            pulse.lack(PART, "no city pack has reached this service yet")
        while True:
            pulse.beat(PART)
            try:
                bookmark = await self._restore(pulse)
                await self._follow(bookmark, pulse, bury, origin)
            except Exception as error:
                if not isinstance(error, KafkaError) and not is_transient(error):
                    raise
                log.warning("replica.away", extra={"error": str(error)})
            await asyncio.sleep(1)

    async def _restore(self, pulse: Pulse) -> Bookmark | None:
        async with self._pool.acquire() as conn:
            # Bookmark first: newer rows are only applied again, older rows would be lost.
            row = await conn.fetchrow(READ_BOOKMARK, self._mark)
            found = await conn.fetch(READ)
            rows = await self._coded.sound(conn, found)
            if forged := {each["key"] for each in found} - {each["key"] for each in rows}:
                async with conn.transaction():
                    await conn.execute(DROP_FORGED, list(forged))
                    await conn.execute(BEGIN_AGAIN)
                row = None
        self._state.restore((each["key"], each["value"]) for each in rows)
        self._publish(pulse)
        return Bookmark(row["log_offset"], row["log_time"]) if row else None

    async def _follow(
        self, bookmark: Bookmark | None, pulse: Pulse, bury: Bury, origin: Origin
    ) -> None:
        async with open_reader(self._brokers) as consumer:
            resumed = await resume(consumer, PARTITION, bookmark)
            self._next = bookmark.offset + 1 if resumed and bookmark else 0
            if not resumed:
                self._state.begin_again()
            progress = Progress(consumer)
            while True:
                pulse.beat(PART)
                found = await consumer.getmany(PARTITION, timeout_ms=5_000, max_records=500)
                if not found:
                    await progress.check()
                await origin.learn(consumer, [TOPIC])
                for records in found.values():
                    await self._take(records, pulse, bury, origin)

    async def _take(
        self, records: Sequence[ConsumerRecord], pulse: Pulse, bury: Bury, origin: Origin
    ) -> None:
        """Write a batch to the table, one transaction up to and including each head."""
        heads = (at for at, record in enumerate(records, 1) if record.key == HEAD.encode())
        for start, end in pairwise(sorted({0, *heads, len(records)})):
            part = records[start:end]
            changes, unreadable = self._state.take(part, origin.check)
            for record, reason in unreadable:
                await bury(record, reason)
            async with self._pool.acquire() as conn, conn.transaction():
                await write(conn, changes, self._coded)
                bookmark = Bookmark.at(part[-1])
                await conn.execute(SAVE_BOOKMARK, self._mark, bookmark.offset, bookmark.timestamp)
            self._next = bookmark.offset + 1
            self._is_news |= bool(changes)
            if self._is_news and part[-1].key == HEAD.encode():
                self._publish(pulse)

    def _publish(self, pulse: Pulse) -> None:
        self._is_news = False
        city = self._state.city()
        if city is not None:
            self._city = city
            pulse.have(PART)
            self._ready.set()
            self._changed(city)


def mark_of(kinds: Collection[str]) -> str:
    """The name of the bookmark for these kinds of entries.

    A release that asks for another kind reads the topic from its beginning: what an earlier one has
    passed over is not published again.
    """
    return f"{TOPIC} {sha256(' '.join(sorted(kinds)).encode()).hexdigest()[:16]}"


async def write(conn: Connection, changes: Sequence[EntryChange], coded: CodedRows) -> None:
    """Write the changes in key order: processes of one schema then cannot deadlock."""
    changes = sorted(changes, key=lambda each: each.key)
    kept = [
        {"key": each.key, "version": each.version, "value": each.value}
        for each in changes
        if each.record is not None
    ]
    gone = [change for change in changes if change.record is None]
    columns = [[row[name] for row in kept] for name in COPIES.columns]
    await conn.execute(SAVE, *columns, [coded.made(row) for row in kept])
    await conn.execute(DROP, [each.key for each in gone], [each.version for each in gone])
