"""What commands say of a city that systemd, compose or Kubernetes runs."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backbone.process.metrics import FORGED
from backbone.process.probes import serve_probes
from backbone.process.pulse import Pulse
from backbone.process.settings import PORTS, prefix_of
from operate.admin import followers, forgeries, process_findings, standing, status
from operate.cli.command import app
from operate.home import elsewhere
from operate.home.home import Home
from operate.home.ports import Ports, free_port
from operate.home.trouble import Trouble
from operate.run.handout import targets_in
from operate.run.installation import Installation

LOST = free_port()


@pytest.fixture
def pulse() -> Pulse:
    pulse = Pulse()
    pulse.started()
    return pulse


@pytest.fixture
def home(tmp_path: Path, pulse: Pulse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Every service answers at one page; alarm runs twice, and its second process is away."""
    for name in ("LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    port = free_port()
    pages = serve_probes("127.0.0.1", port, dict.fromkeys(PORTS, pulse))
    for name in PORTS:
        monkeypatch.setenv(f"{prefix_of(name)}_METRICS_ADDRESS", f"127.0.0.1:{port}")
    monkeypatch.setenv("LIANDONG_ALARM_METRICS_ADDRESS", f"127.0.0.1:{port},127.0.0.1:{LOST}")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://liandong@127.0.0.1:{free_port()}/liandong")
    monkeypatch.setenv("KAFKA_BOOTSTRAP", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("LIANDONG_SECURE", "0")
    monkeypatch.setenv("LIANDONG_RUN_BY", "systemd")
    monkeypatch.setenv("LIANDONG_HOME", str(tmp_path / "run"))
    home = Home(tmp_path / "run", Ports(9600))
    home.make()
    yield home
    pages.shutdown()
    pages.server_close()


async def test_every_process_is_asked_where_it_is(home: Home, pulse: Pulse) -> None:
    pulse.note("consumer", "dispute.alarm has stopped: `liandong consumers resume dispute.alarm`")
    found = await status.examine(home)
    told = found["processes"]
    assert found["running"] and not found["ready"]
    lost = f"alarm@127.0.0.1:{LOST}"
    assert {*PORTS} - {"alarm"} | {"kafka", "postgres", lost} < {*told}
    assert told["dispute"]["flaws"] and told["dispute"]["state"] == "ready"
    assert told[lost]["state"] == told["kafka"]["state"] == "no answer"
    installation = Installation.here(home)

    def remedy(name: str, *ill: str) -> str:
        return process_findings.remedy_of(installation, name, told[name], {*ill})

    assert remedy("dispute") == "liandong consumers resume dispute.alarm"
    assert "check KAFKA_BOOTSTRAP" in remedy("kafka")
    assert "follows postgres" in remedy(lost, "postgres")
    assert remedy(lost) == "systemctl restart liandong@alarm; journalctl -u liandong@alarm"


def test_status_says_it_and_ends_with_1(home: Home) -> None:
    done = CliRunner().invoke(app, ["status", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["processes"]["workflow-stream"]["flaws"] == []
    told = CliRunner().invoke(app, ["status"])
    assert "no answer" in told.stdout and "not running" not in told.stdout


async def test_followers_and_forgeries_are_asked_there(home: Home) -> None:
    rows, silent = await followers.rows(Installation.here(home))
    assert "workflow.stream" in {row["group"] for row in rows}
    assert silent == [f"alarm@127.0.0.1:{LOST}"]
    FORGED.labels("call", "gateway").inc()
    told = [each.remedy for each in await forgeries.forgeries(home)]
    calls = "journalctl -u liandong@gateway | grep call.forged; systemctl restart liandong@gateway"
    assert calls in told


async def test_a_word_that_names_no_runner_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANDONG_RUN_BY", "systemctl")
    with pytest.raises(Trouble, match="must be one of systemd, compose, kubernetes"):
        await status.examine(home)


async def test_all_processes_behind_one_name_are_asked(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A consumer stands still in one process: the other of the two knows nothing of it."""

    async def two(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("10.0.0.3", 0)), (2, 1, 6, "", ("10.0.0.2", 0))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two, raising=False)
    monkeypatch.setenv("LIANDONG_DISPUTE_ADDRESS", "dns:///city-dispute.city.svc:8614")
    found = await standing.addresses_of(Installation.here(home), "dispute")
    assert found == ["10.0.0.2:8614", "10.0.0.3:8614"]


async def test_a_name_that_nobody_knows_is_no_process(home: Home) -> None:
    assert await elsewhere.ends_of("dns:///nobody.invalid:8614") == []


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "127.0.0.1:8611"),
        ({"LIANDONG_ALARM_ADDRESS": "10.0.0.1:8610,10.0.0.2:8640"}, "10.0.0.1:8611,10.0.0.2:8641"),
        ({"LIANDONG_ALARM_ADDRESS": "dns:///alarm.city:8610"}, "dns:///alarm.city:8611"),
        ({"LIANDONG_ALARM_ADDRESS": "a:1", "LIANDONG_ALARM_METRICS_PORT": "9"}, "a:9"),
        ({"LIANDONG_ALARM_ADDRESS": "a:1", "LIANDONG_ALARM_METRICS_ADDRESS": "b:2"}, "b:2"),
    ],
)
def test_a_process_tells_of_itself_beside_its_door(environ: dict[str, str], address: str) -> None:
    assert elsewhere.metrics_address("alarm", environ) == address


def test_prometheus_is_told_of_each_process_once() -> None:
    told = targets_in({
        "LIANDONG_ALARM_ADDRESS": "10.0.0.1:8610,10.0.0.2:8610",
        "LIANDONG_WORKFLOW_ADDRESS": "dns:///workflow.city:8620",
    })  # fmt: skip
    names = {each["labels"]["process"]: each["targets"] for each in told}
    assert names["alarm@10.0.0.2:8611"] == ["10.0.0.2:8611"]
    assert names["workflow-stream"] == ["127.0.0.1:8623"]
    assert "workflow" not in names and len(told) == len(PORTS)
