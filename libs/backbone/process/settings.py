"""Settings, read once from the environment; one error names every flaw."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from backbone.process.keeping import Kept, flaws_in, kept_in
from backbone.process.keyring import Keyring, flaw
from backbone.process.signing import Signatures, Verifier
from backbone.process.spans import ADDRESS as COLLECTOR
from backbone.process.spans import flaw_of_address
from backbone.process.wires import Brokers, Protected, Wires, read_wires

# gRPC and metrics ports, counted from LIANDONG_PORT; the gateway's own HTTP port is the base.
PORTS: dict[str, tuple[int, int]] = {
    "gateway": (0, 1),
    "alarm": (10, 11),
    "petition": (12, 13),
    "dispute": (14, 15),
    "emergency": (16, 17),
    "population": (18, 19),
    "workflow": (20, 21),
    "workflow-stream": (22, 23),
    "directory": (24, 25),
}
SCHEMAS = {name: name for name in PORTS} | {"workflow-stream": "workflow"}
BASE_PORT = 8600
# The file with the public keys of all services.
SIGNERS = "LIANDONG_SIGNERS"
ADDRESS = re.compile(r"([^\s:,/]+|\[[0-9a-fA-F:]+\]):\d{1,5}")
NUMERIC = re.compile(r"\d{1,3}(\.\d{1,3}){3}:\d{1,5}")
# The keys of the spans inside free texts: every service that keeps texts of matters has them.
TEXTS = "LIANDONG_TEXTS_KEY"
KEEPS_TEXTS = ("alarm", "petition", "dispute", "emergency", "population", "workflow")


class SettingsError(Exception):
    """Settings are missing or malformed; the message names all of them."""


@dataclass(frozen=True)
class Settings:
    """Settings of one service.

    `keyring` seals and opens personal data, `texts` the personal pieces of free texts, which pass
    between services (None for a service that keeps no texts); `token` authenticates calls between
    services; `wires` protect them, None in a city without protection.
    """

    name: str
    database_url: str = field(repr=False)
    brokers: Brokers
    token: str = field(repr=False)
    keyring: Keyring
    port: int
    metrics_port: int
    host: str
    environ: Mapping[str, str] = field(repr=False)
    wires: Wires | None = None
    texts: Keyring | None = None

    @cached_property
    def kept(self) -> Mapping[str, Kept]:
        """How long each table of its schema is kept."""
        return kept_in(self.schema, self.environ)

    @property
    def schema(self) -> str:
        return SCHEMAS[self.name]

    @cached_property
    def signatures(self) -> Signatures:
        """This service's own keys for signing, and the public keys of all services."""
        return Signatures(self.schema, self.keyring, self.environ.get(SIGNERS, ""))

    @property
    def anchors(self) -> str:
        """The file elsewhere to which anchors are appended; empty for none."""
        return self.environ.get("LIANDONG_ANCHORS", "")

    def address_of(self, service: str) -> str:
        """The gRPC addresses of another service, as `wrong_address` wants them."""
        default = f"127.0.0.1:{port_of(service, self.environ)}"
        return self.environ.get(f"{prefix_of(service)}_ADDRESS") or default


def prefix_of(name: str) -> str:
    return f"LIANDONG_{name.upper().replace('-', '_')}"


def port_of(name: str, environ: Mapping[str, str], *, metrics: bool = False) -> int:
    """The port of a service: its own setting, or else counted from LIANDONG_PORT."""
    own = environ.get(f"{prefix_of(name)}_{'METRICS_' if metrics else ''}PORT")
    return int(own) if own else int(environ.get("LIANDONG_PORT", BASE_PORT)) + PORTS[name][metrics]


def wrong_ports(environ: Mapping[str, str]) -> list[str]:
    """The flaws of the settings of single ports."""
    names = [f"{prefix_of(name)}_{kind}" for name in PORTS for kind in ("PORT", "METRICS_PORT")]
    given = {name: environ[name] for name in names if environ.get(name)}
    return [f"{name} is not a port: {text!r}" for name, text in given.items() if not _is_port(text)]


