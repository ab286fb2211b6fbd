"""How far groups and followers are behind, asked of a real broker, also by a reader that was just
opened; told in metrics and by readiness."""

import asyncio
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from backbone.kafka import lag
from backbone.kafka.lag import Follower, Lags
from backbone.kafka.producer import open_producer
from backbone.process.metrics import LAG_RECORDS, LAG_SECONDS
from backbone.process.pulse import Pulse
from tests.servers import Broker, running_task
from tests.topics import make_topic, publish


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


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.05)


async def test_who_is_behind_is_told_while_it_serves(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that has never committed, though its process lives, and a follower, which never
    does."""
    monkeypatch.setattr(lag, "LATE", 0.5)
    monkeypatch.setattr(lag, "LOOK", 0.1)
    await broker.started()
    topic, pulse = await make_topic(broker), Pulse()
    pulse.started()
    place = TopicPartition(topic, 0)
    at = {place: 1}
    follower = Follower([topic], lambda: at)
    lags = Lags(broker.address, {f"{topic}.group": [topic]}, pulse, {f"{topic}.copy": follower})
    async with running_task(lags.run()):
        await publish(broker, topic, (b"k", b"1"), (b"k", b"2"), (b"k", b"3"))
        await until(lambda: len(pulse.unready()) == 2)
        assert f"{topic}.group lags behind by 1 s, 3 records" in pulse.unready()[0]
        assert f"{topic}.copy lags behind by 1 s, 2 records" in pulse.unready()[1]
        assert pulse.unserving() == [], "calls are still taken"
        assert LAG_RECORDS.labels(f"{topic}.copy")._value.get() == 2
        assert LAG_SECONDS.labels(f"{topic}.copy")._value.get() > 0.5
        at[place] = 3
        await until(lambda: len(pulse.unready()) == 1)
        assert LAG_SECONDS.labels(f"{topic}.copy")._value.get() == 0
