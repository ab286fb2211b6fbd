"""The ports of an installation, all derived from one base."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psutil

from backbone.process.settings import BASE_PORT, PORTS, port_of, prefix_of, wrong_ports
from operate.home.copies import APART, named, split
from operate.home.trouble import Trouble

LAST = 94
STREAM = "workflow-stream"
# Services that no other service calls.
UNSPOKEN = ("gateway", STREAM)


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports and addresses of one installation."""

    base: int = BASE_PORT
    # The ports that were chosen singly, as LIANDONG_ALARM_PORT or LIANDONG_ALARM_METRICS_PORT.
    single: Mapping[str, str] = field(default_factory=dict)
    # How often the services run that run more than once.
    copies: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def chosen(cls) -> "Ports":
        """The ports that LIANDONG_PORT chooses. Raises Trouble if it is not a usable number."""
        text = os.environ.get("LIANDONG_PORT") or str(BASE_PORT)
        if not text.isdecimal() or not 1024 <= int(text) <= 65535 - LAST:
            raise Trouble(
                f"LIANDONG_PORT is {text!r}; it must be a number from 1024 to {65535 - LAST}.",
                f"LIANDONG_PORT 的值为 {text!r}，必须是 1024 到 {65535 - LAST} 之间的数字。",
            )
        if flaws := wrong_ports(os.environ):
            raise Trouble(f"{'; '.join(flaws)}.", f"端口设置有误：{'; '.join(flaws)}。")
        names = [f"{prefix_of(name)}_{kind}" for name in PORTS for kind in ("PORT", "METRICS_PORT")]
        return cls(int(text), {name: os.environ[name] for name in names if os.environ.get(name)})

    @classmethod
    def remembered(cls, told: Mapping[str, Any]) -> "Ports":
        """The ports of an installation that runs, from its settings file."""
        return cls(told["port"], told.get("ports", {}), told.get("copies", {}))

    def to_remember(self) -> dict[str, Any]:
        return {"port": self.base, "ports": {**self.single}, "copies": {**self.copies}}

    @property
    def kafka(self) -> int:
        return self.base + 92

    @property
    def supervisor(self) -> int:
        """The supervisor's own metrics."""
        return self.base + 2

    @property
    def prometheus(self) -> int:
        return self.base + 3

    @property
    def alertmanager(self) -> int:
        return self.base + 4

    @property
    def brokers(self) -> int:
        """Kafka among its brokers and for the operator: by certificate, in a secure city alone."""
        return self.base + 91

    @property
    def controller(self) -> int:
        return self.base + 93

    @property
    def postgres(self) -> int:
        return self.base + 94

    @property
    def kafka_address(self) -> str:
        return f"127.0.0.1:{self.kafka}"

    def names(self, service: str) -> list[str]:
        """The names of all processes of a service."""
        return [named(service, number + 1) for number in range(self.copies.get(service, 1))]

    def grpc_address(self, service: str) -> str | None:
        """The gRPC addresses of a service, here unless the environment says where it is.

        None for the gateway and the stream processor.
        """
        if service in UNSPOKEN:
            return None
        here = ",".join(self.own_address(name) for name in self.names(service))
        return os.environ.get(f"{prefix_of(service)}_ADDRESS", here)

    def own_address(self, name: str) -> str:
        """The gRPC address of one process."""
        return f"127.0.0.1:{self.of(name)}"

    def of(self, name: str, *, metrics: bool = False) -> int:
        """The port of a process: the gateway's for people, of others for gRPC."""
        service, number = split(name)
        if number == 1:
            return port_of(service, self._chosen, metrics=metrics)
        return self.base + APART * (number - 1) + PORTS[service][metrics]

    def metrics(self, name: str) -> int:
        return self.of(name, metrics=True)

    @property
    def _chosen(self) -> dict[str, str]:
        return {"LIANDONG_PORT": str(self.base), **self.single}

    @property
    def told(self) -> dict[str, str]:
        """The environment of a process that says the ports, and where several copies are."""
        spoken = [service for service in self.copies if service not in UNSPOKEN]
        several = {f"{prefix_of(each)}_ADDRESS": self.grpc_address(each) or "" for each in spoken}
        return {**self._chosen, **several}

    def told_of(self, name: str) -> dict[str, str]:
        """The environment that says a further copy its own ports."""
        service, number = split(name)
        if number == 1:
            return {}
        own = {f"{prefix_of(service)}_PORT": self.of(name)}
        own[f"{prefix_of(service)}_METRICS_PORT"] = self.metrics(name)
        return {variable: str(port) for variable, port in own.items()}

    def of_services(self) -> dict[int, str]:
        """The ports of all services, each with the name of its process."""
        names = [name for service in PORTS for name in self.names(service)]
        spoken = {self.of(name): name for name in names if split(name)[0] != STREAM}
        return spoken | {self.metrics(name): name for name in names}


def demand_free(wanted: Mapping[int, str]) -> None:
    """Raise Trouble that names the first port in use, and its program if that is visible."""
    for port, name in sorted(wanted.items()):
        if not is_free(port):
            holder = holder_of(port)
            raise Trouble(
                f"Port {port} ({name}) is in use{f' by {holder}' if holder else ''}. End that "
                "program, or choose another range: LIANDONG_PORT=9600 make run",
                f"端口 {port}（{name}）已被{holder or '其他程序'}占用。"
                "请结束该程序，或换一段端口：LIANDONG_PORT=9600 make run",
            )


def demand_host(host: str) -> None:
    """Raise Trouble unless a server can listen on the host and is reachable at 127.0.0.1."""
    try:
        with socket.create_server((host, 0)) as server:
            socket.create_connection(("127.0.0.1", server.getsockname()[1]), 1).close()
    except OSError as error:
        raise Trouble(
            f"LIANDONG_HOST is {host!r}, but a server listening there cannot be reached ({error}): "
            "use 127.0.0.1, or 0.0.0.0 for all addresses of this machine.",
            f"LIANDONG_HOST 的值为 {host!r}，在该地址监听的进程无法访问（{error}）："
            "请用 127.0.0.1，或用 0.0.0.0 表示本机全部地址。",
        ) from error


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of an earlier run in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def holder_of(port: int) -> str:
    """The program that listens on the port; empty if this user may not see it."""
    try:
        found = psutil.net_connections("tcp")
    except psutil.Error:
        return ""
    for each in found:
        if each.status == "LISTEN" and each.laddr and each.laddr.port == port and each.pid:
            return f"{psutil.Process(each.pid).name()} (pid {each.pid})"
    return ""