def wrong_address(address: str) -> str:
    """Why a service cannot be called there; empty if it can.

    It is host:port, or several of them: dns:///host:port for a name with several addresses, among
    which calls take turns, or numeric ones with commas between them.
    """
    ends = address.removeprefix("dns:///").split(",")
    if not all(ADDRESS.fullmatch(end) and _is_port(end.rpartition(":")[2]) for end in ends):
        return "is not host:port, dns:///host:port, or addresses with commas between them"
    if len(ends) > 1 and not all(NUMERIC.fullmatch(end) for end in ends):
        return "names several hosts: give one name with dns:///, or their numeric addresses"
    return ""


def _is_port(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) < 65_536


def _wrong_addresses(environ: Mapping[str, str]) -> list[str]:
    names = [f"{prefix_of(name)}_ADDRESS" for name in PORTS]
    given = {name: environ[name] for name in names if environ.get(name)}
    told = {name: wrong_address(address) for name, address in given.items()}
    found = [f"{name} {wrong}: {given[name]!r}" for name, wrong in told.items() if wrong]
    collector = flaw_of_address(environ.get(COLLECTOR, ""))
    return [*found, collector] if collector else found


def read_settings(name: str, environ: Mapping[str, str]) -> Settings:
    """Read the settings of a service. Raises SettingsError that names every flaw."""
    if name not in PORTS:
        raise SettingsError(f"no service is called {name}; there are: {', '.join(PORTS)}")
    prefix = f"LIANDONG_{SCHEMAS[name].upper()}"
    flaws = [
        f"{variable} is missing"
        for variable in (f"{prefix}_DATABASE_URL", "KAFKA_BOOTSTRAP", "LIANDONG_TOKEN", SIGNERS)
        if not environ.get(variable)
    ]
    base, keys = environ.get("LIANDONG_PORT", str(BASE_PORT)), environ.get(f"{prefix}_KEY", "")
    if not base.isdecimal() or not 0 < int(base) < 65_000:
        flaws.append(f"LIANDONG_PORT is not a port: {base!r}")
    flaws += [*wrong_ports(environ), *_wrong_addresses(environ), *flaws_in(environ)]
    if wrong := flaw(keys):
        flaws.append(f"{prefix}_KEY: {wrong}")
    texts = _texts_of(name, environ, flaws)
    if not flaws and (wrong := _unreadable(environ[SIGNERS])):
        flaws.append(f"{SIGNERS}: {wrong}")
    wires, addresses = read_wires(name, environ, flaws), environ.get("KAFKA_BOOTSTRAP", "")
    if flaws:
        raise SettingsError(f"{name} cannot start: " + "; ".join(flaws))
    return Settings(
        name=name,
        database_url=environ[f"{prefix}_DATABASE_URL"],
        brokers=Protected(addresses, wires) if wires else addresses,
        token=environ["LIANDONG_TOKEN"],
        keyring=Keyring.read(keys),
        port=port_of(name, environ),
        metrics_port=port_of(name, environ, metrics=True),
        host=environ.get("LIANDONG_HOST") or "127.0.0.1",
        environ=environ,
        wires=wires,
        texts=texts,
    )


def _texts_of(name: str, environ: Mapping[str, str], flaws: list[str]) -> Keyring | None:
    """The keys of texts for a service that keeps some; a flaw of them is added to the others."""
    if name not in KEEPS_TEXTS:
        return None
    keys = environ.get(TEXTS, "")
    if wrong := flaw(keys):
        flaws.append(f"{TEXTS}: {wrong}")
        return None
    return Keyring.read(keys)


def _unreadable(signers: str) -> str:
    """Why the public keys of all services cannot be read; empty if they can."""
    try:
        Verifier(signers)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"the public keys cannot be read: {error}"
    return ""
