"""The stream processor sees for itself when Faust has stopped fetching."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from backbone.door.batcher import Batcher
from backbone.kafka.producer import Burial, Publisher, open_producer
from backbone.kafka.stall import ConsumerStuckError, Progress
from backbone.process.pulse import Pulse
from services.workflow import codec, stream
from tests.ledger.consuming import Trusting
from tests.processes import PATIENCE, an_installation
from tests.servers import Broker


async def nobody_asks(requests: Any) -> list[Any]:
    raise AssertionError("no record is fetched")


async def test_a_stream_that_gets_nothing_though_there_is_more_is_stuck(
    template: str, broker: Broker, tmp_path: Path
) -> None:
    """Paused partitions look just like a client that has stopped fetching."""
    async with an_installation(template, broker, tmp_path):
        await gets_stuck(broker, tmp_path)


async def gets_stuck(broker: Broker, data: Path) -> None:
    road = stream.Road(
        Batcher(nobody_asks, Pulse()), Burial(Publisher(broker.address), stream.GROUP), Trusting()
    )
    app = stream.build_app(broker.address, road, str(data), bytes(32))
    await app.start()
    try:
        reading = stream.Reading(app)
        async with asyncio.timeout(PATIENCE):
            while not [each for each in reading_of(reading) if each.topic == codec.COMMANDS]:
                await asyncio.sleep(0.1)
        await asyncio.sleep(2)  # it begins to fetch after its assignment
        progress = Progress(reading, look=0)
        for _ in range(3):
            await progress.check()
        app.consumer.stop_flow()
        app.consumer.pause_partitions(reading.assignment())
        await asyncio.sleep(2)  # what is on its way arrives
        async with open_producer(broker.address) as producer:
            await producer.send_and_wait(codec.COMMANDS, b"\xff", key=str(uuid4()).encode())
        await progress.check()
        with pytest.raises(ConsumerStuckError):
            await progress.check()
    finally:
        await app.stop()


def reading_of(reading: stream.Reading) -> list[Any]:
    try:
        return [*reading.assignment()]
    except Exception:  # noqa: BLE001 - its consumer is being made
        return []
