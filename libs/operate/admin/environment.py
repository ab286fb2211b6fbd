"""The environment of each service: its variables, what they mean, and their values here."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backbone.process.settings import KEEPS_TEXTS, PORTS, SCHEMAS, SIGNERS, TEXTS, prefix_of
from backbone.process.spans import ADDRESS as COLLECTOR
from backbone.process.spans import AUTHORITY
from backbone.process.wires import FOLDER, SECURE
from backbone.rpc.peers import declared
from operate.admin import own_settings

# The services behind each contract of callers.yaml.
CONTRACTS = {
    "AlarmService": ("alarm",),
    "DirectoryService": ("directory",),
    "DisputeService": ("dispute",),
    "EmergencyService": ("emergency",),
    "HearingService": ("emergency",),
    "IncidentService": ("workflow",),
    "PetitionService": ("petition",),
    "PopulationService": ("population",),
    "SupervisionService": ("workflow",),
    # Matters that wait for a person stand in each of them; workflow shows them in one inbox.
    "OperationsService": ("alarm", "dispute", "emergency", "petition", "population"),
}
# Variables that only some services read, beside those that they declare (own_settings.py).
OWN: Mapping[str, Mapping[str, str]] = {
    "gateway": {
        "LIANDONG_GATEWAY_CERTIFICATE": "the city's own certificate for browsers, a PEM file",
        "LIANDONG_GATEWAY_SECOND_FACTOR": "roles that sign in with a second factor only",
    },
    "population": {"LIANDONG_FORGOTTEN": "the file that lists destroyed keys (docs/keys.md)"},
    "emergency": {
        "LIANDONG_TELEPHONE_URL": "the webhook of the provider of messages and calls",
        "LIANDONG_TELEPHONE_SECRET": "the secret that signs what is sent there",
    },
}


DECLARED = {"gateway": own_settings.of_gateway, "petition": own_settings.of_petition}


@dataclass(frozen=True, slots=True)
class Variable:
    """`needed`: the service does not start without it."""

    name: str
    means: str
    needed: bool = False


def called_by(service: str) -> list[str]:
    """The services that a service calls, by what callers.yaml allows it."""
    services, methods = declared()
    rights = [*services.items(), *((path.partition("/")[0], by) for path, by in methods.items())]
    found = {each for contract, by in rights if service in by for each in CONTRACTS[contract]}
    return sorted(found - {service})


def variables_of(service: str, *, secure: bool) -> list[Variable]:
    """All variables that a service reads, in the order of its settings."""
    own, schema = prefix_of(service), f"LIANDONG_{SCHEMAS[service].upper()}"
    protected = [
        Variable(FOLDER, "folder with ca.pem and the certificate of the service", needed=secure),
        Variable(f"{own}_KAFKA_PASSWORD", "its password at Kafka", needed=secure),
    ]
    texts = [Variable(TEXTS, "keys of what is sealed inside texts, oldest first", needed=True)]
    return [
        Variable(f"{schema}_DATABASE_URL", "PostgreSQL 17 or newer, in its own role", needed=True),
        Variable(f"{schema}_KEY", "its keys, oldest first, with commas between", needed=True),
        *(texts if service in KEEPS_TEXTS else ()),
        Variable("KAFKA_BOOTSTRAP", "brokers, host:port with commas between", needed=True),
        Variable("LIANDONG_TOKEN", "the token of calls between the services", needed=True),
        Variable(SIGNERS, "file with the public keys of all services", needed=True),
        Variable(SECURE, "1: protected wires, the default; 0: a city in the open"),
        *protected,
        Variable("LIANDONG_HOST", "where it listens, 127.0.0.1 by default"),
        Variable("LIANDONG_PORT", "the base from which all ports are counted, 8600 by default"),
        Variable(f"{own}_PORT", "its own port, instead"),
        Variable(f"{own}_METRICS_PORT", "the port of its probes and metrics, instead"),
        *(
            Variable(
                f"{prefix_of(each)}_ADDRESS",
                f"where {each} is called: host:port, or dns:///host:port for several instances",
            )
            for each in called_by(service)
        ),
        Variable("LIANDONG_LOG", "DEBUG, INFO, WARNING or ERROR; INFO by default"),
        Variable(COLLECTOR, "http://host:4317 of an OpenTelemetry collector; none by default"),
        Variable(AUTHORITY, "the authority of a collector at https://, a PEM file"),
        Variable("LIANDONG_OUTCOME_DAYS", "days for which answers are kept, 30 by default"),
        Variable("LIANDONG_RETENTION", "file with the city's own days of tables (docs/years.md)"),
        Variable("LIANDONG_ANCHORS", "file elsewhere to which anchors of the journal are added"),
        *(Variable(name, means) for name, means in read_alone(service).items()),
    ]


def read_alone(service: str) -> dict[str, str]:
    declared = DECLARED.get(service)
    return {**OWN.get(service, {}), **(declared() if declared else {})}


def written(
    service: str, told: Mapping[str, str], shown: Callable[[str, str], str] = lambda _, value: value
) -> str:
    """A file of the environment: each variable under its meaning, unset ones as comments.

    A shell and systemd (EnvironmentFile=) both read it. `told` holds the values of this
    installation; `shown` may hide secrets.
    """
    lines = [
        f"# {service}: the environment with which it starts alone: python -m services {service}"
    ]
    for each in variables_of(service, secure=told.get(SECURE) == "1"):
        value = told.get(each.name)
        mark = "" if value is not None else "# "
        given = shlex.quote(shown(each.name, value)) if value is not None else ""
        needed = " (needed)" if each.needed else ""
        lines += [f"# {each.means}{needed}", f"{mark}{each.name}={given}"]
    return "\n".join(lines) + "\n"


def hidden(name: str, value: str) -> str:
    """A secret as dots."""
    secret = name.endswith(("_URL", "_KEY", "_TOKEN", "_PASSWORD", "_SECRET"))
    return "…" if secret and value else value


def told_to(
    service: str, environment: Mapping[str, str], ambient: Mapping[str, str]
) -> dict[str, str]:
    """The values of a service: those that `up` gives it, and those that a person has set."""
    names = {each.name for each in variables_of(service, secure=True)}
    set_here = {name: value for name, value in ambient.items() if name in names}
    return {**set_here, **{n: value for n, value in environment.items() if n in names}}


SERVICES = tuple(PORTS)
