"""The programs of an installation: its servers, and each process of its services."""

import os
import sys
from dataclasses import replace
from functools import partial

from backbone.process.settings import KEEPS_TEXTS, PORTS, SCHEMAS
from backbone.process.wires import Brokers
from operate.admin import probe
from operate.home.copies import named, service_of, split
from operate.home.ports import STREAM, UNSPOKEN
from operate.run import identity
from operate.run.child import Program
from operate.run.installation import DRAIN, Installation
from operate.run.launch import Launch
from operate.servers import kafka, postgres
from operate.servers.kafka import Kafka
from operate.servers.postgres import Postgres

# On a small machine the three quiet services share a process; `--split` gives each its own.
TOGETHER = ("petition", "dispute", "population")


def programs_of(installation: Installation) -> list[Program]:
    services = [service_program(installation, names) for names in groups_of(installation)]
    return [*servers_of(installation), *services]


def servers_of(installation: Installation) -> list[Program]:
    servers = []
    if node := installation.kafka:
        servers.append(server_program("kafka", node, kafka.answers, node.address))
    if server := installation.postgres:
        servers.append(server_program("postgres", server, postgres.answers, server.dsn))
    return servers


def groups_of(installation: Installation) -> list[tuple[str, ...]]:
    """The names of each process of services; the first copies of all services come first."""
    apart, copies = installation.split, installation.home.ports.copies
    once: list[tuple[str, ...]] = [(n,) for n in PORTS if apart or n not in TOGETHER]
    once += [] if apart else [TOGETHER]
    groups = []
    for number in range(1, max(copies.values(), default=1) + 1):
        for group in once:
            wanted = (each for each in group if copies.get(each, 1) >= number)
            if names := tuple(named(each, number) for each in wanted):
                groups.append(names)
    return groups


def addresses_of(installation: Installation) -> dict[str, dict[str, str]]:
    """The addresses of each process, for run.json.

    Services of one process share one metrics address, which covers all of them.
    """
    ports = installation.home.ports
    found = {}
    for names in groups_of(installation):
        metrics = {"metrics": f"http://127.0.0.1:{ports.metrics(names[0])}/metrics"}
        for name in names:
            found[name] = address_of(installation, name) | metrics
    return found


def address_of(installation: Installation, name: str) -> dict[str, str]:
    ports = installation.home.ports
    service, number = split(name)
    if service == "gateway":
        return {"http": installation.gateway_url_of(name)}
    if service in UNSPOKEN:
        return {}
    alone = number == 1 and service not in ports.copies
    grpc = ports.grpc_address(service) if alone else ports.own_address(name)
    return {"grpc": grpc or ""}


def service_program(installation: Installation, names: tuple[str, ...]) -> Program:
    home, services = installation.home, [service_of(name) for name in names]
    log_file = home.logs / f"{'+'.join(names)}.log"

    def launch() -> Launch:
        installation.publish_keys()
        told = installation.with_keys_of_now().environment(*names)
        launch = Launch([sys.executable, "-m", "services", *services], log_file, told)
        return replace(launch, patience=launch.patience + float(told.get(DRAIN, 0)))

    port = home.ports.metrics(names[0])
    flaws = partial(probe.flaws_of, port, "/readyz?serving")
    # Only the stream processor needs Kafka.
    needs = {"postgres", "kafka"} if STREAM in services else {"postgres"}
    alive, alike = partial(probe.answers, port), partial(identity_of, installation, names)
    return Program(names, launch, flaws, frozenset(needs), alive, alike)


def identity_of(installation: Installation, names: tuple[str, ...]) -> str:
    now = installation.with_keys_of_now()
    if not any(SCHEMAS[service_of(name)] in KEEPS_TEXTS for name in names):
        # A rotation does not restart these: with or without the newest key, they are the same.
        now = replace(now, keys=replace(now.keys, seals=()))
    told = now.environment(*names)
    settings = {**identity.said_by(os.environ), **told}
    return identity.of("+".join(names), sorted(settings.items()), "libs", "services")


def server_program(
    name: str, server: Kafka | Postgres, answers: kafka.Answers, address: Brokers
) -> Program:
    flaws, alive = partial(as_flaws, answers, address), partial(answers, address)
    alike = partial(identity.of, name, repr(server), "libs/operate/servers")
    return Program((name,), server.prepare, flaws, answers=alive, identity=alike)


async def as_flaws(answers: kafka.Answers, address: Brokers) -> list[str]:
    return [] if await answers(address) else ["no answer"]
