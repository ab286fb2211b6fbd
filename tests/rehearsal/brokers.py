"""A cluster with the chart's settings and protected wires."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from backbone.process.wires import Protected, Wires
from operate.home.certificates import OPERATOR
from operate.home.ports import free_port
from operate.servers.kafka import PROTECTED, REAUTH
from tests.brokers import Node, formatted, fresh_cluster, properties_of

ADMIN = "admin"
OWN = """\
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=16777216
"""


@dataclass(frozen=True, slots=True)
class Ports:
    services: int
    trusted: int
    controller: int


class Cluster:
    """`settings` are those of the chart; `certificates` the folder with that of `kafka`."""

    def __init__(
        self, folder: Path, count: int, settings: Mapping[str, str], certificates: Path
    ) -> None:
        self.password = secrets.token_hex(16)
        self._folder, self._settings = folder, settings
        self._wires = Wires("kafka", certificates)
        self._id = fresh_cluster()
        self._ports = [Ports(free_port(), free_port(), free_port()) for _ in range(count)]
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
        """Kill all: the last ones would wait in vain for a majority to end well."""
        for node in self.nodes:
            node.kill()

    def _node(self, number: int) -> Node:
        place, ports = self._folder / f"kafka-{number}", self._ports[number - 1]
        user = f"SCRAM-SHA-512=[name={ADMIN},password={self.password}]"
        properties = self._properties(number, place)
        launch = formatted(place, properties, self._id, "--add-scram", user)
        trusted = Protected(f"127.0.0.1:{ports.trusted}", replace(self._wires, name=OPERATOR))
        return Node(launch, f"127.0.0.1:{ports.services}", trusted)

    def _properties(self, number: int, place: Path) -> str:
        ports = self._ports[number - 1]
        listeners = PROTECTED.format(
            port=ports.services,
            trusted_port=ports.trusted,
            controller_port=ports.controller,
            own=self._wires.own,
            ca=self._wires.ca,
            reauth=REAUTH,
        ).replace("super.users=", f"super.users=User:{ADMIN};")
        chosen = "".join(f"{name}={value}\n" for name, value in self._settings.items())
        common = properties_of(number, (each.controller for each in self._ports), place)
        return common + OWN + chosen + listeners
