"""Half a set-up is repaired when it holds no data, and told when it does."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from operate.home import home as homes
from operate.home.home import Home
from operate.home.keys import Keys
from operate.home.ports import Ports, demand_free
from operate.home.trouble import Trouble
from operate.run import choice, runner
from operate.run.choice import Choice
from operate.run.installation import Installation
from operate.servers.kafka import Kafka
from operate.servers.postgres import Postgres


def postgres_at(folder: Path) -> Postgres:
    return Postgres(folder, 1, "secret", folder / "log")


def kafka_at(folder: Path) -> Kafka:
    return Kafka(folder, 1, 2, folder / "log")


def test_half_initialised_postgres_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data" / "pg_wal").mkdir(parents=True)
    (tmp_path / "data.new" / "base").mkdir(parents=True)
    postgres_at(tmp_path).prepare()
    assert (tmp_path / "data" / "PG_VERSION").exists()
    assert not (tmp_path / "data.new").exists()
    assert not (tmp_path / "password").exists()


def test_postgres_with_databases_is_never_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "data" / "base" / "5").mkdir(parents=True)
    with pytest.raises(Trouble, match="holds databases"):
        postgres_at(tmp_path).prepare()
    assert (tmp_path / "data" / "base" / "5").exists()


def test_half_formatted_kafka_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "bootstrap.checkpoint").touch()
    kafka_at(tmp_path).prepare()
    assert (tmp_path / "data" / "meta.properties").exists()


def test_kafka_with_topics_is_never_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "data" / "liandong.alarm.events.v1-0").mkdir(parents=True)
    with pytest.raises(Trouble, match="holds topics"):
        kafka_at(tmp_path).prepare()


def test_a_lost_secret_is_told_where_it_matters(tmp_path: Path) -> None:
    secret, data = tmp_path / "secret", tmp_path / "data"
    first = Keys.of(secret, data)
    assert secret.stat().st_mode & 0o777 == 0o600
    assert Keys.of(secret, data).token == first.token
    data.mkdir()
    secret.unlink()
    with pytest.raises(Trouble, match="cannot be opened"):
        Keys.of(secret, data)


def test_a_port_in_use_is_told_with_its_holder() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Trouble, match=rf"Port {port} \(kafka\) is in use by .*LIANDONG_PORT"):
            demand_free({port: "kafka"})
    demand_free({port: "kafka"})


@pytest.fixture
def taken(tmp_path: Path) -> Iterator[Home]:
    """A home of which one port is in use."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        base = other.getsockname()[1] - Ports().kafka + Ports().base
        yield Home(tmp_path / "run", Ports(base))


def ready() -> None:
    pytest.fail("a port is in use")


def test_a_start_that_is_refused_leaves_nothing(
    taken: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANDONG_SECURE", "1")
    for _ in range(2):
        with pytest.raises(Trouble, match="is in use"):
            runner.run(taken, Choice(), str, ready)
        assert [*taken.path.iterdir()] == []


def test_a_start_in_the_background_that_is_refused_leaves_nothing(taken: Home) -> None:
    settings = {"LIANDONG_HOME": str(taken.path), "LIANDONG_PORT": str(taken.ports.base)}
    process = runner.detach(taken, Choice(), {**os.environ, **settings})
    with pytest.raises(Trouble, match="is in use"):
        runner.follow(taken, process, str)
    assert [*taken.path.iterdir()] == []


def test_a_start_that_is_refused_leaves_what_was_there(taken: Home) -> None:
    taken.make()
    (taken.path / "notes.txt").touch()
    (taken.held / "alarm").touch()
    Keys.of(taken.secret, taken.path / "postgres" / "data")
    (taken.logs / "alarm.log").touch()
    before = {each: each.stat().st_ino for each in taken.path.rglob("*")}
    with pytest.raises(Trouble, match="is in use"):
        runner.run(taken, Choice(), str, ready)
    after = {each: each.stat().st_ino for each in taken.path.rglob("*")}
    assert {each: after.get(each) for each in before} == before
    assert {each.name for each in {*after} - {*before}} == {"lock"}


@pytest.mark.parametrize("wrong", [{}, {"LIANDONG_SECURE": "x"}, {"LIANDONG_LOG": "loud"}])
def test_a_start_that_is_refused_forgets_nothing_of_what_runs(
    taken: Home, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    """The next one knew no second gateway any more, and ended it."""
    taken.make()
    with monkeypatch.context() as ran:
        ran.setattr(os, "getpid", lambda: 1)
        copies = replace(taken.ports, copies={"gateway": 2})
        Installation.chosen(replace(taken, ports=copies), split=True, demo=False).remember()
    before = taken.choices.read_text()
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Trouble):
        runner.run(taken, Choice(), str, ready)
    assert taken.choices.read_text() == before
    monkeypatch.setattr(choice.leftovers, "find", lambda home: [object()])
    assert Choice().as_before(taken) == Choice(True, False, scale={"gateway": 2})
    with taken.locked():
        assert taken.remembered() == {}, "of a supervisor that runs no more"


@pytest.mark.parametrize("chosen", ["", "x", "80", "65500", "-1"])
def test_a_base_port_that_cannot_be(chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_PORT", chosen)
    if not chosen:
        assert Ports.chosen().base == 8600
    else:
        with pytest.raises(Trouble, match="LIANDONG_PORT"):
            Ports.chosen()


def test_no_two_things_listen_on_one_port() -> None:
    ports = Ports()
    taken = [*ports.of_services(), ports.kafka, ports.controller, ports.postgres]
    assert len(taken) == len(set(taken))


def test_a_full_disk_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "ROOM", 1 << 60)
    with pytest.raises(Trouble, match="is full"):
        Home(tmp_path / "run", Ports()).make()


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Trouble, match="LIANDONG_HOME"):
        Home(tmp_path / "file" / "run", Ports()).make()


def test_troubles_are_told_in_the_language_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trouble = Trouble("out of order", "故障")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert str(trouble) == "故障"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert str(trouble) == "out of order"
