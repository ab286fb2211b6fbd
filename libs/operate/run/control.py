"""Holds processes down and starts them again, by files that the supervisor polls."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from operate.home import absence, holds
from operate.home.copies import service_of
from operate.home.home import Home, read_state
from operate.home.trouble import Trouble
from operate.run.installation import Installation

PATIENCE = 60.0
# Seconds for which a copy that is ready again is left alone with those that call it: they connect
# anew within one, and only then may the other copy go.
SETTLING = 2.0
POLL = 0.05


def hold(home: Home, name: str) -> list[str]:
    """Stop the process and wait; return the other services in it. Raises Trouble."""
    shared = known(home, name)
    holds.hold(home.held, name)
    wait(home, name, "held")
    return shared


def let_go(home: Home, name: str) -> list[str]:
    """Start the process and wait; return the other services in it. Raises Trouble."""
    shared = known(home, name)
    for each in (name, *shared):
        (home.held / each).unlink(missing_ok=True)
    become_ready(home, name)
    return shared


def become_ready(home: Home, name: str) -> None:
    """Wait until a process that is no longer held is ready. Raises Trouble."""
    needed = absence.held_down(Installation.here(home), name)
    if needed not in ("", name) and running(home)[name]["state"] != "ready":
        raise Trouble(
            f"{name} is no longer held down, but it needs {needed}, which is: "
            f"`liandong start {needed}` starts both.",
            f"{name} 已放行，但它需要已被停住的 {needed}：请执行 liandong start {needed}。",
        )
    wait(home, name, "ready")


def again(home: Home, names: Iterable[str]) -> list[str]:
    """Restart all processes of these services, one after the other; return their names.

    Processes that are held down stay down. Raises Trouble if one does not become ready.
    """
    done: list[str] = []
    since: dict[str, float] = {}
    for name in processes_of(home, names):
        together = [name, *known(home, name)]
        if name in done or _is_kept_down(home, together):
            continue
        wait_for_callers(since.get(service_of(name)))
        if restart(home, together):
            done += together
            since |= {service_of(each): time.monotonic() for each in together}
    return done


def restart(home: Home, together: Sequence[str]) -> bool:
    """Restart the process of these services; false if a person holds it down meanwhile. If this
    command is killed in its midst, the supervisor starts the process. Raises Trouble."""
    name, deadline, held = together[0], time.monotonic() + PATIENCE, False
    while not held and not _is_kept_down(home, together):
        with holds.held_meanwhile(home.held, name) as held:
            if held:
                wait(home, name, "held")
        if not held:  # another command restarts it at this moment
            if time.monotonic() > deadline:
                raise _occupied(name)
            time.sleep(POLL)
    if _is_kept_down(home, together):
        return False
    become_ready(home, name)
    return True


def _is_kept_down(home: Home, together: Sequence[str]) -> bool:
    return any(holds.is_lasting(home.held, each) for each in together)


def _occupied(name: str) -> Trouble:
    return Trouble(
        f"Another command holds {name} for {PATIENCE:.0f} s already: wait for its end, or end it, "
        "then run this again.",
        f"另一条命令占用 {name} 已超过 {PATIENCE:.0f} 秒：请等待或结束该命令后重新执行。",
    )


def wait_for_callers(since: float | None) -> None:
    """Wait until those who call the copy that became ready at `since` have found it again."""
    if since is not None:
        time.sleep(max(0.0, since + SETTLING - time.monotonic()))


def processes_of(home: Home, names: Iterable[str]) -> list[str]:
    """The processes of these services; the name of one process is that one alone.

    Raises Trouble for an unknown name.
    """
    found: list[str] = []
    for wanted in names:
        its = [name for name in running(home) if wanted in (name, service_of(name))]
        if not its:
            known(home, wanted)  # says which there are
        found += its
    return list(dict.fromkeys(found))


def demand_copies(home: Home, names: Iterable[str]) -> None:
    """Raise Trouble for services that run once: their restart could not be without an outage."""
    chosen = processes_of(home, names)
    shared = [other for name in chosen for other in known(home, name)]
    if once := sorted({name for name in (*chosen, *shared) if not copies_of(home, name)}):
        wish = ",".join(dict.fromkeys(f"{service_of(name)}=2" for name in once))
        raise Trouble(
            f"Nothing was restarted: there is no other copy of {', '.join(once)} that is ready and "
            f"could serve meanwhile. `liandong up --scale {wish}` runs several; without --rolling "
            "each is restarted all the same.",
            f"未重启任何进程：{', '.join(once)} 没有其他就绪的副本，重启会造成中断。"
            f"可用 liandong up --scale {wish} 运行多份；不加 --rolling 则照常逐个重启。",
        )


def copies_of(home: Home, name: str) -> list[str]:
    """The other processes of the same service that are ready."""
    return [
        other
        for other, process in running(home).items()
        if other != name and service_of(other) == service_of(name) and process["state"] == "ready"
    ]


def known(home: Home, name: str) -> list[str]:
    """The other services of the same process. Raises Trouble for an unknown name."""
    processes = running(home)
    if name not in processes:
        names = ", ".join(sorted(processes))
        raise Trouble(
            f"There is no process {name!r}; there are: {names}.",
            f"没有名为 {name!r} 的进程；现有：{names}。",
        )
    return list(processes[name]["shares_with"])


def wait(home: Home, name: str, state: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while (process := running(home)[name])["state"] != state:
        if time.monotonic() > deadline:
            raise Trouble(
                f"{name} is still {process['state']} after {PATIENCE:.0f} s; "
                f"its log is in {home.logs}. {process['last_failure']}",
                f"{PATIENCE:.0f} 秒后 {name} 仍处于 {process['state']}；"
                f"日志在 {home.logs}。{process['last_failure']}",
            )
        time.sleep(POLL)


def running(home: Home) -> dict[str, dict[str, Any]]:
    state = read_state(home)
    if not state:
        raise Trouble(
            f"liandong does not run in {home.path}: `make run` or `liandong up` starts it.",
            f"liandong 未在 {home.path} 运行：请执行 make run 或 liandong up。",
        )
    processes: dict[str, dict[str, Any]] = state["processes"]
    return processes
