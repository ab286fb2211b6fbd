"""B16: from nothing running to everything ready, and what it takes in memory."""

import json
import time
from typing import Any

from tests.bench.figures import Figure
from tests.bench.plan import Plan
from tests.servers import Installed

SERVERS = ("kafka", "postgres")
MEBIBYTE = 2**20


def measure(city: Installed, plan: Plan) -> list[Figure]:
    """The installation is stopped and started again; it runs afterwards."""
    ready = Figure("B16", "cold start to ready", "s", gate=25.0)
    everything = Figure("B16", "memory of everything", "GiB", gate=2.5)
    services = Figure("B16", "memory of our services", "MiB", gate=900.0)
    for _ in range(min(3, plan.runs)):
        city.down()
        start = time.perf_counter()
        city.up()
        ready.runs.append(time.perf_counter() - start)
        sizes = memory(json.loads(city.liandong("status", "--json").stdout))
        everything.runs.append(sum(sizes.values()) / 2**30)
        ours = sum(size for name, size in sizes.items() if name not in SERVERS)
        services.runs.append(ours / MEBIBYTE)
    return [ready, everything, services]


def memory(found: dict[str, Any]) -> dict[str, int]:
    """By process; several names may share one."""
    seen: dict[int, str] = {}
    sizes: dict[str, int] = {}
    for name, process in found["processes"].items():
        if process["pid"] not in seen:
            seen[process["pid"]] = name
            sizes[name] = process["memory"]
    return sizes
