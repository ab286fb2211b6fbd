"""A protected city at servers that know no TLS: one sentence each, and nothing is half-done."""

from pathlib import Path

import pytest

from backbone.kafka.connecting import refusal_by
from backbone.process.certificates import flaw_in
from backbone.process.wires import Protected, Wires
from operate.home import certificates
from operate.home.home import Home
from operate.home.keys import Keys
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run import boot
from operate.run.installation import Installation
from operate.run.protection import Protection
from tests.servers import Broker, free_port


@pytest.fixture
def installation(tmp_path: Path, broker: Broker, postgres_dsn: str) -> Installation:
    folder = tmp_path / "certificates"
    certificates.create(folder)
    return Installation(
        Home(tmp_path, Ports()),
        Keys(b"k" * 32),
        database_url=postgres_dsn,
        kafka_bootstrap=broker.address,
        protection=Protection(True, folder, "admin", "secret"),
    )


async def test_kafka_without_tls(installation: Installation, broker: Broker) -> None:
    await broker.started()
    with pytest.raises(Trouble) as caught:
        await boot.create_topics(installation)
    assert "Kafka speaks no TLS" in caught.value.english
    assert "Kafka 在此地址不支持 TLS" in caught.value.chinese


async def test_postgres_without_tls(installation: Installation) -> None:
    with pytest.raises(Trouble) as caught:
        await boot.migrate(installation)
    assert "PostgreSQL speaks no TLS" in caught.value.english
    assert "LIANDONG_SECURE=0" in caught.value.chinese


async def test_a_kafka_that_is_away_is_away(installation: Installation) -> None:
    """Nothing is said about certificates when the server does not answer."""
    wires = Wires("alarm", installation.protection.folder, "secret")
    assert await refusal_by(Protected(f"127.0.0.1:{free_port()}", wires)) is None
    assert flaw_in(ConnectionRefusedError(), "PostgreSQL") is None
