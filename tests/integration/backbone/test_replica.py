"""A replica follows the compacted topic, survives without Kafka, and notices a topic made anew."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from backbone.directory.entries import key_of, to_entry
from backbone.directory.replica import COPIES, TOPIC, Replica
from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.postgres.pool import Pool, open_pool
from backbone.process.keyring import Keyring
from backbone.process.metrics import FORGED
from backbone.process.pulse import Pulse
from backbone.words.areas import Level
from backbone.words.city import Category, City, Head, Record, Unit
from backbone.words.errors import Unavailable
from tests.ledger.consuming import Trusting
from tests.servers import Broker

MIGRATIONS = Path("libs/backbone/postgres/migrations")
COMPACTED = {"cleanup.policy": "compact"}


def a_head(version: int, entries: int) -> Head:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    return Head("990100", "云川市", (108.0, 34.0), (109.0, 35.0), version, moment, "", entries)


def a_unit(kind: str, name: str = "某单位") -> Unit:
    return Unit(f"990101001-{kind}", name, kind, "990101001", "", Level.TOWNSHIP)


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[Pool]:
    schema = f"replica_{uuid4().hex[:8]}"
    admin = await asyncpg.connect(postgres_dsn)
    await admin.execute(f"CREATE SCHEMA {schema}; SET search_path TO {schema}")
    await admin.execute((MIGRATIONS / "0002_replica.sql").read_text())
    await admin.execute(
        "CREATE TABLE uncoded (until timestamptz); INSERT INTO uncoded VALUES (now())"
    )
    await admin.execute((MIGRATIONS / "0018_coded_copies.sql").read_text())
    async with await open_pool(postgres_dsn, schema) as pool:
        yield pool
    await admin.execute(f"DROP SCHEMA {schema} CASCADE")
    await admin.close()


@pytest.fixture
async def topic(broker: Broker) -> str:
    await broker.started()
    await make_anew(broker)
    return broker.address


async def make_anew(broker: Broker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    await admin.delete_topics([TOPIC])
    while TOPIC in await admin.list_topics():
        await asyncio.sleep(0.1)
    await admin.create_topics([NewTopic(TOPIC, 1, 1, topic_configs=COMPACTED)])
    await admin.close()


async def publish(brokers: str, version: int, *records: Record, gone: Iterable[str] = ()) -> None:
    async with AIOKafkaProducer(bootstrap_servers=brokers) as producer:
        for key in gone:
            headers = [("version", str(version).encode())]
            await producer.send(TOPIC, None, key=key.encode(), headers=headers)
        for record in records:
            value = to_entry(record, version).SerializeToString()
            await producer.send(TOPIC, value, key=key_of(record).encode())
        await producer.flush()


@asynccontextmanager
async def running(replica: Replica, buried: list[str] | None = None) -> AsyncIterator[Replica]:
    async def bury(record: ConsumerRecord, reason: str) -> None:
        (buried if buried is not None else []).append(reason)

    task = asyncio.create_task(replica.run(Pulse(), bury, Trusting()))
    try:
        yield replica
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def becomes(replica: Replica, true: Callable[[City], bool]) -> City:
    async with asyncio.timeout(20):
        while not (replica.loaded and true(replica.city)):
            await asyncio.sleep(0.05)
    return replica.city


async def test_a_pack_is_seen_whole_or_not_at_all(pool: Pool, topic: str) -> None:
    seen: list[City] = []
    async with running(Replica(pool, topic, {"unit"}, seen.append)) as replica:
        await publish(topic, 1, a_unit("police"), a_unit("fire"))
        await asyncio.sleep(1)
        with pytest.raises(Unavailable):
            _ = replica.city
        await publish(topic, 1, a_head(1, 3))
        city = await becomes(replica, lambda city: city.head.version == 1)
        assert set(city.units) == {"990101001-police", "990101001-fire"}
        await publish(topic, 2, a_unit("fire", "新名"), gone=["unit/990101001-police"])
        await publish(topic, 2, a_head(2, 2))
        city = await becomes(replica, lambda city: city.head.version == 2)
    assert {unit.name for unit in city.units.values()} == {"新名"}
    assert [city.head.version for city in seen] == [1, 2]


async def test_an_older_version_never_replaces_a_newer(pool: Pool, topic: str) -> None:
    async with running(Replica(pool, topic, {"unit"})) as replica:
        await publish(topic, 5, a_unit("fire", "新"), a_head(5, 2))
        await publish(topic, 4, a_unit("fire", "旧"), gone=["unit/990101001-fire"])
        await publish(topic, 6, a_head(6, 2))
        city = await becomes(replica, lambda city: city.head.version == 6)
    assert city.units["990101001-fire"].name == "新"


async def test_it_starts_from_its_table_without_kafka(pool: Pool, topic: str) -> None:
    await publish(topic, 1, a_unit("police"), a_head(1, 2))
    async with running(Replica(pool, topic, {"unit"})) as replica:
        await becomes(replica, lambda city: True)
    async with running(Replica(pool, "127.0.0.1:1", {"unit"})) as replica:
        async with asyncio.timeout(5):
            city = await replica.wait()
    assert set(city.units) == {"990101001-police"}


async def test_a_release_that_asks_for_more_reads_what_the_one_before_has_passed_over(
    pool: Pool, topic: str
) -> None:
    units = [a_unit(f"u{number}") for number in range(700)]
    category = Category("theft", "盗窃", ("盗窃",), ("偷",), "P3")
    await publish(topic, 1, category, *units, a_head(1, 702))
    async with running(Replica(pool, topic, {"unit"})) as replica:
        assert not (await becomes(replica, lambda city: True)).categories
    async with running(Replica(pool, topic, {"unit", "category"})) as replica:
        city = await becomes(replica, lambda city: bool(city.categories))
        assert len(city.units) == 700
    async with running(Replica(pool, topic, {"unit"})) as replica:
        await publish(topic, 2, a_unit("police"), a_head(2, 703))
        assert len((await becomes(replica, lambda city: city.head.version == 2)).units) == 701


CODED = CodedRows(Codes(Keyring((bytes(32),)), "alarm"), COPIES)
FORGERIES = {
    "a superior": (
        "UPDATE replica SET value = (SELECT value FROM replica WHERE key = 'unit/990101001-fire') "
        "WHERE key = 'unit/990101001-police'"
    ),
    "one that is newer": "UPDATE replica SET version = 9 WHERE key = 'unit/990101001-police'",
    "one of before, after its day": "UPDATE replica SET proof = NULL",
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_what_was_changed_by_hand_is_read_from_the_topic_anew(
    pool: Pool, topic: str, forgery: str
) -> None:
    """With an alarm; while Kafka is away it is left out, and the next start reads the topic."""
    police, fire = a_unit("police"), a_unit("fire")
    await publish(topic, 1, police, fire, a_head(1, 3))
    async with running(Replica(pool, topic, {"unit"}).coded(CODED)) as replica:
        whole = await asyncio.wait_for(replica.wait(), 10)
    assert whole.units.keys() == {police.code, fire.code}
    async with pool.acquire() as conn:
        assert [each async for each in CODED.forged(conn)] == []
        await conn.execute(FORGERIES[forgery])
        assert len([each async for each in CODED.forged(conn)]) >= 1
    before = alarms()
    away = Replica(pool, "127.0.0.1:1", {"unit"}).coded(CODED)
    async with running(away):
        async with asyncio.timeout(10):
            while alarms() == before:
                await asyncio.sleep(0.05)
        assert not away.loaded or police.code not in away.city.units
    async with running(Replica(pool, topic, {"unit"}).coded(CODED)) as replica:
        async with asyncio.timeout(10):
            while not replica.loaded or replica.city.units != whole.units:
                await asyncio.sleep(0.05)
    async with pool.acquire() as conn:
        assert [each async for each in CODED.forged(conn)] == []


def alarms() -> float:
    return FORGED.labels("row", "alarm")._value.get()


async def test_it_resumes_where_it_was(pool: Pool, topic: str) -> None:
    await publish(topic, 1, a_unit("police"), a_head(1, 2))
    async with running(Replica(pool, topic, {"unit"})) as replica:
        await becomes(replica, lambda city: True)
    await pool.execute("DELETE FROM replica WHERE key = 'unit/990101001-police'")
    await publish(topic, 2, a_unit("fire"), a_head(2, 3))
    async with running(Replica(pool, topic, {"unit"})) as replica:
        city = await becomes(replica, lambda city: city.head.version == 2)
    assert set(city.units) == {"990101001-fire"}, "what was read before is not read again"


async def test_a_topic_made_anew_is_read_from_its_beginning(
    pool: Pool, topic: str, broker: Broker
) -> None:
    await publish(topic, 1, a_unit("police"), a_unit("fire"), a_head(1, 3))
    async with running(Replica(pool, topic, {"unit"})) as replica:
        await becomes(replica, lambda city: True)
    await make_anew(broker)
    await publish(topic, 2, a_unit("fire"), a_unit("health"), a_unit("court"), a_head(2, 4))
    async with running(Replica(pool, topic, {"unit"})) as replica:
        city = await becomes(replica, lambda city: city.head.version == 2)
    assert {unit.kind for unit in city.units.values()} == {"fire", "health", "court"}
    assert await pool.fetchval("SELECT count(*) FROM replica") == 4


async def test_the_unreadable_is_buried_and_what_is_of_no_interest_is_passed_over(
    pool: Pool, topic: str
) -> None:
    buried: list[str] = []
    async with AIOKafkaProducer(bootstrap_servers=topic) as producer:
        await producer.send_and_wait(TOPIC, b"\xff\xff", key=b"unit/broken")
        await producer.send_and_wait(TOPIC, b"", key=b"\xff")
        await producer.send_and_wait(TOPIC, b"\xff\xff", key=b"team/of_no_interest")
    async with running(Replica(pool, topic, {"unit"}), buried) as replica:
        await publish(topic, 1, a_unit("police"), a_head(1, 2))
        city = await becomes(replica, lambda city: True)
    assert set(city.units) == {"990101001-police"}
    assert len(buried) == 2
