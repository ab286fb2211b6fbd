"""Ports are set together or singly; a service is called at one address or at several."""

import pytest

from backbone.postgres.migrate import MigrationError, require_version
from backbone.process.settings import port_of, wrong_address, wrong_ports


def test_a_single_port_counts_before_the_base() -> None:
    environ = {"LIANDONG_PORT": "9000", "LIANDONG_WORKFLOW_STREAM_METRICS_PORT": "1234"}
    assert port_of("workflow-stream", environ) == 9022
    assert port_of("workflow-stream", environ, metrics=True) == 1234
    assert port_of("workflow", environ, metrics=True) == 9021
    assert port_of("gateway", {}) == 8600


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "8 0"])
def test_a_port_that_is_none(text: str) -> None:
    assert wrong_ports({"LIANDONG_ALARM_PORT": text}) == [
        f"LIANDONG_ALARM_PORT is not a port: {text!r}"
    ]


@pytest.mark.parametrize(
    "address",
    ["host:1", "[::1]:8620", "dns:///workflow.liandong.svc:8620", "10.0.0.1:1,10.0.0.2:2"],
)
def test_addresses(address: str) -> None:
    assert wrong_address(address) == ""


@pytest.mark.parametrize(
    "address",
    ["host", "host:", "host:0", "host:70000", "http://host:1", "a:1,b:2", "a:1, b:2", ","],
)
def test_what_is_no_address(address: str) -> None:
    assert wrong_address(address)


def test_postgres_is_new_enough() -> None:
    require_version("170002")
    with pytest.raises(MigrationError, match=r"17 or newer is needed, and this server is 16\.9"):
        require_version("160009")
