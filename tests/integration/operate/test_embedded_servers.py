"""The embedded servers of `make run` and of this suite: they start, keep data, and come back."""

from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from operate.home.ports import free_port
from operate.servers import postgres
from operate.servers.postgres import Postgres
from tests.installation import an_installation
from tests.servers import Broker, Database, Server, until


async def test_postgres_is_durable_and_has_room_for_the_locks_of_a_batch(tmp_path: Path) -> None:
    server = Postgres(tmp_path, free_port(), "test", tmp_path / "postgres.log")
    launched = Server(server.prepare())
    launched.start()
    try:
        await until(lambda: postgres.answers(server.dsn), launched.start_again_if_ended)
        conn = await asyncpg.connect(server.dsn)
        settings = dict(await conn.fetch("SELECT name, setting FROM pg_settings"))
        await conn.close()
    finally:
        launched.stop()
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


async def test_a_database_of_tests_is_dropped_also_after_the_server_was_killed(
    postgres: Database, template: str
) -> None:
    async with an_installation(template) as installation:
        postgres.kill()
        postgres.start()
        await postgres.started()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(installation.admin)
