"""The relay with real Postgres and Kafka: per aggregate in order, nothing skipped, one works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import ConsumerRecord
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat

from backbone.door.door import Door
from backbone.door.journal import statement_of
from backbone.kafka.origin import CODES, HEADER
from backbone.kafka.producer import open_producer
from backbone.kafka.relay import TRY_LOCK, Relay
from backbone.postgres.pool import Pool, connect
from backbone.process.pulse import Pulse
from backbone.process.signing import ID, SHORT, SIGNATURE
from liandong.dispute.v1.dispute_events_pb2 import DisputeEvent
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from tests.installation import Installation
from tests.ledger.building import a_claim, a_relay, a_request, a_writing, written
from tests.ledger.domain import File, Release
from tests.ledger.shelves import Build, Shut
from tests.servers import Broker
from tests.signing import signatures_of
from tests.topics import headers_of, make_topic, read


@pytest.fixture
async def topic(broker: Broker) -> str:
    await broker.started()
    return await make_topic(broker)


@pytest.fixture
def relay(database: Installation, broker: Broker, topic: str) -> Relay:
    return a_relay(database.url(), broker.address, topic, Pulse())


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(relay.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def drained(relay: Relay, database: Installation, broker: Broker) -> list[int]:
    """How many rows were sent in each step, until none was left."""
    conn = await connect(database.url(), "ledger")
    counts, sent = [], []
    try:
        async with open_producer(broker.address) as producer:
            while sent := await relay.step(conn, producer, sent):
                counts.append(len(sent))
    finally:
        await conn.close()
    return counts


def versions_of(note_id: UUID, records: list[ConsumerRecord]) -> list[int]:
    events = [IncidentEvent.FromString(record.value) for record in records]
    return [event.meta.version for event in events if event.meta.aggregate_id == str(note_id)]


async def nothing_unsent(pool: Pool) -> None:
    async with asyncio.timeout(30):
        while await pool.fetchval("SELECT count(*) FROM unsent"):
            await asyncio.sleep(0.02)


async def test_an_independent_decoder_reads_our_records(
    door: Door, relay: Relay, database: Installation, broker: Broker, topic: str
) -> None:
    """The CloudEvents SDK finds a valid event in binary mode."""
    writing = a_writing(cause="the-cause", traceparent="00-trace")
    [outcome] = await door.perform([writing])
    assert await drained(relay, database, broker) == [1]
    [record] = await read(broker, topic, 1)
    headers = dict(record.headers)
    event = from_binary(KafkaMessage(headers, record.key, record.value), JSONFormat())
    assert event.get_type() == "liandong.note.progress_reported.v1"
    assert event.get_source() == "liandong/ledger"
    assert event.get_subject() == str(outcome.aggregate_id) == record.key.decode()
    assert event.get_time() == outcome.time
    assert event.get_specversion() == "1.0"
    assert event.get_datacontenttype() == "application/protobuf"
    assert event.get_extension("correlationid") == str(outcome.aggregate_id)
    assert event.get_extension("causationid") == "the-cause"
    assert event.get_extension("traceparent") == "00-trace"
    meta = IncidentEvent.FromString(record.value).meta
    assert (event.get_id(), event.get_extension("sequence")) == (meta.event_id, "1")
    assert (meta.actor, meta.unit, meta.request_id) == (
        "li",
        "990101001-police",
        str(writing.request_id),
    )


async def test_a_signature_stands_in_its_column_alone_and_its_codes_beside_it(
    door: Door, relay: Relay, database: Installation, broker: Broker, pool: Pool, topic: str
) -> None:
    """A relay of the release before sends the column of the signature as it is."""
    owner, reader = signatures_of("alarm"), signatures_of("emergency")
    here = topic.encode()  # where this relay sends what the ledger signs for its own topic
    door.rows.sign = lambda said: owner.sign(said.replace(b"ledger.events", here))
    relay._signer = owner
    [outcome] = await door.perform([a_writing()])
    row = await pool.fetchrow("SELECT * FROM journal WHERE aggregate_id = $1", outcome.aggregate_id)
    assert (len(row["signature"]), len(row["own_code"])) == (ID + SIGNATURE, SHORT)
    assert await drained(relay, database, broker) == [1]
    [record] = await read(broker, topic, 1)
    told, of = dict(record.headers), str(outcome.aggregate_id)
    said = statement_of(topic, row["kind"], str(row["event_id"]), of, 1, row["payload"])
    assert bytes.fromhex(told[HEADER].decode()) == row["signature"]
    assert reader.is_signed("alarm", said, row["signature"])
    assert reader.is_among("alarm", said, told[CODES])


async def test_each_aggregate_type_has_its_topic(
    door: Door, database: Installation, broker: Broker, topic: str
) -> None:
    other = await make_topic(broker)
    relay = a_relay(database.url(), broker.address, topic, Pulse(), other)
    shelf, writing = uuid4(), a_writing()
    shut, file = a_request(shelf, Shut()), a_request(writing.aggregate_id, File(shelf))
    await door.perform([a_request(shelf, Build(shelf)), writing, file, shut])
    assert await drained(relay, database, broker) == [4]
    assert versions_of(writing.aggregate_id, await read(broker, topic, 2)) == [1, 2]
    records = await read(broker, other, 2)
    assert [headers_of(record)["ce_type"] for record in records] == [
        "liandong.shelf.session_held.v1",
        "liandong.shelf.closed.v1",
    ]
    assert [DisputeEvent.FromString(record.value).meta.version for record in records] == [1, 2]
    assert {record.key for record in records} == {str(shelf).encode()}


async def test_an_older_transaction_that_writes_later_is_sent_later(
    door: Door, pool: Pool, relay: Relay, database: Installation, broker: Broker, topic: str
) -> None:
    """A relay ordered by transaction id would send version 3 before version 2."""
    note_id = await written(door)
    async with pool.acquire() as older, older.transaction():
        await older.fetchval("SELECT pg_current_xact_id()")
        await door.perform([a_claim(note_id)])
        await door.within(older, [a_request(note_id, Release())])
    by_transaction = await pool.fetch("SELECT version FROM journal ORDER BY xmin::text::bigint")
    assert [row["version"] for row in by_transaction] == [1, 3, 2]
    await drained(relay, database, broker)
    assert versions_of(note_id, await read(broker, topic, 3)) == [1, 2, 3]


async def test_a_position_that_commits_late_is_not_skipped(
    door: Door, pool: Pool, relay: Relay, database: Installation, broker: Broker, topic: str
) -> None:
    """A relay that remembers the last position would never send the first note."""
    async with pool.acquire() as slow, slow.transaction():
        [late] = await door.within(slow, [a_writing()])
        await written(door)
        assert await drained(relay, database, broker) == [1]
    assert await drained(relay, database, broker) == [1]
    assert versions_of(late.aggregate_id, await read(broker, topic, 2)) == [1]


async def test_large_rows_are_carried_a_few_at_a_time(
    door: Door, relay: Relay, database: Installation, broker: Broker
) -> None:
    """Five hundred of the largest rows would be half a gigabyte."""
    for _ in range(8):
        await door.perform([a_writing("x" * 700_000)])
    assert await drained(relay, database, broker) == [6, 2]


async def test_only_one_relay_works_and_another_takes_over(
    door: Door, pool: Pool, database: Installation, broker: Broker, topic: str
) -> None:
    first, second = (a_relay(database.url(), broker.address, topic, Pulse()) for _ in range(2))
    holders = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    note_id = await written(door)
    async with running(second):
        async with running(first):
            await nothing_unsent(pool)
            for _ in range(20):
                assert await pool.fetchval(holders) == 1
                await door.perform([a_claim(note_id)])
                await door.perform([a_request(note_id, Release())])
                first.wake()
            await nothing_unsent(pool)
        await door.perform([a_claim(note_id)])
        await nothing_unsent(pool)
    assert versions_of(note_id, await read(broker, topic, 42)) == list(range(1, 43))


async def test_a_relay_whose_session_is_cut_begins_anew(
    door: Door,
    pool: Pool,
    relay: Relay,
    admin: "asyncpg.Connection[Any]",
    broker: Broker,
    topic: str,
) -> None:
    async with running(relay):
        note_id = await written(door)
        await nothing_unsent(pool)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        )
        await door.perform([a_claim(note_id)])
        await nothing_unsent(pool)
    assert versions_of(note_id, await read(broker, topic, 2)) == [1, 2]


async def test_a_relay_that_waits_for_its_turn_says_so(
    pool: Pool, door: Door, database: Installation, relay: Relay
) -> None:
    conn = await connect(database.url(), "ledger")
    assert await conn.fetchval(TRY_LOCK)
    await written(door)
    async with running(relay):
        await asyncio.sleep(1)
        assert relay.age() == 0, "the relay that has the lock tells"
        await conn.close()
        await nothing_unsent(pool)
    assert relay.age() == 0


async def test_headers_leave_out_what_is_empty(
    door: Door, relay: Relay, database: Installation, broker: Broker, topic: str
) -> None:
    await written(door)
    await drained(relay, database, broker)
    [record] = await read(broker, topic, 1)
    assert "ce_traceparent" not in headers_of(record)
