"""What is told of a part that does not answer: the remedy that fits, in two languages."""

import json
from pathlib import Path
from typing import Any

import pytest

from operate.admin import doctor, status
from operate.home import absence
from operate.home.home import Home
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run import control
from operate.run.installation import Installation
from tests.servers import free_base


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    # Ports of its own: another city may be running on those of everybody.
    home = Home(tmp_path / "run", Ports(free_base()))
    home.make()
    return home


def running(monkeypatch: pytest.MonkeyPatch, home: Home, **states: str) -> None:
    """As if a supervisor had written this."""
    told = {
        name.replace("_", "-"): {
            "state": state,
            "pid": None,
            "last_failure": "SIGKILL",
            "shares_with": [],
        }
        for name, state in states.items()
    }
    home.state.write_text(json.dumps({"ready": True, "processes": told}))
    monkeypatch.setattr(Home, "supervisor", lambda self: 1)


def remedy(home: Home, name: str) -> str:
    told = absence.of(Installation.here(home), name)
    assert told.chinese != told.english
    return told.english


def test_nothing_runs(home: Home) -> None:
    assert "make run" in remedy(home, "kafka")
    assert "KAFKA_BOOTSTRAP" in remedy(home, "kafka")
    assert "make run" in remedy(home, "directory")


def test_it_is_held_down_or_what_it_needs_is(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    running(monkeypatch, home, kafka="held", postgres="ready", directory="ready")
    assert "`liandong start kafka`" in remedy(home, "kafka")
    assert "KAFKA_BOOTSTRAP" not in remedy(home, "kafka")
    assert "liandong status" in remedy(home, "directory")
    running(monkeypatch, home, kafka="ready", postgres="held", directory="ready")
    assert "`liandong start postgres`" in remedy(home, "directory")


def test_a_server_of_ones_own(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka.example:9092")
    assert "check KAFKA_BOOTSTRAP" in remedy(home, "kafka")


def test_what_needs_a_part_that_is_held_down_is_not_waited_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(monkeypatch, home, kafka="held", postgres="ready", workflow_stream="held")
    with pytest.raises(Trouble, match="liandong start kafka"):
        control.let_go(home, "workflow-stream")


async def test_the_doctor_tells_of_now_and_not_of_an_old_death(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def flaws_of(home: Home, name: str) -> list[str]:
        return ["no answer"] if name == "alarm" else []

    running(monkeypatch, home, kafka="held", postgres="ready", alarm="ready", workflow="ready")
    monkeypatch.setattr(status, "flaws_of", flaws_of)
    monkeypatch.setattr(status, "supervisor", lambda home: {})
    found = {each.what: each for each in await doctor.processes(home)}
    assert found["kafka"] == doctor.Finding("kafka", "held", "liandong start kafka")
    assert found["alarm"].seen == "ready: no answer"
    assert "liandong stop alarm && liandong start alarm" in found["alarm"].remedy
    assert found["workflow"] == doctor.Finding("workflow", "ready")


async def test_a_broker_that_does_not_answer_is_a_finding(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(monkeypatch, home, kafka="held", postgres="ready")
    [found] = await doctor.careful("topics", "kafka", doctor.topics_of, home)
    assert "liandong start kafka" in found.remedy


async def test_what_an_earlier_run_left_is_ended_by_ours(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Any] = [None, None]
    monkeypatch.setattr(doctor.leftovers, "find", lambda mark: left)
    [found] = await doctor.free_ports(home)
    assert "2 processes" in found.seen
    assert "liandong down" in found.remedy
