"""Who writes and reads which topic at Kafka: deploy/topics.yaml says what the wirings do."""

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from backbone.directory.replica import TOPIC as DIRECTORY
from backbone.kafka.producer import dead_topic
from backbone.process.pulse import Pulse
from backbone.process.settings import PORTS, SCHEMAS, SIGNERS, Settings, read_settings
from backbone.shell.shell import Shell
from operate.admin.acls import Right, read, service_of
from services.gateway.live import feed
from services.workflow import codec, stream
from tests.house.sources import topics
from tests.servers import free_base
from tests.signing import KEYS

# The services whose wiring opens a shell; the others are looked at by their own names below.
SHELLS = ("alarm", "dispute", "emergency", "petition", "population", "workflow")


@dataclass
class Wired:
    """What the wiring of a service has asked its shell for."""

    writes: set[str] = field(default_factory=set)
    reads: set[tuple[str, str]] = field(default_factory=set)


@pytest.fixture
async def wired(monkeypatch: pytest.MonkeyPatch) -> dict[str, Wired]:
    """Every shell, wired as it is and not run: neither Kafka nor PostgreSQL is needed."""
    found: dict[str, Wired] = {}

    async def note(shell: Shell) -> None:
        one = found[shell.settings.name]
        one.writes |= set(shell.relay._topics.values())
        one.reads |= {(each.group, each.topic) for each in subscriptions(shell)}
        await shell.server.stop(0)

    monkeypatch.setattr(Shell, "run", note)
    port = free_base()
    for name in SHELLS:
        found[name] = Wired()
        wiring = importlib.import_module(f"services.{name}.wiring")
        await wiring.run(settings_of(name, port), Pulse())
    return found


def subscriptions(shell: Shell) -> list[Any]:
    return [each._subscription for each in shell.consumers.values()]


def settings_of(name: str, port: int) -> Settings:
    prefix = f"LIANDONG_{SCHEMAS[name].upper()}"
    environ = {
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "LIANDONG_PORT": str(port),
        "LIANDONG_SECURE": "0",
        "LIANDONG_TOKEN": "token",
        f"{prefix}_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        f"{prefix}_KEY": "ab" * 32,
        SIGNERS: KEYS.signers(),
        "LIANDONG_TEXTS_KEY": "ac" * 32,
    }
    return read_settings(name, environ)


async def test_each_topic_is_written_by_its_writer_alone(wired: dict[str, Wired]) -> None:
    written = {topic: name for name, each in wired.items() for topic in each.writes}
    written |= {DIRECTORY: "directory", codec.COMMANDS: "workflow"}
    assert written == {topic: entry["writer"] for topic, entry in topics().items()}


async def test_each_service_consumes_what_is_declared_and_no_more(wired: dict[str, Wired]) -> None:
    consumed = {each for one in wired.values() for each in one.reads}
    declared = {
        (group, topic)
        for topic, entry in topics().items()
        for group in entry["groups"]  # type: ignore[attr-defined]
        if topic != DIRECTORY and group not in (stream.GROUP, feed.GROUP)
    }
    assert consumed == declared


async def test_a_group_runs_in_the_process_of_its_name(wired: dict[str, Wired]) -> None:
    assert {
        group for name, one in wired.items() for group, _ in one.reads if service_of(group) != name
    } == set()
    assert (service_of(stream.GROUP), service_of(feed.GROUP)) == ("workflow-stream", "gateway")


def test_the_gateway_and_the_stream_read_what_is_declared(tmp_path: Path) -> None:
    def declared(group: str) -> set[str]:
        return {topic for topic, entry in topics().items() if group in entry["groups"]}  # type: ignore[operator]

    assert declared(feed.GROUP) == {f"liandong.{source}.events.v1" for source in feed.EVENTS}
    road: Any = stream.Road(None, None, None)  # type: ignore[arg-type]
    app = stream.build_app("127.0.0.1:1", road, str(tmp_path), b"key")
    read_by_agents = {topic for agent in app.agents.values() for topic in agent.channel.topics}
    assert declared(stream.GROUP) == read_by_agents | {DIRECTORY}


def test_the_rights_follow_from_the_declaration() -> None:
    rights = read()
    assert {each.user.removeprefix("liandong-") for each in rights} == set(PORTS)
    writers = {each.name: each.user for each in rights if str(each).split()[1] == "write"}
    alarm = "liandong.alarm.events.v1"
    assert writers[alarm] == "liandong-alarm"
    assert writers[dead_topic(alarm, "dispute.alarm")] == "liandong-dispute"
    assert len(writers) == len([each for each in rights if str(each).split()[1] == "write"])
    assert Right("liandong-dispute", 3, "dispute.alarm", 3) in rights
    assert not [
        each for each in rights if each.user == "liandong-population" and "petition" in each.name
    ]
