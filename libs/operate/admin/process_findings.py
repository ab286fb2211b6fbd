"""The findings of doctor about each process: a cause stands before its consequences."""

import re
from collections.abc import Mapping
from typing import Any

from backbone.door.timers import OVERDUE
from backbone.postgres.data_keys import UNOPENED
from backbone.shell.standing import WAITED
from operate.admin import status
from operate.admin.finding import Finding, see_logs
from operate.cli.screen import words
from operate.home import absence, elsewhere
from operate.home.home import Home
from operate.run.installation import Installation
from operate.run.programs import programs_of

# Flaws quote the commands that mend them.
COMMAND = re.compile(r"`([^`]+)`")
# Causes outside of a process, by words of the flaw.
OUTSIDE = {
    "the clock of this host": ("set the clock of this machine", "请校准本机时钟"),
    WAITED: (
        "mend what is told below of topics, brokers and rights at Kafka",
        "请按下文处理 Kafka 的主题、代理和权限",
    ),
    UNOPENED: (
        "restore the row of data_keys, or the file of keys, from a backup (docs/keys.md)",
        "请从备份恢复 data_keys 中的对应行或密钥文件（见 docs/keys.md）",
    ),
    "The certificate for browsers": (
        "write a good certificate and its key into the file that it names",
        "请将有效证书及其私钥写入所指文件",
    ),
    OVERDUE: (
        "end what holds its rows in the database; the clocks fire by themselves afterwards",
        "请结束在数据库中占用这些行的会话，之后时限自动触发",
    ),
}

Process = Mapping[str, Any]


async def processes(home: Home) -> list[Finding]:
    """One finding for each process, by its present state, and for a supervisor that is frozen."""
    told = await status.examine(home)
    found, watcher = told["processes"], told.get("supervisor", {})
    installation = Installation.here(home)
    full = home.is_full() is not None
    ill = {name for name, each in found.items() if not is_well(each)}
    frozen = [status.frozen_supervisor(watcher["pid"])] if watcher.get("frozen") else []
    return [
        *(Finding(words("supervisor", "守护进程"), *each) for each in frozen),
        *(
            Finding(name, seen_of(each), remedy_of(installation, name, each, ill, full=full))
            for name, each in found.items()
        ),
    ]


def is_well(process: Process) -> bool:
    return process["state"] == "ready" and not process["flaws"]


def seen_of(process: Process) -> str:
    said = "; ".join(process["flaws"])
    if process["state"] not in ("ready", "held"):
        said = str(process["last_failure"])
    seen = ": ".join(filter(None, (process["state"], said)))
    again = process.get("restarts", 0)
    return seen + (words(f", {again} restarts", f"，重启 {again} 次") if again else "")


def remedy_of(
    installation: Installation, name: str, process: Process, ill: set[str], *, full: bool = False
) -> str:
    """The remedy; a process whose server is ill needs only the remedy of the server."""
    if is_well(process):
        return ""
    if held := absence.held_down(installation, name):
        return f"liandong start {held}"
    if full:
        return words(
            "free some space on the disk: it starts again by itself",
            "请腾出磁盘空间，之后会自动恢复",
        )
    if causes := sorted((needs_of(installation, name) | waits_for(process)) & ill):
        cause = ", ".join(causes)
        return words(f"it follows {cause}: mend that first", f"由 {cause} 引起，请先处理该项")
    if commands := [command for flaw in process["flaws"] for command in COMMAND.findall(flaw)]:
        return "; ".join(dict.fromkeys(commands))
    if process["state"] == "ready" and (remedy := outside(process)):
        return remedy
    return begun_anew(installation, name, process)


def begun_anew(installation: Installation, name: str, process: Process) -> str:
    """The remedy without a better one: restart the process by its runner, and read its log."""
    home = installation.home
    if runner := elsewhere.runner_of(home):
        if name in absence.OWN:
            return str(absence.of(installation, name))
        return f"{runner.restart(name)}; {runner.log(name)}"
    if process["state"] != "ready":
        return see_logs(home)
    again = f"liandong stop {name} && liandong start {name}"
    return words(f"{again}; {see_logs(home)}", f"{again}；{see_logs(home)}")


def outside(process: Process) -> str:
    """The remedy if all flaws are of one cause outside, for which no command of ours and no new
    start does anything; else empty."""
    for said, remedy in OUTSIDE.items():
        if all(said in flaw for flaw in process["flaws"]):
            return words(*remedy)
    return ""


def waits_for(process: Process) -> set[str]:
    return {"kafka"} if any(WAITED in flaw for flaw in process["flaws"]) else set()


def needs_of(installation: Installation, name: str) -> set[str]:
    """The servers that the process of this name needs."""
    alone = name.partition("@")[0]  # of a city elsewhere, which tells copies by their address
    found = [each.needs for each in programs_of(installation) if alone in each.names]
    return {need for needs in found for need in needs} - {name}
