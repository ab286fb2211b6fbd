"""The relay: sends unsent journal rows to Kafka in order, and unmarks them after the ack."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

from aiokafka import AIOKafkaProducer

from backbone.door.codes import Codes
from backbone.door.demanded import Demanded
from backbone.door.journal import statement_of
from backbone.kafka.origin import signed_headers
from backbone.kafka.producer import SEND_SECONDS, is_passing
from backbone.postgres.pool import Connect, Connection
from backbone.process import tracing
from backbone.process.metrics import RELAYED, UNSENT_AGE
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)


class Signer(Protocol):
    """Signs statements as the service that owns the journal."""

    def sign(self, statement: bytes) -> bytes: ...
    def codes(self, statement: bytes, signature: bytes) -> bytes:
        """The codes that save its readers the check of the signature; none if it is not its own."""


# Opens a producer for the block, a new one each time, so that no old buffer is sent late.
Produce: TypeAlias = Callable[[], AbstractAsyncContextManager[AIOKafkaProducer]]

# One relay per schema at a time: two would overtake each other. The lock belongs to the session,
# because waiting for Kafka inside a transaction would exceed its idle limit.
TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.relay', 0))"
# Unmarks the rows that were sent and reads the next ones, in one round trip: at most 500 rows and
# about 4 MB, but always the first row. The OFFSET keeps the planner from joining the whole journal
# before it counts to 500.
NEXT = """
WITH forgotten AS (DELETE FROM unsent WHERE position = ANY($1))
SELECT position, event_id, aggregate_id, version, kind, payload, time,
       correlation_id, causation_id, traceparent, signature, own_code,
       extract(epoch FROM clock_timestamp() - time)::float8 AS age
FROM (SELECT row.*, sum(octet_length(row.payload)) OVER (ORDER BY row.position)
                    - octet_length(row.payload) AS before
      FROM (SELECT position FROM unsent WHERE position <> ALL($1)
            ORDER BY position LIMIT 500) AS oldest,
           LATERAL (SELECT * FROM journal WHERE position = oldest.position OFFSET 0) AS row) AS few
