"""The metrics of the supervisor: what runs, how often it died, and the room that is left."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
)

from operate.run.child import Child, State

# A registry of its own: this process also imports the metrics of services.
REGISTRY = CollectorRegistry()
disable_created_metrics()  # type: ignore[no-untyped-call]
ProcessCollector(registry=REGISTRY)
UP = Gauge(
    "liandong_process_up",
    "1 while the process is ready, else 0.",
    ["process"],
    registry=REGISTRY,
)
HELD = Gauge(
    "liandong_process_held",
    "1 while a person holds the process down, else 0.",
    ["process"],
    registry=REGISTRY,
)
RESTARTS = Counter(
    "liandong_process_restarts_total",
    "Starts after a death, by process.",
    ["process"],
    registry=REGISTRY,
)
DISK_FREE = Gauge(
    "liandong_disk_free_bytes", "Free space on the disk of the home.", registry=REGISTRY
)
DISK_SIZE = Gauge("liandong_disk_size_bytes", "Size of the disk of the home.", registry=REGISTRY)
CHILDREN = Gauge("liandong_processes", "Processes that should run.", registry=REGISTRY)


def tell_disk(home: Path) -> None:
    DISK_FREE.set_function(lambda: shutil.disk_usage(home).free)
    DISK_SIZE.set_function(lambda: shutil.disk_usage(home).total)


class Restarts:
    """Counts the restarts of children between two looks."""

    def __init__(self, children: Iterable[Child]) -> None:
        self._known = dict.fromkeys(children, 0)
        self._counts = {child: RESTARTS.labels(child.program.label) for child in self._known}
        CHILDREN.set(len(self._known))

    def tell(self) -> None:
        """Tell the state of each child; called after every change."""
        for child, known in self._known.items():
            label = child.program.label
            UP.labels(label).set(child.state is State.READY)
            HELD.labels(label).set(child.state is State.HELD)
            self._counts[child].inc(child.restarts - known)
            self._known[child] = child.restarts
