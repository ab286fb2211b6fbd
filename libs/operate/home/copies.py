"""Several processes of one service on one machine: `alarm`, `alarm-2`, `alarm-3`."""

from collections.abc import Mapping

from backbone.process.settings import PORTS
from operate.home.trouble import Trouble

# The range of ports has room for this many copies; APART lies between the ports of two of them.
MOST = 3
APART = 30
EVERY = "all"


def named(service: str, number: int) -> str:
    """The name of a copy; the first has that of its service."""
    return service if number == 1 else f"{service}-{number}"


def split(name: str) -> tuple[str, int]:
    """The service of a process, and which of its copies it is."""
    service, _, number = name.rpartition("-")
    return (service, int(number)) if number.isdecimal() else (name, 1)


def service_of(name: str) -> str:
    """The service of a process, also of one that is told apart by its address: alarm@10.0.0.7."""
    return split(name.partition("@")[0])[0]


def read_scale(text: str) -> dict[str, int]:
    """Read the text of `--scale gateway=2,alarm=2`; `all` is every service. Raises Trouble.

    Services that run once are left out.
    """
    told: dict[str, int] = {}
    for part in filter(None, text.replace(" ", "").split(",")):
        service, _, number = part.partition("=")
        if service not in (*PORTS, EVERY):
            raise _unknown(service)
        if not number.isdecimal() or not 1 <= int(number) <= MOST:
            raise _no_number(service, number)
        told |= dict.fromkeys(PORTS if service == EVERY else [service], int(number))
    return {service: number for service, number in told.items() if number > 1}


def written(scale: Mapping[str, int]) -> str:
    """The same as the option of a command."""
    told = ",".join(f"{service}={number}" for service, number in scale.items())
    return told or f"{EVERY}=1"


def _unknown(service: str) -> Trouble:
    names = ", ".join(PORTS)
    return Trouble(
        f"--scale: no service is called {service!r}; there are: {names}; {EVERY} is each of them. "
        "Kafka and PostgreSQL run once here; several are for servers of your own.",
        f"--scale：没有名为 {service!r} 的服务；现有：{names}；{EVERY} 表示全部。"
        "Kafka 与 PostgreSQL 在此只运行一个，需要多个时请使用自己的服务器。",
    )


def _no_number(service: str, number: str) -> Trouble:
    return Trouble(
        f"--scale: {service} cannot run {number or 'so many'} times: say {service}=1 to "
        f"{service}={MOST}; for more there are no ports on one machine.",
        f"--scale：{service} 的份数 {number!r} 无效：单机可为 1 到 {MOST} 份。",
    )