WHERE before < 4000000 ORDER BY position
"""
# Seconds. No caller waits for an event, so the first one waits for more: fewer round trips to
# Postgres, fewer requests to Kafka, fewer wake-ups of consumers.
GATHER = 0.02
# Seconds between two looks for commits that did not wake this process, and how long it looks more
# often after it found one: then another process writes the same schema, and its wake-ups are lost.
LOOK, LOOK_SHARED, SHARED = 1.0, 0.2, 60.0
# A deletion that a crash of Postgres loses sends the event twice, and every inbox drops the copy.
COMMIT_ASYNC = "SET synchronous_commit = off"


class Relay:
    """Relays the journal of one schema. Delivery is at least once, per aggregate by version."""

    def __init__(
        self,
        schema: str,
        topics: Mapping[str, str],
        connect: Connect,
        produce: Produce,
        pulse: Pulse,
        signer: Signer | None = None,
    ) -> None:
        """`topics` maps the kind of an aggregate to the topic of its events; `signer` makes codes
        and signs what was written before signatures came."""
        self._schema = schema
        self._topics = topics
        self._connect = connect
        self._produce = produce
        self._pulse = pulse
        self._signer = signer
        # Rows up to here were written before signatures came; those that are still unsent are
        # signed, if the codes of the service prove the place.
        self._unsigned_upto = 0
        self.codes: Codes | None = None
        self._wake = asyncio.Event()
        self._since: float | None = None
        self._shared_until = 0.0
        UNSENT_AGE.labels(schema).set_function(self.age)

    def age(self) -> float:
        """The age of the oldest unsent event, in seconds."""
        return time.monotonic() - self._since if self._since is not None else 0.0

    def wake(self) -> None:
        """Wake the relay after a commit of this process; commits of others are found by polling."""
        self._wake.set()

    async def run(self) -> None:
        """Relay for ever, with a new producer after each failure."""
        while True:
            self._pulse.beat("relay")
            try:
                await self._connected()
            except Exception as error:
                if not is_passing(error):
                    raise
                log.warning("relay.away", extra={"error": str(error)})
            await asyncio.sleep(0.5)

    async def _connected(self) -> None:
        conn = await self._connect()
        try:
            while not await conn.fetchval(TRY_LOCK):
                self._since = None  # the process that has the lock reports the age
                self._pulse.beat("relay")
                await asyncio.sleep(0.5)
            await conn.execute(COMMIT_ASYNC)
            self._unsigned_upto, _ = await Demanded(self.codes).since(conn)
            self._measure(await conn.fetch(NEXT, []))
            async with self._produce() as producer:
                await self._relay(conn, producer)
        finally:
            conn.terminate()

    async def _relay(self, conn: Connection, producer: AIOKafkaProducer) -> None:
        sent: list[int] = []
        woken = True
        while True:
            self._pulse.beat("relay")
            self._wake.clear()
            sent = await self.step(conn, producer, sent)
            if sent and not woken:
                self._shared_until = _now() + SHARED
            woken = bool(sent) or await self._sleep()

    def _measure(self, rows: Sequence[Any]) -> None:
        self._since = time.monotonic() - max(0.0, rows[0]["age"]) if rows else None

    async def _sleep(self) -> bool:
        """Sleep until a commit of this process or the next look; return which it was."""
        try:
            async with asyncio.timeout(LOOK_SHARED if _now() < self._shared_until else LOOK):
                await self._wake.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(GATHER)
        return True

    async def step(
        self, conn: Connection, producer: AIOKafkaProducer, sent: Sequence[int]
    ) -> list[int]:
        """Unmark the rows that were sent, send the oldest unsent ones, return their positions."""
        rows = await conn.fetch(NEXT, sent)
        self._measure(rows)
        began = time.time_ns()
        async with asyncio.timeout(SEND_SECONDS):
            await asyncio.gather(*[await self._send(producer, row) for row in rows])
        RELAYED.labels(self._schema).inc(len(rows))
        for row in rows:
            tracing.note(f"publish {row['kind']}", row["traceparent"], began, {}, "producer")
        return [row["position"] for row in rows]

    async def _send(self, producer: AIOKafkaProducer, row: Any) -> Awaitable[Any]:
        """Put the row into the producer's buffer; return the future of the broker's ack."""
        topic = self._topics[row["kind"].rsplit(".", 2)[0]]
        headers = cloud_event(row, f"liandong/{self._schema}")
        event_id, of = str(row["event_id"]), str(row["aggregate_id"])
        said = statement_of(topic, row["kind"], event_id, of, row["version"], row["payload"])
        if self._signer is not None:
            headers += self._signed(self._signer, row, said)
        sent: Awaitable[Any] = await producer.send(
            topic, row["payload"], key=of.encode(), headers=headers
        )
        return sent

    def _signed(self, signer: Signer, row: Any, said: bytes) -> list[tuple[str, bytes]]:
        """The headers of the row's signature, made now if the row is older than signatures.

        None for a later row without one, which the door would have signed: readers refuse it.
        """
        signature = row["signature"] + row["own_code"]
        if not signature and row["position"] <= self._unsigned_upto:
            signature = signer.sign(said)
        return signed_headers(signature, signer.codes(said, signature)) if signature else []


def _now() -> float:
    return asyncio.get_running_loop().time()


def cloud_event(row: Any, source: str) -> list[tuple[str, bytes]]:
    """The headers that make the record a CloudEvent in binary mode."""
    attributes = {
        "content-type": "application/protobuf",
        "ce_specversion": "1.0",
        "ce_id": str(row["event_id"]),
        "ce_source": source,
        "ce_type": row["kind"],
        "ce_subject": str(row["aggregate_id"]),
        "ce_time": row["time"].isoformat(),
        "ce_sequence": str(row["version"]),
        "ce_correlationid": row["correlation_id"],
        "ce_causationid": row["causation_id"],
        "ce_traceparent": row["traceparent"],
    }
    return [(name, value.encode()) for name, value in attributes.items() if value]
