"""A city that another than our supervisor runs: systemd, compose or Kubernetes.

`LIANDONG_RUN_BY` says which one. Commands then ask each process at the address that the environment
names, and tell the remedies of that runner.
"""

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from backbone.process.settings import PORTS, port_of, prefix_of, wrong_address
from operate.home.copies import service_of
from operate.home.home import Home
from operate.home.ports import UNSPOKEN
from operate.home.trouble import Trouble

RUN_BY = "LIANDONG_RUN_BY"
DNS = "dns:///"
COMPOSE = "docker compose -f deploy/compose.yaml"
COMPONENT = "-l app.kubernetes.io/component"


@dataclass(frozen=True, slots=True)
class Runner:
    """Its commands; `{}` stands for the name of one. `halts` stops all."""

    restarts: str
    logs: str
    halts: str

    def restart(self, name: str) -> str:
        return self.restarts.format(service_of(name))

    def log(self, name: str) -> str:
        return self.logs.format(service_of(name))


RUNNERS: Mapping[str, Runner] = {
    "systemd": Runner(
        "systemctl restart liandong@{}", "journalctl -u liandong@{}", "systemctl stop 'liandong@*'"
    ),
    "compose": Runner(
        f"{COMPOSE} restart {{}}", f"{COMPOSE} logs {{}}", f"{COMPOSE} stop {' '.join(PORTS)}"
    ),
    "kubernetes": Runner(
        f"kubectl rollout restart deployment {COMPONENT}={{}}",
        f"kubectl logs {COMPONENT}={{}}",
        "kubectl scale deployment -l app.kubernetes.io/name=liandong --replicas=0",
    ),
}


def runner_of(home: Home) -> Runner | None:
    """What runs the city of this home; None for a supervisor of ours. Raises Trouble for a word
    that names none."""
    said = os.environ.get(RUN_BY, "")
    if not said or home.supervisor() is not None:
        return None
    if said not in RUNNERS:
        names = ", ".join(RUNNERS)
        raise Trouble(
            f"{RUN_BY} is {said!r}; it must be one of {names}.",
            f"{RUN_BY} 的值为 {said!r}，只能是 {names} 之一。",
        )
    return RUNNERS[said]


async def metrics_of(home: Home, service: str) -> dict[str, str]:
    """The processes of a service, each with the address of its probes and metrics."""
    if runner_of(home) is None:
        ports = home.ports
        return {name: f"127.0.0.1:{ports.metrics(name)}" for name in ports.names(service)}
    address = metrics_address(service, os.environ)
    return named(service, await ends_of(address) or [address])


def metrics_address(service: str, environ: Mapping[str, str]) -> str:
    """Where the processes of a service tell of themselves: `LIANDONG_<SERVICE>_METRICS_ADDRESS`,
    else beside the addresses at which it is called, else here. Raises Trouble."""
    variable = f"{prefix_of(service)}_METRICS_ADDRESS"
    if told := environ.get(variable):
        if wrong := wrong_address(told):
            raise Trouble(f"{variable} {wrong}: {told!r}.", f"{variable} 的地址无效：{told!r}。")
        return told
    port = port_of(service, environ, metrics=True)
    called = environ.get(f"{prefix_of(service)}_ADDRESS", "")
    if not called or service in UNSPOKEN:
        return f"127.0.0.1:{port}"
    own = environ.get(f"{prefix_of(service)}_METRICS_PORT")
    door, page = PORTS[service]
    found = []
    for end in called.removeprefix(DNS).split(","):
        host, _, number = end.rpartition(":")
        found.append(f"{host}:{own or int(number) + page - door}")
    return (DNS if called.startswith(DNS) else "") + ",".join(found)


def named(service: str, ends: list[str]) -> dict[str, str]:
    """The only process has the name of its service, several have their address beside it."""
    return {service: ends[0]} if len(ends) == 1 else {f"{service}@{end}": end for end in ends}


async def ends_of(address: str) -> list[str]:
    """All ends of an address, those that stand behind a name with dns:/// among them; none for a
    name that nobody knows."""
    if not address.startswith(DNS):
        return address.split(",")
    host, _, port = address.removeprefix(DNS).rpartition(":")
    found: list[str] = []
    with suppress(OSError):
        loop = asyncio.get_running_loop()
        told = await loop.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
        found = sorted({str(end[0]) for *_, end in told})
    return [f"[{each}]:{port}" if ":" in each else f"{each}:{port}" for each in found]
