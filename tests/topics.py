"""Topics of a test's own on the real broker: make, fill, read."""

import asyncio
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.servers import Broker

PATIENCE = 30


async def make_topic(broker: Broker, *endings: str, partitions: int = 1) -> str:
    """Make a topic of the test's own, and others named after it; return its name."""
    name = f"test-{uuid4().hex[:12]}"
    names = [name, *(name + ending for ending in endings)]
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(each, partitions, 1) for each in names])
    finally:
        await admin.close()
    return name


async def wipe(broker: Broker) -> None:
    """Delete every topic, and with it what groups have committed there."""
    await broker.started()
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    try:
        async with asyncio.timeout(PATIENCE):
            while names := [n for n in await admin.list_topics() if not n.startswith("__")]:
                await admin.delete_topics(names)
                await asyncio.sleep(0.2)
    finally:
        await admin.close()


async def publish(broker: Broker, topic: str, *records: tuple[bytes, bytes | None]) -> None:
    """Send keys and values in order."""
    async with AIOKafkaProducer(bootstrap_servers=broker.address) as producer:
        sent = [await producer.send(topic, value, key=key) for key, value in records]
        await asyncio.gather(*sent)


async def read(broker: Broker, topic: str, count: int) -> list[ConsumerRecord]:
    """Wait for so many records from the beginning of the topic."""
    records: list[ConsumerRecord] = []
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=broker.address, auto_offset_reset="earliest"
    ) as consumer:
        async with asyncio.timeout(PATIENCE):
            while len(records) < count:
                found = await consumer.getmany(timeout_ms=500)
                records += [record for part in found.values() for record in part]
    return records


def headers_of(record: ConsumerRecord) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers}
