"""An installation: the servers and services of one home, and their environment."""

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from backbone.postgres.migrate import service_url
from backbone.process.settings import KEEPS_TEXTS, PORTS, SCHEMAS, SIGNERS, TEXTS
from backbone.process.signing import Signatures
from backbone.process.wires import Brokers
from operate.admin import probe
from operate.home.home import Home, write
from operate.home.keys import OPERATOR, Keys
from operate.home.trouble import Trouble
from operate.run import identity
from operate.run.child import Program
from operate.run.launch import Launch
from operate.run.own_servers import named_servers
from operate.run.protection import OPEN, Protection, protection_of
from operate.servers import kafka, postgres
from operate.servers.kafka import Kafka
from operate.servers.postgres import Postgres

log = logging.getLogger(__name__)

DATABASE = "liandong"
STREAM = "workflow-stream"
# On a small machine the three quiet services share a process; `--split` gives each its own.
TOGETHER = ("petition", "dispute", "population")


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation; `database_url` and `kafka_bootstrap` replace the embedded servers."""

    home: Home
    keys: Keys
    split: bool = False
    database_url: str = field(default="", repr=False)
    kafka_bootstrap: str = ""
    protection: Protection = OPEN
    # None: the demo on a database of liandong's own, and none on another's.
    demo: bool | None = None

    @classmethod
    def chosen(cls, home: Home, split: bool = False, demo: bool | None = None) -> "Installation":
        """The installation that the environment describes; makes its secret if there is none.

        Raises Trouble for a malformed address.
        """
        servers = named_servers(os.environ)
        protection = protection_of(home, servers)
        return cls(home, keys_of(home), split, **servers, protection=protection, demo=demo)

    @classmethod
    def here(cls, home: Home) -> "Installation":
        """The running installation, independent of this environment; if none runs, as `chosen`."""
        remembered = home.remembered()
        servers = remembered.get("servers") or named_servers(os.environ)
        known = remembered.get("protection")
        protection = Protection.remembered(known) if known else protection_of(home, servers)
        return cls(home, keys_of(home), **servers, protection=protection)

    def remember(self) -> None:
        """Write the settings file that `here` reads."""
        servers = {"database_url": self.database_url, "kafka_bootstrap": self.kafka_bootstrap}
        ports = self.home.ports
        told = {"port": ports.base, "ports": {**ports.single}, "servers": servers}
        told |= {"protection": self.protection.to_remember()}
        told |= {"supervisor": identity.of_the_supervisor()}
        write(self.home.choices, json.dumps(told))

    @property
    def wants_demo(self) -> bool:
        """Whether a first start loads the accounts of the demo city, whose password is known."""
        return not self.database_url if self.demo is None else self.demo

    @property
    def postgres(self) -> Postgres | None:
        if self.database_url:
            return None
        password = self.keys.password("postgres")
        home = self.home
        return Postgres(
            home.path / "postgres",
            home.ports.postgres,
            password,
            home.logs / "postgres.log",
            self.protection.of("postgres"),
            postgres.archive_named(os.environ),
        )

    @property
    def kafka(self) -> Kafka | None:
        if self.kafka_bootstrap:
            return None
        home, ports = self.home, self.home.ports
        return Kafka(
            home.path / "kafka",
            ports.kafka,
            ports.controller,
            home.logs / "kafka.log",
            self.protection.of("kafka"),
            ports.brokers,
        )

    @property
    def admin_dsn(self) -> str:
        """The database of all services, with the role that creates their roles and schemas."""
        if self.postgres is None:
            return self.protection.demanded(self.database_url)
        return urlunsplit(urlsplit(self.postgres.dsn)._replace(path=f"/{DATABASE}"))

    @property
    def bootstrap(self) -> str:
        return self.kafka_bootstrap or self.home.ports.kafka_address

    @property
    def gateway_url(self) -> str:
        plain = self.home.ports.gateway_url
        return plain.replace("http:", "https:") if self.protection.secure else plain

    @property
    def brokers(self) -> Brokers:
        """Kafka as the operator reaches it: with every right."""
        if self.kafka:
            return self.kafka.address
        return self.protection.administered(self.kafka_bootstrap)

    def wanted_ports(self) -> dict[int, str]:
        """Every port that this installation listens on, with the name of its process."""
        ports = self.home.ports
        wanted = ports.of_services() | {ports.supervisor: "supervisor"}
        if self.kafka:
            wanted |= {ports.kafka: "kafka", ports.controller: "kafka"}
            wanted |= {ports.brokers: "kafka"} if self.protection.secure else {}
        if self.postgres:
            wanted[ports.postgres] = "postgres"
        return wanted

    def programs(self) -> list[Program]:
        return [*self._servers(), *(self._service(names) for names in self._groups())]

    def addresses(self) -> dict[str, dict[str, str]]:
        """The addresses of each service, for run.json.

        Services of one process share one metrics address, which covers all of them.
        """
        ports = self.home.ports
        found = {}
        for names in self._groups():
            metrics = {"metrics": f"http://127.0.0.1:{ports.metrics(names[0])}/metrics"}
            for name in names:
                grpc = ports.grpc_address(name)
                found[name] = ({"grpc": grpc} if grpc else {}) | metrics
        return found

    def _servers(self) -> list[Program]:
        servers = []
        if node := self.kafka:
            servers.append(server_program("kafka", node, kafka.answers, node.address))
        if server := self.postgres:
            servers.append(server_program("postgres", server, postgres.answers, server.dsn))
        return servers

    def _groups(self) -> list[tuple[str, ...]]:
        alone: list[tuple[str, ...]] = [(n,) for n in PORTS if self.split or n not in TOGETHER]
        return alone if self.split else [*alone, TOGETHER]

    def _service(self, names: tuple[str, ...]) -> Program:
        log_file = self.home.logs / f"{'+'.join(names)}.log"

        def launch() -> Launch:
            told = self._with_keys_of_now().environment(*names)
            return Launch([sys.executable, "-m", "services", *names], log_file, told)

        port = self.home.ports.metrics(names[0])
        flaws = partial(probe.flaws_of, port, "/readyz?serving")
        # Only the stream processor needs Kafka.
        needs = {"postgres", "kafka"} if STREAM in names else {"postgres"}
        alive, alike = partial(probe.answers, port), partial(self._identity, names)
        return Program(names, launch, flaws, frozenset(needs), alive, alike)

    def _identity(self, names: tuple[str, ...]) -> str:
        told = {**identity.said_by(os.environ), **self._with_keys_of_now().environment(*names)}
        return identity.of("+".join(names), sorted(told.items()), "libs", "services")

    def _with_keys_of_now(self) -> "Installation":
        """The installation with keys read anew: they may have been rotated since the start."""
        try:
            return replace(self, keys=Keys.read(self.home.secret))
        except (Trouble, OSError) as error:  # a service must restart without that file, too
            log.warning("using the keys from the start of liandong: %s", error)
            return self

    @property
    def signatures(self) -> Signatures:
        """With these the command itself calls services."""
        return Signatures(OPERATOR, self.keys.keyring(OPERATOR), self.keys.signers())

    def publish_keys(self) -> Path:
        """Write the public keys of all services, if they have changed; return the path."""
        path, signers = self.home.signers, self.keys.signers()
        if not path.exists() or path.read_text() != signers:
            write(path, signers)
        return path

    def environment(self, *names: str) -> Mapping[str, str]:
        """The environment of a process of these services, with their own keys only."""
        told = {
            **self.home.ports.told,
            "LIANDONG_HOME": str(self.home.path),
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "LIANDONG_TOKEN": self.keys.token,
            SIGNERS: str(self.publish_keys()),
            "LIANDONG_LOG": os.environ.get("LIANDONG_LOG", "INFO").upper(),
        }
        for schema in {SCHEMAS[name] for name in names}:
            prefix = f"LIANDONG_{schema.upper()}"
            told[f"{prefix}_DATABASE_URL"] = service_url(self.admin_dsn, schema, self.keys.secret)
            told[f"{prefix}_KEY"] = ",".join(self.keys.sealing(schema))
        if {*names} & {*KEEPS_TEXTS}:
            told[TEXTS] = ",".join(self.keys.sealing("texts"))
        return told | self.protection.told(self.keys, names)


def keys_of(home: Home) -> Keys:
    if not home.secret.exists():
        home.make()
    return Keys.of(home.secret, home.path / "postgres" / "data")


def server_program(
    name: str, server: Kafka | Postgres, answers: kafka.Answers, address: Brokers
) -> Program:
    flaws, alive = partial(as_flaws, answers, address), partial(answers, address)
    alike = partial(identity.of, name, repr(server), "libs/operate/servers")
    return Program((name,), server.prepare, flaws, answers=alive, identity=alike)


async def as_flaws(answers: kafka.Answers, address: Brokers) -> list[str]:
    return [] if await answers(address) else ["no answer"]
