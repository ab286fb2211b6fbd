"""The health check of a container, against real probes."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from backbone.process.probes import serve_probes
from backbone.process.pulse import Pulse
from operate.home.ports import free_port

FILE = Path(__file__).parents[3] / "deploy" / "alive.py"
spec = importlib.util.spec_from_file_location("alive", FILE)
assert spec and spec.loader
alive = importlib.util.module_from_spec(spec)
spec.loader.exec_module(alive)


@pytest.fixture
def port() -> Iterator[int]:
    port = free_port()
    server = serve_probes("127.0.0.1", port, {"alarm": Pulse()})
    yield port
    server.shutdown()
    server.server_close()


def test_a_service_that_answers_is_alive_though_it_is_not_ready(port: int) -> None:
    assert alive.is_alive(port)


def test_nothing_that_answers_is_not_alive() -> None:
    assert not alive.is_alive(free_port())


@pytest.mark.parametrize(
    ("command", "environ", "port"),
    [
        ("python\0-m\0services\0alarm\0", {}, 8611),
        ("python\0-m\0services\0workflow-stream\0", {"LIANDONG_PORT": "9600"}, 9623),
        ("sh\0-ec\0python -m operate.cli.targets migrate\0", {}, None),
    ],
)
def test_the_port_is_that_of_the_service_in_the_container(
    command: str, environ: dict[str, str], port: int | None
) -> None:
    assert alive.probe_of(command, environ) == port
