"""The embedded servers of `make run` and of this suite: they start, keep data, and come back."""

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.servers import Broker, Database


async def test_postgres_is_durable_and_has_room_for_the_locks_of_a_batch(postgres_dsn: str) -> None:
    conn = await asyncpg.connect(postgres_dsn)
    settings = dict(await conn.fetch("SELECT name, setting FROM pg_settings"))
    await conn.close()
    assert settings["fsync"] == settings["synchronous_commit"] == "on"
    assert int(settings["max_locks_per_transaction"]) >= 256


async def test_kafka_keeps_records_over_a_kill(broker: Broker) -> None:
    await broker.started()
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    await admin.create_topics([NewTopic("kept", 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=broker.address, acks="all") as producer:
        await producer.send_and_wait("kept", "还在".encode())
    broker.kill()
    broker.start()
    await broker.started()
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.address, auto_offset_reset="earliest")
    async with consumer:
        consumer.assign([TopicPartition("kept", 0)])
        record = await consumer.getone()
    assert record.value == "还在".encode()


async def test_postgres_keeps_rows_over_a_kill(postgres: Database) -> None:
    conn = await asyncpg.connect(postgres.dsn)
    await conn.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    await conn.close()
    postgres.kill()
    postgres.start()
    await postgres.started()
    conn = await asyncpg.connect(postgres.dsn)
    assert await conn.fetchval("SELECT seven FROM kept") == 7
    await conn.execute("DROP TABLE kept")
    await conn.close()
