"""Several processes of one service: their names, ports, settings, and what cannot be."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.process.settings import PORTS, read_settings
from operate.home import copies
from operate.home.copies import MOST, named, read_scale, split
from operate.home.home import Home
from operate.home.ports import LAST, Ports
from operate.home.trouble import Trouble
from operate.run import choice, targets
from operate.run.choice import Choice
from operate.run.installation import Installation
from operate.run.programs import addresses_of, programs_of

SCALES = st.dictionaries(st.sampled_from([*PORTS]), st.integers(2, MOST))


def scaled(folder: Path, scale: dict[str, int], apart: bool = False) -> Installation:
    home = Home(folder / "run", Ports(9600, copies=scale))
    home.make()
    return Installation.chosen(home, apart)


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("gateway=2,workflow-stream=3", {"gateway": 2, "workflow-stream": 3}),
        ("gateway=1", {}),
        ("all=2, gateway=1", {name: 2 for name in PORTS if name != "gateway"}),
    ],
)
def test_what_scale_says(text: str, scale: dict[str, int]) -> None:
    assert read_scale(text) == scale
    assert read_scale(copies.written(scale)) == scale


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kafka=3", "servers of your own"),
        ("gateways=2", "workflow-stream"),
        ("gateway", "gateway=1 to gateway=3"),
        ("gateway=4", "no ports"),
        ("gateway=0", "0 times"),
        ("gateway=two", "two times"),
    ],
)
def test_what_scale_cannot_be(text: str, said: str) -> None:
    with pytest.raises(Trouble) as caught:
        read_scale(text)
    assert said in caught.value.english
    assert caught.value.chinese != caught.value.english


@given(st.sampled_from([*PORTS]), st.integers(1, MOST))
def test_a_name_says_its_service_and_its_number(service: str, number: int) -> None:
    assert split(named(service, number)) == (service, number)


@given(SCALES)
def test_no_two_processes_share_a_port(scale: dict[str, int]) -> None:
    ports = Ports(9600, copies=scale)
    names = [name for service in PORTS for name in ports.names(service)]
    taken = [ports.metrics(name) for name in names]
    taken += [ports.of(name) for name in names if split(name)[0] != "workflow-stream"]
    servers = [ports.kafka, ports.controller, ports.brokers, ports.postgres, ports.supervisor]
    assert len({*taken, *servers}) == len(taken) + len(servers)
    assert {*taken, *servers} <= set(range(9600, 9600 + LAST + 1))
    assert Ports.remembered(ports.to_remember()) == ports


@pytest.mark.parametrize("apart", [False, True])
def test_every_copy_is_a_process_with_its_own_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP"):
        monkeypatch.delenv(name, raising=False)
    installation = scaled(tmp_path, {"gateway": 2, "alarm": 3, "dispute": 2}, apart)
    programs = {name: each for each in programs_of(installation) for name in each.names}
    assert {"gateway-2", "alarm-2", "alarm-3", "dispute-2"} < {*programs}
    assert {"alarm-4", "gateway-3", "petition-2"}.isdisjoint(programs)
    assert programs["dispute-2"].names == ("dispute-2",)
    launch = programs["alarm-2"].prepare()
    assert launch.argv[-2:] == ["services", "alarm"]
    settings = read_settings("alarm", launch.env)
    assert (settings.port, settings.metrics_port) == (9640, 9641)
    for caller in ("gateway", "gateway-2", "petition"):
        told = programs[caller].prepare().env
        assert told["LIANDONG_ALARM_ADDRESS"] == "127.0.0.1:9610,127.0.0.1:9640,127.0.0.1:9670"
        assert "LIANDONG_WORKFLOW_ADDRESS" not in told
    assert len({each.identity() for each in programs.values()}) == len(set(programs.values()))


def test_each_copy_is_scraped_and_told_to_scripts(tmp_path: Path) -> None:
    installation = scaled(tmp_path, {"gateway": 2, "alarm": 2})
    told = addresses_of(installation)
    assert told["gateway-2"]["http"] == "http://127.0.0.1:9630"
    assert told["alarm"]["grpc"] == "127.0.0.1:9610"
    assert told["alarm-2"]["grpc"] == "127.0.0.1:9640"
    asked = {
        each["labels"]["process"]: each["targets"] for each in targets.targets_of(installation)
    }
    assert asked["gateway-2"] == ["127.0.0.1:9631"]
    assert asked["alarm-2"] == ["127.0.0.1:9641"]


def test_the_choice_reaches_the_background_and_the_next_supervisor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = Choice(scale={"gateway": 2})
    assert chosen.options == ["--scale", "gateway=2"]
    assert Choice(scale={}).options == ["--scale", "all=1"]
    installation = scaled(tmp_path, {"gateway": 2}, apart=True)
    installation.remember()
    monkeypatch.setattr(choice.leftovers, "find", lambda home: [object()])
    taken = Choice().as_before(installation.home)
    assert (taken.split, taken.scale) == (True, {"gateway": 2})
    said = replace(Choice(), scale={}).as_before(installation.home)
    assert said.scale == {}
    monkeypatch.setattr(choice.leftovers, "find", lambda home: [])
    assert Choice().as_before(installation.home).scale is None


@pytest.mark.parametrize("before", [True, False, None])
def test_whether_the_demo_is_wanted_outlives_every_supervisor(
    tmp_path: Path, before: bool | None
) -> None:
    installation = replace(scaled(tmp_path, {}), demo=before)
    installation.remember()
    assert Choice().as_before(installation.home).demo is before
    assert Choice(demo=True).as_before(installation.home).demo
