"""A check that could read nothing says so, and never that all is well."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from operate.admin import deadletters, doctor, waiting_findings
from operate.home import absence
from operate.home.home import Home
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run.installation import Installation


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = Home(tmp_path, Ports())

    class Here:
        brokers = keys = None
        admin_dsn = ""

    def of(_: Any, name: str) -> Trouble:
        return Trouble(f"{name} does not answer", f"{name} 没有应答")

    monkeypatch.setattr(Installation, "here", lambda _: Here())
    monkeypatch.setattr(absence, "of", of)
    return home


async def test_doctor_that_hears_nothing_of_kafka_knows_of_no_dead_letters(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: Any) -> None:
        return None

    monkeypatch.setattr(deadletters, "read_dead", silent)
    [found] = await doctor.careful("dead letters", "kafka", waiting_findings.dead_letters, home)
    assert found.remedy == "kafka does not answer"


class Connection:
    """A database that answers with these rows."""

    def __init__(self, schemas: list[str], check: dict[str, Any] | None) -> None:
        self._schemas, self._check = schemas, check

    async def fetch(self, _: str) -> list[tuple[str]]:
        return [(each,) for each in self._schemas]

    async def fetchrow(self, _: str) -> dict[str, Any] | None:
        return self._check

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("schemas", "check", "ill"),
    [
        ([], None, True),
        (["alarm"], {"flaws": 0, "first": "", "is_old": True, "time": None}, True),
        (["alarm"], {"flaws": 0, "first": "", "is_old": False, "time": None}, False),
    ],
)
async def test_doctor_without_evidence_or_with_an_old_check_of_it(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    schemas: list[str],
    check: dict[str, Any] | None,
    ill: bool,
) -> None:
    if check is not None:
        check["time"] = datetime(2026, 11, 1, tzinfo=UTC)

    async def connect(*_: Any, **__: Any) -> Connection:
        return Connection(schemas, check)

    monkeypatch.setattr(doctor.asyncpg, "connect", connect)
    [found] = await doctor.careful("evidence", "postgres", doctor.evidence_of, home)
    assert bool(found.remedy) is ill, found
