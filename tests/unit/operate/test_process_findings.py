"""The doctor's advice for a process: the cause first, and the command that a flaw names."""

from pathlib import Path
from typing import Any

import pytest

from backbone.door import timers
from backbone.kafka import lag
from backbone.postgres import data_keys
from backbone.process.supervised import GONE
from backbone.shell.standing import parked_flaw, unsent_flaw
from operate.admin import process_findings
from operate.admin.process_findings import remedy_of, seen_of
from operate.home.home import Home
from operate.home.ports import Ports
from operate.run.installation import Installation
from services.gateway.http.browser_certificate import flaw_of_certificate

CLOCK = "the clock of this host is 30.0 s behind the database's, by which it is corrected: set it"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    home = Home(tmp_path / "run", Ports(9600))
    home.make()
    return Installation.here(home)


def process(state: str = "ready", *flaws: str, **more: Any) -> dict[str, Any]:
    return {"state": state, "flaws": list(flaws), "last_failure": "", "restarts": 0, **more}


@pytest.mark.parametrize(
    ("name", "flaw", "ill", "remedy"),
    [
        ("alarm", "database away", {"alarm", "postgres"}, "it follows postgres"),
        ("workflow-stream", "no answer", {"kafka"}, "it follows kafka"),
        ("alarm", "no answer", {"kafka", "alarm"}, "liandong stop alarm"),
        ("postgres", "no answer", {"alarm", "postgres"}, "liandong stop postgres"),
        ("alarm", parked_flaw("alarm.incidents", 3), set(), "liandong deadletters replay"),
        ("alarm", GONE, set(), "liandong up --detach"),
        ("alarm", data_keys.flaw_of(["alarm-fields-2026-1a"]), set(), "restore the row"),
        ("gateway", str(flaw_of_certificate(Path("no.pem"))), set(), "write a good certificate"),
        ("alarm", CLOCK, set(), "set the clock"),
        ("alarm", unsent_flaw("alarm", 16), set(), "mend what is told below"),
        ("alarm", unsent_flaw("alarm", 16), {"kafka", "alarm"}, "it follows kafka"),
        ("alarm", timers.flaw_of("missions.rung_due", 6), set(), "end what holds its rows"),
        ("alarm", lag.flaw_of("alarm.incidents", 3, 61), set(), "liandong consumers list"),
    ],
)
def test_the_remedy_is_that_of_the_cause(
    here: Installation, name: str, flaw: str, ill: set[str], remedy: str
) -> None:
    assert remedy_of(here, name, process("ready", flaw), ill).startswith(remedy)


def test_on_a_full_disk_room_comes_first(here: Installation) -> None:
    told = remedy_of(here, "kafka", process("down"), {"kafka"}, full=True)
    assert told.startswith("free some space")


def test_what_is_well_has_no_remedy_and_restarts_are_told(here: Installation) -> None:
    assert remedy_of(here, "alarm", process(), {"kafka"}) == ""
    assert seen_of(process(restarts=13)) == "ready, 13 restarts"
    assert process_findings.is_well(process())
