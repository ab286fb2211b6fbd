"""The files in deploy/ name the services, ports, variables and topics of the code."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema_rs import Draft7Validator
from prometheus_client import generate_latest

from backbone.kafka.lag import Lags
from backbone.process.pulse import Pulse
from backbone.process.settings import BASE_PORT, PORTS, prefix_of
from backbone.process.watchdog import LOOK
from operate.home.ports import STREAM
from operate.run.silence import SILENT
from services.workflow.stream import GROUP, TOPICS
from tests.house.sources import TOP, sources, topics

DEPLOY = TOP / "deploy"
CHART = DEPLOY / "helm" / "liandong"
CALLED = [name for name in PORTS if name not in ("gateway", STREAM)]
VARIABLE = re.compile(
    r"\b(?:LIANDONG|KAFKA_ADMIN)_[A-Z_]*[A-Z]\b|\b(?:DATABASE_URL|KAFKA_BOOTSTRAP)\b"
)
COMMANDS = "liandong.incident.commands.v1"
# Read by compose itself, to find files and the image.
OF_COMPOSE = {
    "LIANDONG_IMAGE",
    "LIANDONG_ENVIRONMENT",
    "LIANDONG_SECRET",
    "LIANDONG_OPERATOR",
    "LIANDONG_PUBLISH",
}


@cache
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


@cache
def values() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    return read


def address(name: str) -> str:
    return f"LIANDONG_{name.upper()}_ADDRESS"


def ports(name: str) -> list[int]:
    """The ports that a service listens on: the stream processor has no door of its own."""
    door, probes = (BASE_PORT + offset for offset in PORTS[name])
    return [probes] if name == STREAM else [door, probes]


def test_the_target_wants_every_service() -> None:
    target = (DEPLOY / "systemd" / "liandong.target").read_text()
    assert sorted(re.findall(r"liandong@([a-z-]+)\.service", target)) == sorted(PORTS)


def test_systemd_kills_a_service_that_is_frozen() -> None:
    unit = (DEPLOY / "systemd" / "liandong@.service").read_text()
    told = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line)
    # As patient as our supervisor: a busy machine is not a frozen process.
    assert 4 * LOOK <= float(told["WatchdogSec"]) <= SILENT
    assert told["WatchdogSignal"] == "SIGKILL", "a stopped process hears no other"
    assert told["NotifyAccess"] == "main" and told["Restart"] == "always"
    assert "AF_UNIX" in told["RestrictAddressFamilies"]


def test_compose_runs_every_service_on_its_ports() -> None:
    services = compose()["services"]
    ours = {name: each for name, each in services.items() if "env_file" in each}
    assert sorted(ours) == sorted(PORTS)
    for name, each in ours.items():
        assert each["command"] == ["services", name]
        assert [int(port) for port in each["expose"]] == ports(name)
        assert each["env_file"] == [f"${{LIANDONG_ENVIRONMENT:-../environment}}/{name}.env"]


def test_compose_says_where_every_called_service_is() -> None:
    told = compose()["x-service"]["environment"]
    found = {name: told[name] for name in told if name.endswith("_ADDRESS")}
    assert found == {address(name): f"{name}:{BASE_PORT + PORTS[name][0]}" for name in CALLED}


def test_compose_has_the_brokers_that_the_topics_want() -> None:
    services, declared = compose()["services"], yaml.safe_load((DEPLOY / "topics.yaml").read_text())
    brokers = [name for name in services if name.startswith("kafka-")]
    assert len(brokers) == declared["replication"]
    told = compose()["x-service"]["environment"]["KAFKA_BOOTSTRAP"]
    assert told == ",".join(f"{name}:9092" for name in brokers)
    voters = compose()["x-broker"]["KAFKA_CONTROLLER_QUORUM_VOTERS"]
    assert voters == ",".join(f"{name[-1]}@{name}:9093" for name in brokers)
    for name in brokers:
        assert services[name]["environment"]["KAFKA_NODE_ID"] == name[-1]
        assert name in services[name]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_compose_runs_the_kafka_that_is_tested_here() -> None:
    pinned = (TOP / "libs" / "operate" / "servers" / "jars.txt").read_text()
    version = re.search(r"org\.apache\.kafka:kafka_[\d.]+:([\d.]+\d)", pinned)
    assert version and compose()["x-kafka"]["image"] == f"apache/kafka:{version[1]}"


def test_every_postgres_is_17_or_newer() -> None:
    images = [compose()["services"]["postgres"]["image"]]
    images.append(values()["postgres"]["cloudnativepg"]["image"])
    assert all(int(image.rpartition(":")[2].split(".")[0]) >= 17 for image in images)


def test_the_chart_runs_every_service_on_its_ports() -> None:
    assert sorted(values()["services"]) == sorted(PORTS)
    for name, told in values()["services"].items():
        door = told.get("http") if name == "gateway" else told.get("grpc")
        assert [each for each in (door, told["probes"]) if each] == ports(name), name
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]["services"]
    assert sorted(schema["required"]) == sorted(schema["properties"]) == sorted(PORTS)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({}, False),
        ({"kafka": {"brokers": 0, "replication": 3, "minInsync": 2}}, True),
        ({"kafka": {"brokers": 3, "replication": 3, "minInsync": 2, "copies": 3}}, True),
        ({"postgres": {"cloudnativepg": {"image": "registry/postgresql:16.4"}}}, True),
        ({"postgres": {"cloudnativepg": {"image": "registry/postgresql:18.1"}}}, False),
        ({"environment": {"liandong log": "INFO"}}, True),
        ({"environment": {"LIANDONG_OUTCOME_DAYS": "40"}}, False),
        ({"archive": {}}, True),
    ],
)
def test_the_schema_of_the_chart_knows_its_values(change: dict[str, Any], refused: bool) -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    found = list(Draft7Validator(schema).iter_errors({**values(), **change}))
    assert bool(found) is refused, [each.message for each in found]


def test_the_chart_scales_by_the_group_and_partitions_of_the_commands() -> None:
    scaling, commands = values()["autoscaling"], topics()[COMMANDS]
    assert [scaling["group"]] == commands["groups"]  # type: ignore[index]
    assert scaling["max"] == commands["partitions"]  # type: ignore[index]
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]["autoscaling"]
    assert schema["properties"]["max"]["maximum"] == commands["partitions"]  # type: ignore[index]


def filled(template: str) -> dict[str, Any]:
    """A template of the chart whose only other expressions are values."""
    text = re.sub(r"\{\{-.*?\}\}", "", (CHART / "templates" / template).read_text())
    text = text.replace("{{ .Release.Name }}", "city")

    def value(found: re.Match[str]) -> str:
        told: Any = values()
        for name in found[1].split("."):
            told = told[name]
        return str(told)

    text = re.sub(r"\{\{ \.Values\.([a-zA-Z.]+)(?: \| quote)? \}\}", value, text)
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def test_the_chart_scales_by_a_series_that_the_stream_processor_tells() -> None:
    [metric] = filled("scaling.yaml")["spec"]["metrics"]
    asked = metric["external"]["metric"]
    [(label, group)] = asked["selector"]["matchLabels"].items()
    Lags("127.0.0.1:1", {GROUP: TOPICS}, Pulse())  # as its wiring does
    assert f'{asked["name"]}{{{label}="{group}"}} 0.0\n' in generate_latest().decode()


def test_the_adapter_serves_that_series_and_no_other() -> None:
    [metric] = filled("scaling.yaml")["spec"]["metrics"]
    told = yaml.safe_load(filled("adapter.yaml")["data"]["config.yaml"])
    [rule] = told["externalRules"]
    asked = metric["external"]["metric"]
    assert rule["seriesQuery"] == f'{{__name__="{asked["name"]}"}}'
    # Each copy tells the lag of the whole group: a sum would count it once for every copy.
    [label] = asked["selector"]["matchLabels"]
    assert rule["metricsQuery"] == f"max(<<.Series>>{{<<.LabelMatchers>>}}) by ({label})"


@pytest.mark.parametrize("wrong", [{"metric": "liandong_consumer_lag"}, {"group": "workflow"}])
def test_the_chart_refuses_a_series_that_nothing_tells(wrong: dict[str, str]) -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    chosen = {**values(), "autoscaling": {**values()["autoscaling"], **wrong}}
    assert list(Draft7Validator(schema).iter_errors(chosen))


def test_the_chart_has_the_copies_that_the_topics_want() -> None:
    declared = yaml.safe_load((DEPLOY / "topics.yaml").read_text())["replication"]
    kafka = values()["kafka"]
    assert kafka["replication"] == declared == kafka["brokers"]
    assert kafka["minInsync"] == declared - 1


def test_the_copies_keep_the_same_settings_everywhere() -> None:
    broker, chart = compose()["x-broker"], (CHART / "templates" / "kafka.yaml").read_text()
    settings = re.findall(r"^      ([a-z]+\.[a-z.]+): ", chart, re.MULTILINE)
    assert settings
    for setting in settings:
        assert "KAFKA_" + setting.upper().replace(".", "_") in broker


def test_every_variable_is_one_that_the_code_reads() -> None:
    code = "\n".join(path.read_text() for path in sources())
    addresses = [f"{prefix_of(n)}_{kind}" for n in PORTS for kind in ("ADDRESS", "METRICS_ADDRESS")]
    for path in written():
        for name in set(VARIABLE.findall(path.read_text())) - OF_COMPOSE:
            known = name in code or name in addresses
            assert known, f"{path.name} names {name}, which no code reads"


def written() -> list[Path]:
    files = [DEPLOY / "compose.yaml", DEPLOY / "Containerfile", *(DEPLOY / "systemd").iterdir()]
    return [*files, *(CHART / "templates").iterdir()]
