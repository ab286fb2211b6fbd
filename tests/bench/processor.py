"""The processor time of every process of an installation, read from the operating system."""

import time
from collections.abc import Mapping
from typing import Any

import psutil


def used(run: Mapping[str, Any]) -> dict[str, float]:
    """Seconds since its start for each process in run.json; services of one process share a name.

    A server's children count with it, those that have ended as well.
    """
    names: dict[int, list[str]] = {}
    for name, process in run["processes"].items():
        if process["pid"]:
            names.setdefault(process["pid"], []).append(name)
    return {"+".join(shared): of_family(pid) for pid, shared in names.items()}


def of_family(pid: int) -> float:
    """Seconds of a process and of its children, alive or ended."""
    parent = psutil.Process(pid)
    seconds = of_ended(parent) + of_one(parent)
    for child in parent.children(recursive=True):
        try:
            seconds += of_one(child) + of_ended(child)
        except psutil.NoSuchProcess:  # its time is with the parent's ended children from now on
            continue
    return seconds


def of_one(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def of_ended(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.children_user + times.children_system)


def own() -> float:
    """Seconds of the process that asks: the caller of a bench."""
    return time.process_time()


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Seconds between two readings; a process that was started between them counts from 0."""
    return {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
