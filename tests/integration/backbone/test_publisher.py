"""The publisher: at once when Kafka is away, anew when its producer is broken, never for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError

from backbone.kafka.producer import LARGEST_VALUE, Burial, Publisher, dead_topic, is_passing
from tests.servers import Broker
from tests.topics import headers_of, make_topic, publish, read


@asynccontextmanager
async def running(brokers: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(brokers)
    task = asyncio.create_task(publisher.run())
    yield publisher
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


def refused_at_once(publisher: Publisher, topic: str) -> BaseException:
    """The refusal, which comes before anything is waited for."""
    publishing = publisher.publish(topic, b"k", b"refused")
    try:
        with pytest.raises(KafkaError) as caught:
            publishing.send(None)
    finally:
        publishing.close()
    return caught.value


async def connected(publisher: Publisher, topic: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                return await publisher.publish(topic, b"k", b"hello")
            except KafkaError:
                await asyncio.sleep(0.1)


async def test_without_kafka_it_says_so_at_once() -> None:
    async with running("127.0.0.1:1") as publisher:
        await asyncio.sleep(0.2)
        assert is_passing(refused_at_once(publisher, "t"))


async def test_dead_letters_say_where_they_come_from_and_fit_their_topic(broker: Broker) -> None:
    await broker.started()
    topic = await make_topic(broker, ".group.dead")
    await publish(broker, topic, (b"k", b"x" * 1_000_000), (b"k", b"short"))
    large, short = await read(broker, topic, 2)
    dead = dead_topic(topic, "group")
    async with running(broker.address) as publisher:
        burial = Burial(publisher, "group")
        await asyncio.gather(*[burial.bury(each, "why") for each in (large, short)])
    letters = await read(broker, dead, 2)
    by_offset = {headers_of(letter)["liandong-offset"]: letter for letter in letters}
    cut: ConsumerRecord = by_offset["0"]
    assert len(cut.value) == LARGEST_VALUE
    assert headers_of(cut)["liandong-cut-from-bytes"] == "1000000"
    assert by_offset["1"].value == b"short"
    assert headers_of(by_offset["1"])["liandong-reason"] == "why"
