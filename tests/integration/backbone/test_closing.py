"""A consumer leaves, whatever Kafka does meanwhile."""

import asyncio
import os
import signal
from contextlib import suppress

import pytest
from aiokafka import AIOKafkaConsumer

from backbone.kafka import closing
from tests.servers import Broker
from tests.topics import make_topic

# What it would wait for a broker that hangs, if it waited for it.
PATIENCE_OF_KAFKA = 60_000


async def joined(broker: Broker, topic: str) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=broker.address,
        group_id=f"{topic}.readers",
        enable_auto_commit=False,
        session_timeout_ms=6_000,
        request_timeout_ms=PATIENCE_OF_KAFKA,
    )
    await consumer.start()
    return consumer


async def test_a_consumer_leaves_while_kafka_hangs_and_another_takes_its_place(
    broker: Broker,
) -> None:
    await broker.started()
    topic = await make_topic(broker)
    consumer = await joined(broker, topic)
    before = asyncio.all_tasks()
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        await asyncio.wait_for(closing.close(consumer, patience=0.5), 30)
        assert not asyncio.all_tasks() - before, "nothing of it is left"
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    next_one = await asyncio.wait_for(joined(broker, topic), 30)
    assert next_one.assignment()
    await closing.close(next_one)


async def test_a_consumer_whose_own_end_never_comes_is_left_behind(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As aiokafka once a broker has died: it swallows the cancellation, and waits on."""
    await broker.started()
    consumer, over = await joined(broker, await make_topic(broker)), asyncio.Event()

    async def never() -> None:
        consumer._closed = True  # as the real one does first
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                await over.wait()

    before = set(closing.LEFT)
    monkeypatch.setattr(consumer, "stop", never)
    await asyncio.wait_for(closing.close(consumer, patience=0.1), 30)
    assert len(closing.LEFT - before) == 1
    over.set()
    await asyncio.wait(closing.LEFT - before, timeout=5)
    await asyncio.sleep(0)
    assert before == closing.LEFT, "it is forgotten when it has ended"
