"""Explains why a server or service does not answer: held down, not started, or external."""

import asyncpg

from operate.home.home import read_state
from operate.home.trouble import Trouble
from operate.run.installation import Installation
from operate.run.programs import programs_of

# Servers that may be external, and the variable that names them.
OWN = {"kafka": "KAFKA_BOOTSTRAP", "postgres": "DATABASE_URL"}


def of(installation: Installation, name: str) -> Trouble:
    """The Trouble for a server or service that did not answer, with the remedy."""
    home = installation.home
    variable = OWN.get(name, "")
    if held := held_down(installation, name):
        return Trouble(
            f"{name} does not answer: {held} is held down; `liandong start {held}` starts it.",
            f"{name} 没有应答：{held} 已被停住，请执行 liandong start {held}。",
        )
    if variable and getattr(installation, name) is None:
        return Trouble(
            f"{name} does not answer: check {variable}, and that the server is running.",
            f"{name} 没有应答：请检查 {variable} 是否正确、该服务器是否在运行。",
        )
    if not read_state(home):
        return Trouble(
            f"{name} does not run in {home.path}: start it with make run, or liandong up --detach"
            + (f"; or name a server of your own with {variable}." if variable else "."),
            f"{name} 未在 {home.path} 运行：请执行 make run 或 liandong up --detach"
            + (f"，或用 {variable} 指定自己的服务器。" if variable else "。"),
        )
    return Trouble(
        f"{name} was started, but does not answer: `liandong status` shows its state, "
        f"and its log is in {home.logs}.",
        f"{name} 已启动但没有应答：请用 liandong status 查看，日志在 {home.logs}。",
    )


async def demand_postgres(installation: Installation) -> None:
    """Raises Trouble without a database that can be asked."""
    try:
        await (await asyncpg.connect(installation.admin_dsn, timeout=5)).close()
    except (OSError, asyncpg.PostgresError) as error:
        raise of(installation, "postgres") from error


def held_down(installation: Installation, name: str) -> str:
    """The process held down that `name` needs, or `name` itself if it is held; else empty."""
    processes = read_state(installation.home).get("processes", {})
    programs = [program for program in programs_of(installation) if name in program.names]
    needs = sorted(frozenset[str]().union(*(program.needs for program in programs)))
    for each in (*needs, name):
        if processes.get(each, {}).get("state") == "held":
            return each
    return ""
