"""A directory over a database and a topic of its own, and small changes of the demo city."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from backbone.directory.replica import TOPIC
from backbone.postgres.migrate import migrate_all, schemas
from backbone.process.keyring import Keyring
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from services.directory.files import read_folder, to_archive
from services.directory.wiring import Directory, open_directory
from tests.servers import Broker

DEMO = Path("deploy/city/demo")


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[str]:
    name = f"directory_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(postgres_dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    parts = urlsplit(postgres_dsn)
    dsn = urlunsplit(parts._replace(path=f"/{name}"))
    await migrate_all(dsn, bytes(32), [each for each in schemas() if each.name == "directory"])
    yield dsn
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


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
