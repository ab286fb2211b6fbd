"""How far groups and followers are behind is told in metrics and by readiness."""

import asyncio
from collections.abc import Callable

import pytest
from aiokafka.structs import TopicPartition

from backbone.kafka import lag
from backbone.kafka.lag import Follower, Lags
from backbone.process.metrics import LAG_RECORDS, LAG_SECONDS
from backbone.process.pulse import Pulse
from tests.servers import Broker, running_task
from tests.topics import make_topic, publish


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
