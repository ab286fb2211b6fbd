"""A directory over a database and a topic of its own, and small changes of the demo city."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from backbone.directory.replica import TOPIC
from backbone.process.keyring import Keyring
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from services.directory.files import read_folder, to_archive
from services.directory.wiring import Directory, open_directory
from tests.installation import an_installation
from tests.servers import Broker

DEMO = Path("deploy/city/demo")


@pytest.fixture
async def database(template: str) -> AsyncIterator[str]:
    async with an_installation(template) as installation:
        yield installation.admin


async def make_topic_anew(broker: Broker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    await admin.delete_topics([TOPIC])
    while TOPIC in await admin.list_topics():
        await asyncio.sleep(0.1)
    compacted = {"cleanup.policy": "compact"}
    await admin.create_topics([NewTopic(TOPIC, 1, 1, topic_configs=compacted)])
    await admin.close()


@pytest.fixture
async def topic(broker: Broker) -> Broker:
    await broker.started()
    await make_topic_anew(broker)
    return broker


def settings_for(database: str, brokers: str) -> Settings:
    return Settings(
        name="directory",
        database_url=database,
        brokers=brokers,
        token="inside",
        keyring=Keyring((bytes(32),)),
        port=0,
        metrics_port=0,
        host="127.0.0.1",
        environ={},
    )


@pytest.fixture
async def directory(database: str) -> AsyncIterator[Directory]:
    """Without Kafka: whatever is loaded waits."""
    async with open_directory(settings_for(database, "127.0.0.1:1"), Pulse()) as directory:
        yield directory


def demo(changes: Mapping[str, tuple[str, str]] | None = None) -> bytes:
    """The demo city as an archive, with a text of some files replaced by another."""
    files = read_folder(DEMO)
    for name, (old, new) in (changes or {}).items():
        text = files[name].decode()
        assert old in text
        files[name] = text.replace(old, new, 1).encode()
    return to_archive(files)
