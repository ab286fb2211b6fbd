"""An installation: the servers and services of one home, and their environment."""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from backbone.postgres.migrate import service_url
from backbone.process.settings import KEEPS_TEXTS, SCHEMAS, SIGNERS, TEXTS
from backbone.process.signing import Signatures
from backbone.process.wires import Brokers
from operate.home.copies import service_of
from operate.home.home import Home, write
from operate.home.keys import OPERATOR, Keys, publish
from operate.home.trouble import Trouble
from operate.run import identity
from operate.run.own_servers import named_servers
from operate.run.protection import OPEN, Protection, protection_of
from operate.servers import postgres
from operate.servers.kafka import Kafka
from operate.servers.postgres import Postgres

log = logging.getLogger(__name__)

DATABASE = "liandong"
# One of several gateways refuses new connections for this long before it stops.
DRAIN, DRAIN_SECONDS = "LIANDONG_GATEWAY_DRAIN_SECONDS", "3"


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
        split = bool(remembered.get("split"))
        return cls(home, keys_of(home), split, **servers, protection=protection)

    def remember(self) -> None:
        """Write the settings file that `here` reads, and the next supervisor."""
        servers = {"database_url": self.database_url, "kafka_bootstrap": self.kafka_bootstrap}
        ports = self.home.ports
        told = ports.to_remember() | {"servers": servers, "split": self.split}
        told |= {"protection": self.protection.to_remember()}
        told |= {"supervisor": identity.of_the_supervisor(), "pid": os.getpid()}
        told |= {"demo": self.demo}
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
        return self.gateway_url_of("gateway")

    def gateway_url_of(self, name: str) -> str:
        """The address of one of several gateways."""
        scheme = "https" if self.protection.secure else "http"
        return f"{scheme}://127.0.0.1:{self.home.ports.of(name)}"

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

    def with_keys_of_now(self) -> "Installation":
        """The installation with keys read anew: they may have been rotated since the start."""
        try:
            return replace(self, keys=Keys.read(self.home.secret))
        except (Trouble, OSError) as error:  # a service must restart without that file, too
            log.warning("using the keys from the start of liandong: %s", error)
            return self

    @property
    def signatures(self) -> Signatures:
        """The keys with which the command itself calls services."""
        return Signatures(OPERATOR, self.keys.keyring(OPERATOR), self.keys.signers())

    def publish_keys(self) -> Path:
        """Write the public keys of all services, if they have changed; return the path.

        Where the secrets cannot be read, the keys that are published stand. Raises Trouble if none
        are.
        """
        path = self.home.signers
        try:
            publish(self.home.secret, path)
        except (Trouble, OSError) as error:
            if not path.exists():
                raise
            log.warning("the public keys of before stand: %s", error)
        return path

    def environment(self, *names: str) -> Mapping[str, str]:
        """The environment of one process, with the keys of its services only.

        `names` are those of services, or of further copies, such as alarm-2. The file of public
        keys is named here and written by `publish_keys`.
        """
        ports, services = self.home.ports, [service_of(name) for name in names]
        told = {
            **ports.told,
            **{key: port for name in names for key, port in ports.told_of(name).items()},
            "LIANDONG_HOME": str(self.home.path),
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "LIANDONG_TOKEN": self.keys.token,
            SIGNERS: str(self.home.signers),
            "LIANDONG_LOG": os.environ.get("LIANDONG_LOG", "INFO").upper(),
        }
        for schema in {SCHEMAS[each] for each in services}:
            prefix = f"LIANDONG_{schema.upper()}"
            told[f"{prefix}_DATABASE_URL"] = service_url(self.admin_dsn, schema, self.keys.secret)
            told[f"{prefix}_KEY"] = ",".join(self.keys.sealing(schema))
        if "gateway" in services and "gateway" in ports.copies:
            told[DRAIN] = os.environ.get(DRAIN, DRAIN_SECONDS)
        if {*services} & {*KEEPS_TEXTS}:
            told[TEXTS] = ",".join(self.keys.sealing("texts"))
        return told | self.protection.told(self.keys, services)


def keys_of(home: Home) -> Keys:
    if not home.secret.exists():
        home.make()
    return Keys.of(home.secret, home.path / "postgres" / "data")
