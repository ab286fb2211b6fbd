"""A password that was changed is out of Kafka within a stated time, though a connection is open."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError

from backbone.kafka.connecting import connection
from backbone.process.wires import Brokers, Protected, Wires
from operate.admin import acls
from operate.admin.acls import DESCRIBE, TOPIC, WRITE, Right
from operate.admin.renewal import endless
from operate.admin.topics import administrator
from operate.home import certificates
from operate.home.ports import free_port
from operate.servers import kafka
from operate.servers.kafka import REAUTH, Kafka
from tests.servers import Server, until

# Instead of the ten minutes of a city.
SHORT = 2_000
NOTES = "notes"
RIGHTS = {Right("liandong-alarm", TOPIC, NOTES, each) for each in (WRITE, DESCRIBE)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("protected")
    certificates.create(made / "certificates")
    return made


@asynccontextmanager
async def a_broker(folder: Path, reauth: int) -> AsyncIterator[Kafka]:
    ports = free_port(), free_port()
    wires = Wires("kafka", folder / "certificates")
    node = Kafka(folder / "kafka", *ports, folder / "kafka.log", wires, free_port(), reauth)
    server = Server(node.prepare())
    server.start()
    try:
        await until(lambda: kafka.answers(node.address), server.start_again_if_ended)
        yield node
    finally:
        server.kill()


def as_alarm(node: Kafka, password: str) -> Brokers:
    assert node.wires is not None
    wires = replace(node.wires, name="alarm", password=password)
    return Protected(f"127.0.0.1:{node.port}", wires)


async def sending(producer: AIOKafkaProducer, seconds: float) -> list[int]:
    """Send numbers all the time; return the offsets."""
    offsets, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        offsets.append((await producer.send_and_wait(NOTES, b"x", partition=0)).offset)
        await asyncio.sleep(0.02)
    return offsets


async def test_a_changed_password_ends_what_was_opened_with_the_one_before(folder: Path) -> None:
    """And whoever has the present one sends on, each record once, though connections end."""
    async with a_broker(folder, SHORT) as node:
        async with administrator(node.address) as admin:
            await admin.create_topics([NewTopic(NOTES, 1, 1)])
        assert isinstance(node.address, Protected)
        await acls.ensure(node.address, RIGHTS, {"alarm": "one"})
        assert await endless(node.address) == []
        producer = AIOKafkaProducer(**connection(as_alarm(node, "one")), request_timeout_ms=3_000)
        await producer.start()
        try:
            offsets = await sending(producer, 3 * SHORT / 1000)
            assert offsets == [*range(len(offsets))], "each once, in order"
            await acls.ensure(node.address, RIGHTS, {"alarm": "two"})
            changed = time.monotonic()
            with pytest.raises(KafkaError):
                await asyncio.wait_for(sending(producer, 30), 30)
            assert time.monotonic() - changed < SHORT / 1000 + 3 + 5
        finally:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(producer.stop(), 5)
        async with AIOKafkaProducer(**connection(as_alarm(node, "two"))) as present:
            await present.send_and_wait(NOTES, b"x")


async def test_a_broker_that_keeps_connections_for_ever_is_named_until_it_is_set(
    folder: Path,
) -> None:
    assert REAUTH == 600_000, "docs/wires.md says so"
    for reauth, named in ((0, ["1"]), (REAUTH, [])):
        async with a_broker(folder, reauth) as node:
            assert await endless(node.address) == named
