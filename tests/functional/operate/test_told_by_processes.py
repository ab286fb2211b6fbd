"""What commands ask each process: its flaws, each told once, its consumers, what is forged."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backbone.process.metrics import FORGED, LAG_SECONDS
from backbone.process.probes import serve_probes
from backbone.process.pulse import Pulse
from operate.admin import followers, forgeries, probe, standing, status
from operate.cli import consumer_command
from operate.home.home import Home
from operate.home.ports import Ports, free_port
from operate.home.trouble import Trouble
from operate.run.installation import Installation
from operate.run.programs import TOGETHER


@pytest.fixture
def pulses() -> dict[str, Pulse]:
    """Three services that share one process, and the gateway."""
    names = (*TOGETHER, "gateway")
    pulses = {name: Pulse() for name in names}
    for pulse in pulses.values():
        pulse.started()
    return pulses


@pytest.fixture
def home(
    tmp_path: Path, pulses: dict[str, Pulse], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    """A home whose processes answer at one page."""
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    port = free_port()
    home = Home(tmp_path / "run", Ports(9600))
    home.make()
    monkeypatch.setattr(Ports, "metrics", lambda self, name: port)
    page = serve_probes("127.0.0.1", port, pulses)
    yield home
    page.shutdown()
    page.server_close()


async def test_a_row_tells_the_flaws_of_its_own_service(
    home: Home, pulses: dict[str, Pulse]
) -> None:
    pulses["dispute"].note("consumer", "dispute.alarm has stopped")
    found = {name: await status.flaws_of(home, name) for name in TOGETHER}
    assert found == {"petition": [], "dispute": ["dispute.alarm has stopped"], "population": []}
    port = home.ports.metrics("petition")
    assert await probe.flaws_of(port) == ["dispute.alarm has stopped"], "the process is not well"


def test_what_services_of_one_process_share_is_said_once() -> None:
    said: list[str] = []
    assert status.once(["the database is away"], said) == "the database is away"
    assert status.once(["the database is away", "it lags"], said) == "it lags; as above"
    assert status.once([], said) == ""


async def test_a_process_that_does_not_answer_says_so(home: Home) -> None:
    assert await probe.flaws_of(free_port(), of="alarm") == ["no answer"]
    with pytest.raises(OSError, match="Connect"):
        await probe.samples(free_port(), followers.LAG)


async def test_followers_that_never_stop_are_listed_too(
    home: Home, pulses: dict[str, Pulse], monkeypatch: pytest.MonkeyPatch
) -> None:
    LAG_SECONDS.clear()  # of what other tests of this process have measured
    LAG_SECONDS.labels("gateway.changes").set(3.25)
    monkeypatch.setattr(pulses["gateway"], "dead", lambda times=1: ["changes"])
    rows, silent = await followers.rows(Installation.here(home))
    found = {row["group"]: row for row in rows}
    assert {"gateway.changes", "workflow.stream", "alarm.directory"} <= found.keys()
    assert not silent
    changes = found["gateway.changes"]
    assert (changes["lag_seconds"], changes["stopped"]) == (3.2, True)
    assert "liandong.alarm.events.v1" in changes["topic"]
    assert (found["alarm.directory"]["lag_seconds"], found["alarm.directory"]["stopped"]) == (
        None, False,
    )  # fmt: skip


async def test_what_is_forged_is_a_flaw_with_what_shows_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def running(home: Home) -> dict[str, Any]:
        return {"processes": {"petition": {}, "dispute": {}, "population": {}}}

    monkeypatch.setattr(forgeries, "read_state", running)
    before = {each.seen for each in await forgeries.forgeries(home)}
    for what, by in (("row", "petition"), ("record", "petition.alarm"), ("call", "dispute")):
        FORGED.labels(what, by).inc(2)
    found = [each for each in await forgeries.forgeries(home) if each.seen not in before]
    assert {each.remedy for each in found} == {
        "liandong verify; liandong restart petition",
        f"grep call.forged {home.logs}/petition+dispute+population.log; liandong restart petition",
    }
    assert all(each.seen.startswith("petition+dispute+population has met") for each in found)


async def test_all_that_have_stopped_go_on_by_one_command(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumed: list[str] = []

    async def consumers(_: Installation) -> tuple[list[dict[str, Any]], list[str]]:
        rows = [("alarm.incidents", True), ("alarm.petitions", False), ("gateway.changes", True)]
        return [{"group": group, "stopped": stopped} for group, stopped in rows], ["dispute"]

    async def resume(_: Installation, group: str) -> bool:
        resumed.append(group)
        return True

    monkeypatch.setattr(standing, "consumers", consumers)
    monkeypatch.setattr(standing, "resume", resume)
    assert await standing.resume_all(Installation.here(home)) == (["alarm.incidents"], ["dispute"])
    assert resumed == ["alarm.incidents"]


@pytest.mark.parametrize("words", [[], ["--all", "alarm.incidents"]])
def test_what_goes_on_is_said(home: Home, words: list[str]) -> None:
    with pytest.raises(Trouble, match="or --all"):
        CliRunner().invoke(consumer_command.app, ["resume", *words], catch_exceptions=False)


async def test_a_follower_that_never_stops_is_not_unknown(home: Home) -> None:
    installation = Installation.here(home)
    assert await standing.resume(installation, "gateway.changes") is False
    with pytest.raises(Trouble, match="no consumer nobody"):
        await standing.resume(installation, "nobody.x")
