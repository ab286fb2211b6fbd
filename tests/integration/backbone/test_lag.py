"""How far a group is behind, asked of a real broker: also by a reader that was just opened."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition

from backbone.kafka.lag import Lags
from backbone.kafka.producer import open_producer
from backbone.process.metrics import LAG_RECORDS, LAG_SECONDS
from backbone.process.pulse import Pulse
from tests.servers import Broker, running_task
from tests.topics import make_topic


async def test_the_first_look_of_a_connection_sees_what_waits(broker: Broker) -> None:
    await broker.started()
    topic = await make_topic(broker, partitions=2)
    group = f"{topic}.group"
    async with open_producer(broker.address) as producer:
        for number in range(5):
            await producer.send_and_wait(topic, b"said", partition=number % 2)
    async with running_task(Lags(broker.address, {group: (topic,)}, Pulse()).run()):
        await until_behind(group, 5)
        assert LAG_SECONDS.labels(group)._value.get() >= 0
        reader = AIOKafkaConsumer(topic, bootstrap_servers=broker.address, group_id=group)
        await reader.start()
        await reader.commit({TopicPartition(topic, 0): 3, TopicPartition(topic, 1): 1})
        await reader.stop()
        await until_behind(group, 1)


async def until_behind(group: str, records: int) -> None:
    """Looks are five seconds apart; metadata of a client are five minutes old before it asks."""
    async with asyncio.timeout(30):
        while LAG_RECORDS.labels(group)._value.get() != records:
            await asyncio.sleep(0.1)
