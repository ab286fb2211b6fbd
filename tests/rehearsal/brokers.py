"""Brokers of one cluster as processes, with the chart's settings and protected wires."""

import asyncio
import secrets
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from backbone.process.wires import Protected, Wires
from operate.home.certificates import OPERATOR
from operate.home.ports import free_port
from operate.run.launch import Launch, run_once
from operate.servers import kafka
from operate.servers.kafka import PROTECTED
from tests.servers import Server, until

ADMIN = "admin"
OWN = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
log.dirs={data}
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=16777216
"""


@dataclass(frozen=True, slots=True)
class Ports:
    services: int
    trusted: int
    controller: int


class Node(Server):
    """One broker, which is a controller too."""

    def __init__(self, launch: Launch, ports: Ports, wires: Wires) -> None:
        super().__init__(launch)
        self.address = f"127.0.0.1:{ports.services}"
        trusted = f"127.0.0.1:{ports.trusted}"
        self._operator = Protected(trusted, replace(wires, name=OPERATOR))

    async def started(self) -> None:
        await until(lambda: kafka.answers(self._operator), self.start_again_if_ended)


class Cluster:
    """`settings` are those of the chart; `certificates` the folder with that of `kafka`."""

    def __init__(
        self, folder: Path, count: int, settings: Mapping[str, str], certificates: Path
    ) -> None:
        self.password = secrets.token_hex(16)
        self._folder, self._settings = folder, settings
        self._wires = Wires("kafka", certificates)
        self._id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._ports = [Ports(free_port(), free_port(), free_port()) for _ in range(count)]
        self._classes = kafka.class_path()
        self.nodes = [self._node(number) for number in range(1, count + 1)]

    @property
    def bootstrap(self) -> str:
        return ",".join(node.address for node in self.nodes)

    @property
    def told(self) -> dict[str, str]:
        """The environment of the city's operator."""
        admin = {"KAFKA_ADMIN_USER": ADMIN, "KAFKA_ADMIN_PASSWORD": self.password}
        return {"KAFKA_BOOTSTRAP": self.bootstrap, **admin}

    async def start(self) -> None:
        for node in self.nodes:
            node.start()
        await asyncio.gather(*(node.started() for node in self.nodes))

    def stop(self) -> None:
        """None could end well after the others: the last ones miss the majority."""
        for node in self.nodes:
            node.kill()

    def _node(self, number: int) -> Node:
        home, ports = self._folder / f"kafka-{number}", self._ports[number - 1]
        home.mkdir(parents=True)
        properties, log = home / "server.properties", home / "log"
        properties.write_text(self._properties(number, home / "data"))
        java = kafka.java(self._classes, *kafka.warm(kafka.class_cache(self._classes)))
        format_ = ["kafka.tools.StorageTool", "format", f"--cluster-id={self._id}"]
        user = f"SCRAM-SHA-512=[name={ADMIN},password={self.password}]"
        plain = kafka.java(self._classes)
        run_once(
            Launch([*plain, *format_, "-c", str(properties), "--add-scram", user], log), "Kafka"
        )
        return Node(Launch([*java, "kafka.Kafka", str(properties)], log), ports, self._wires)

    def _properties(self, number: int, data: Path) -> str:
        ports = self._ports[number - 1]
        voters = (f"{n}@127.0.0.1:{each.controller}" for n, each in enumerate(self._ports, 1))
        listeners = PROTECTED.format(
            port=ports.services,
            trusted_port=ports.trusted,
            controller_port=ports.controller,
            own=self._wires.own,
            ca=self._wires.ca,
        ).replace("super.users=", f"super.users=User:{ADMIN};")
        chosen = "".join(f"{name}={value}\n" for name, value in self._settings.items())
        own = OWN.format(number=number, voters=",".join(voters), data=data)
        return own + chosen + listeners
