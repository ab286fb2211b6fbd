"""One real PostgreSQL and one real Kafka for the whole session, started when first asked for."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from backbone.postgres import pool
from tests.collector import collecting
from tests.installation import Installation, an_installation, make_template
from tests.servers import Broker, Database, Installed
from tests.topics import wipe

# How fast examples are drawn is the machine's business: others may be at work on it.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
# So is how long PostgreSQL takes to answer a caller that, unlike a service, does not try again.
pool.CONNECT = 10.0


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The server itself, for tests that stop it."""
    server = Database(tmp_path_factory.mktemp("postgres"))
    server.start()
    asyncio.run(server.started())
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_dsn(postgres: Database) -> str:
    """The administrator's address; each test makes a database or a schema of its own."""
    return postgres.dsn


@pytest.fixture(scope="session")
def template(postgres_dsn: str) -> str:
    """The address of the server that holds a migrated database to copy."""
    asyncio.run(make_template(postgres_dsn))
    return postgres_dsn


@pytest.fixture
async def database(template: str) -> AsyncIterator[Installation]:
    """A fresh database with every service's schema and role, for one test."""
    async with an_installation(template) as installation:
        yield installation


@pytest.fixture(scope="session")
def kafka_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One node for the session."""
    node = Broker(tmp_path_factory.mktemp("kafka"))
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="module")
def broker(kafka_node: Broker) -> Broker:
    """The node without any topic: names are fixed, so what one file leaves another would read.

    A test that stops it must start it again and wait for `started()`.
    """
    asyncio.run(wipe(kafka_node))
    return kafka_node


@pytest.fixture(scope="session")
def whole_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Every process as `make run` starts them; a test that stops one must start it again. Its spans
    go into a file beside its home."""
    folder = tmp_path_factory.mktemp("whole_city")
    with collecting(folder / "spans") as told:
        city = Installed(folder, env=told)
        try:
            city.up()
            yield city
        finally:
            city.down()
