"""What an installation consists of, and what each of its processes is told."""

from pathlib import Path

import pytest

from backbone.process.settings import KEEPS_TEXTS, TEXTS, read_settings
from operate.admin import accounts
from operate.home.home import Home
from operate.home.keys import Keys, make, rotate
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run import runner
from operate.run.choice import Choice
from operate.run.installation import Installation
from operate.run.programs import addresses_of, programs_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    home = Home(tmp_path / "run", Ports(9600))
    home.make()
    return home


def names(installation: Installation) -> list[tuple[str, ...]]:
    return [program.names for program in programs_of(installation)]


def test_the_quiet_services_share_a_process_unless_split(home: Home) -> None:
    assert ("petition", "dispute", "population") in names(Installation.chosen(home))
    assert all(len(each) == 1 for each in names(Installation.chosen(home, split=True)))
    every = {name for each in names(Installation.chosen(home)) for name in each}
    assert every == {name for each in names(Installation.chosen(home, split=True)) for name in each}


def test_a_process_is_scraped_at_one_address(home: Home) -> None:
    """Its pages are the same on every port of its services: sums would count it three times."""
    for split in (False, True):
        installation = Installation.chosen(home, split)
        told = addresses_of(installation)
        services = [p.names for p in programs_of(installation) if {*p.names} <= told.keys()]
        assert {name for names in services for name in names} == told.keys()
        scraped = {told[name]["metrics"] for names in services for name in names}
        assert len(scraped) == len(services)


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
    assert "@db.example:5433/city?sslmode=verify-full&sslrootcert=" in address
    assert told["LIANDONG_SECURE"] == "1"
    monkeypatch.setenv("LIANDONG_SECURE", "0")
    told = Installation.chosen(home).environment("alarm")
    assert told["LIANDONG_ALARM_DATABASE_URL"].endswith("@db.example:5433/city")
    assert told["LIANDONG_SECURE"] == "0"


def test_a_protected_city_wants_to_know_the_database(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mode in ("disable", "require", "verify-ca"):
        monkeypatch.setenv("DATABASE_URL", f"postgresql://me@db.example/city?sslmode={mode}")
        with pytest.raises(Trouble, match=f"sslmode={mode}"):
            _ = Installation.chosen(home).admin_dsn
    monkeypatch.setenv("LIANDONG_SECURE", "perhaps")
    with pytest.raises(Trouble, match="neither 1 nor 0"):
        Installation.chosen(home)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://me@db.example/city"),
        ("DATABASE_URL", "postgresql://me@db.example:port/city"),
        ("KAFKA_BOOTSTRAP", "nonsense"),
        ("KAFKA_BOOTSTRAP", "kafka.example:9092,:9093"),
    ],
)
def test_an_address_that_can_be_none_is_told_in_a_sentence(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Trouble, match=name):
        Installation.chosen(home)


def test_addresses_of_every_usual_form_are_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "a.example:9092, [::1]:9093")
    for url in (
        "postgres://me@db.example/city?sslmode=require",
        "postgresql://me@one.example:5432,two.example:5433/city",
        "postgresql:///city?host=/var/run/postgresql",
    ):
        monkeypatch.setenv("DATABASE_URL", url)
        assert Installation.chosen(home).database_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIANDONG_OUTCOME_DAYS", "many"),
        ("LIANDONG_RETENTION", "/nowhere/retention.yaml"),
        ("LIANDONG_GATEWAY_KEY_RATE", "fast"),
        ("LIANDONG_GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8, the proxy"),
        ("LIANDONG_TRACKING_ATTEMPTS", "0"),
        ("LIANDONG_LOG", "loud"),
        ("LIANDONG_HOST", "256.1.1.1"),
        ("LIANDONG_HOST", "127.0.0.2"),
        ("LIANDONG_FORGOTTEN", "/"),
    ],
)
def test_a_setting_that_no_service_could_start_with_is_told_before_any_has_tried(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    runner.demand_settings(Installation.chosen(home))
    monkeypatch.setenv(name, value)
    with pytest.raises(Trouble, match=name):
        runner.demand_settings(Installation.chosen(home))


def test_an_empty_host_is_none_that_was_given(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_HOST", "")
    installation = Installation.chosen(home)
    runner.demand_settings(installation)
    environ = {"LIANDONG_HOST": "", **installation.environment("alarm")}
    assert read_settings("alarm", environ).host == "127.0.0.1"


def test_a_level_of_the_log_is_taken_in_small_letters(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANDONG_LOG", "debug")
    assert Installation.chosen(home).environment("alarm")["LIANDONG_LOG"] == "DEBUG"


def test_nobody_gets_the_key_or_the_login_of_another_service(home: Home) -> None:
    installation = Installation.chosen(home)
    for program in programs_of(installation):
        if {"kafka", "postgres"} & {*program.names}:
            continue
        told = program.prepare().env
        schemas = {name.removesuffix("-stream").upper() for name in program.names}
        own = {
            f"LIANDONG_{schema}_{part}" for schema in schemas for part in ("DATABASE_URL", "KEY")
        }
        if {*program.names} & {*KEEPS_TEXTS}:
            own.add(TEXTS)
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


def test_the_demo_is_for_a_database_of_liandongs_own_unless_one_asks_for_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Installation.chosen(home).wants_demo
    assert not Installation.chosen(home, demo=False).wants_demo
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@db.example:5433/city")
    assert not Installation.chosen(home).wants_demo
    assert Installation.chosen(home, demo=True).wants_demo


def test_a_choice_reaches_the_supervisor_in_the_background() -> None:
    assert Choice().options == []
    assert Choice(split=True, demo=True).options == ["--split", "--demo"]
    assert Choice(demo=False).options == ["--no-demo"]


def test_a_rotation_makes_other_programs_of_the_services_that_seal_alone(home: Home) -> None:
    """The rotation restarts those; the next supervisor adopts the others as they are."""
    make(home.secret)

    def identities() -> dict[tuple[str, ...], str]:
        installation = Installation(home, Keys.read(home.secret))
        return {each.names: each.identity() for each in programs_of(installation)}

    before = identities()
    rotate(home.secret)
    after = identities()
    same = {names for names in before if before[names] == after[names]}
    assert same == {("kafka",), ("postgres",), ("gateway",), ("directory",)}
