"""The status of an installation: the supervisor's state file, and each process's own answer."""

import asyncio
from typing import Any

import psutil

from backbone.process.settings import PORTS
from operate.admin import probe
from operate.cli.screen import STATE_COLOURS, console, plain, words
from operate.home import absence, elsewhere, leftovers
from operate.home.copies import service_of
from operate.home.home import Home, read_state
from operate.run.adopted import is_frozen
from operate.run.installation import Installation
from operate.servers import kafka, postgres

MEGABYTE = 1024 * 1024
NO_ANSWER = "no answer"


async def examine(home: Home) -> dict[str, Any]:
    """The status as one document; `ready` only if every process answers now that it is ready.

    The supervisor's state only knows of deaths: a frozen process, or one without its database, is
    found by asking.
    """
    if elsewhere.runner_of(home):
        return await examine_elsewhere(home)
    state = read_state(home)
    if not state:
        alone = [process.pid for process in leftovers.find(str(home.path))]
        return {"running": False, "ready": False, "processes": {}, "unsupervised": alone}
    processes = state["processes"]
    flaws = await asyncio.gather(*(flaws_of(home, name) for name in processes))
    for process, found in zip(processes.values(), flaws, strict=True):
        process["flaws"] = found if process["state"] == "ready" else []
        process["memory"] = memory_of(process["pid"])
    watcher = supervisor(home)
    well = not any(process["flaws"] for process in processes.values())
    ready = state["ready"] and well and not watcher["frozen"]
    return {"running": True, **state, "ready": ready, "supervisor": watcher}


async def examine_elsewhere(home: Home) -> dict[str, Any]:
    """The same of a city that another runs: what its processes say of themselves."""
    installation = Installation.here(home)
    asked = await asyncio.gather(*(elsewhere.metrics_of(home, service) for service in PORTS))
    places = {name: address for each in asked for name, address in each.items()}
    told = await asyncio.gather(
        *(probe.flaws_of(address, of=service_of(name)) for name, address in places.items()),
        *(server_flaws(installation, name) for name in absence.OWN),
    )
    found = dict(zip([*places, *absence.OWN], told, strict=True))
    return {
        "running": True,
        "ready": not any(found.values()),
        "processes": {name: unwatched(flaws) for name, flaws in found.items()},
        "supervisor": {"pid": None, "memory": 0, "frozen": False},
    }


def unwatched(flaws: list[str]) -> dict[str, Any]:
    """A process of which nothing is known but its own answer."""
    state = NO_ANSWER if flaws == [NO_ANSWER] else "ready"
    said = flaws if state == "ready" else []
    return {
        "state": state, "pid": None, "memory": 0, "restarts": 0, "flaws": said, "last_failure": "",
    }  # fmt: skip


def supervisor(home: Home) -> dict[str, Any]:
    """`frozen`: a signal has stopped it, and nothing starts what dies."""
    pid = home.supervisor()
    memory = memory_of_one(psutil.Process(pid)) if pid else 0
    return {"pid": pid, "memory": memory, "frozen": bool(pid) and is_frozen(pid or 0)}


def frozen_supervisor(pid: int) -> tuple[str, str]:
    """What is wrong with a supervisor that a signal has stopped, and the remedy."""
    seen = words(
        f"a signal has stopped it (process {pid}): nothing is started again",
        f"被信号暂停（进程 {pid}），进程停止后不会重新启动",
    )
    remedy = words(
        f"kill -CONT {pid}, or kill -9 {pid} and `liandong up --detach`, which adopts what runs",
        f"kill -CONT {pid}；或 kill -9 {pid} 后执行 liandong up --detach，由新的守护进程接管",
    )
    return seen, remedy


async def flaws_of(home: Home, name: str) -> list[str]:
    if service_of(name) in PORTS:
        return await probe.flaws_of(home.ports.metrics(name), of=service_of(name))
    return await server_flaws(Installation.here(home), name)


async def server_flaws(installation: Installation, name: str) -> list[str]:
    if name == "kafka":
        return [] if await kafka.answers(installation.brokers) else [NO_ANSWER]
    return [] if await postgres.answers(installation.admin_dsn) else [NO_ANSWER]


def once(flaws: list[str], said: list[str]) -> str:
    """The flaws that were not said yet of this process: services that share one share its flaws."""
    fresh = [flaw for flaw in flaws if flaw not in said]
    again = [words("as above", "同上")] if len(fresh) < len(flaws) else []
    said += fresh
    return "; ".join([*fresh, *again])


def memory_of(pid: int | None) -> int:
    """Bytes in use by a process and its children; shared memory is counted once."""
    try:
        process = psutil.Process(pid or 0)
        family = [process, *process.children(recursive=True)] if pid else []
        return sum(memory_of_one(each) for each in family)
    except psutil.Error:
        return 0


def memory_of_one(process: psutil.Process) -> int:
    memory = process.memory_full_info()
    return int(getattr(memory, "pss", memory.uss))


def show(found: dict[str, Any]) -> None:
    table = plain(
        *words("process state pid MiB restarts says", "进程 状态 进程号 内存MiB 重启 说明").split()
    )
    total = found["supervisor"]["memory"]
    shown: set[int] = set()
    said_of: dict[int, list[str]] = {}
    for name, process in found["processes"].items():
        pid, memory = process["pid"], process["memory"]
        total += 0 if pid in shown else memory
        shown.add(pid)
        colour = "red" if process["flaws"] else STATE_COLOURS.get(process["state"], "white")
        said = once(process["flaws"], said_of.setdefault(pid, [])) or process["last_failure"]
        table.add_row(
            name,
            f"[{colour}]{process['state']}[/]",
            str(pid or ""),
            f"{memory / MEGABYTE:.0f}" if memory else "",
            str(process["restarts"]),
            said,
        )
    console.print(table)
    if found["supervisor"]["frozen"]:
        seen, remedy = frozen_supervisor(found["supervisor"]["pid"])
        console.print(f"[red]{words('supervisor', '守护进程')}: {seen}[/]: {remedy}")
    if total:
        console.print(words(f"{total / MEGABYTE:.0f} MiB in all", f"共 {total / MEGABYTE:.0f} MiB"))
