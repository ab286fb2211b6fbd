"""What an installation consists of, and what each of its processes is told."""

from pathlib import Path

import pytest

from operate import accounts
from operate.home import Home
from operate.installation import Installation
from operate.keys import Keys
from operate.ports import Ports


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    home = Home(tmp_path / "run", Ports(9600))
    home.make()
    return home


def names(installation: Installation) -> list[tuple[str, ...]]:
    return [program.names for program in installation.programs()]


def test_the_quiet_services_share_a_process_unless_split(home: Home) -> None:
    assert ("petition", "dispute", "population") in names(Installation.chosen(home))
    assert all(len(each) == 1 for each in names(Installation.chosen(home, split=True)))
    every = {name for each in names(Installation.chosen(home)) for name in each}
    assert every == {name for each in names(Installation.chosen(home, split=True)) for name in each}


def test_servers_of_the_environment_replace_the_embedded_ones(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {("kafka",), ("postgres",)} <= set(names(Installation.chosen(home)))
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@db.example:5433/city")
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka.example:9092")
    installation = Installation.chosen(home)
    assert not {("kafka",), ("postgres",)} & set(names(installation))
    told = installation.environment("alarm")
    assert told["KAFKA_BOOTSTRAP"] == "kafka.example:9092"
    address = told["LIANDONG_ALARM_DATABASE_URL"]
    assert address.startswith("postgresql://liandong_alarm:")
    assert address.endswith("@db.example:5433/city")


def test_nobody_gets_the_key_or_the_login_of_another_service(home: Home) -> None:
    installation = Installation.chosen(home)
    for program in installation.programs():
        if {"kafka", "postgres"} & {*program.names}:
            continue
        told = program.prepare().env
        schemas = {name.removesuffix("-stream").upper() for name in program.names}
        own = {
            f"LIANDONG_{schema}_{part}" for schema in schemas for part in ("DATABASE_URL", "KEY")
        }
        assert {name for name in told if name.endswith(("_KEY", "_DATABASE_URL"))} == own
        assert installation.keys.password("postgres") not in "".join(told.values())


def test_the_secret_shows_nowhere(home: Home) -> None:
    installation = Installation.chosen(home)
    assert installation.keys.secret.hex() not in repr(installation)
    assert installation.keys.password("postgres") not in repr(installation.postgres)


def test_every_unit_has_a_key_and_every_role_an_account() -> None:
    keys = accounts.api_keys(Keys(b"s" * 32))
    assert len({row["key"] for row in keys}) == len(keys)
    assert all(row["key"] and len(row["key"]) == 44 for row in keys)
    assert {row["role"] for row in keys} == {"clerk", "call_taker", "dispatcher", "team_leader"}
    leaders = [row for row in keys if row["role"] == "team_leader"]
    assert len(leaders) == 40 and all(row["team"] for row in leaders)
    roles = {row["role"] for row in accounts.demo()}
    assert {"call_taker", "dispatcher", "clerk", "team_leader", "supervisor"} <= roles
    assert accounts.api_keys(Keys(b"s" * 32)) == keys
