"""`liandong doctor`: looks at everything that can stand in the way, and says what to do."""

import importlib
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime

import asyncpg
import psutil

from operate import jars, ports, postgres, status, topics
from operate.home import Home
from operate.installation import Installation
from operate.screen import console, plain, words
from operate.trouble import Trouble

GIGABYTE = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is empty when all is well."""

    what: str
    seen: str
    remedy: str = ""


async def examine(home: Home) -> bool:
    """Print what was found; say whether all is well."""
    findings = [machine(), disk(home), *home_of(home), *downloads(), *permission()]
    running = home.supervisor() is not None
    for check in [processes, database, topics_of] if running else [free_ports]:
        findings += await careful(check, home)
    table = plain("", *words("what seen remedy", "检查 结果 处理").split())
    for each in findings:
        sign = "[red]✗[/]" if each.remedy else "[green]✓[/]"
        table.add_row(sign, each.what, each.seen, each.remedy)
    console.print(table)
    limits()
    return not any(each.remedy for each in findings)


async def careful(check: Callable[[Home], Awaitable[list[Finding]]], home: Home) -> list[Finding]:
    """A check that meets trouble is a finding, not the end of the examination."""
    try:
        return await check(home)
    except Trouble as trouble:
        return [Finding(check.__name__.replace("_", " "), "", str(trouble))]
    except (OSError, asyncpg.PostgresError) as error:
        return [Finding(check.__name__.replace("_", " "), str(error), "see the logs")]


def machine() -> Finding:
    free = psutil.virtual_memory().available
    version = ".".join(map(str, sys.version_info[:3]))
    seen = f"Python {version}, {os.cpu_count()} cores, {free / GIGABYTE:.1f} GiB of memory free"
    return Finding("machine", seen, "about 2.5 GiB are needed" if free < 2 * GIGABYTE else "")


def disk(home: Home) -> Finding:
    folder = home.path if home.path.exists() else home.path.parent
    free = shutil.disk_usage(folder).free
    remedy = f"free some space on the disk of {folder}" if free < GIGABYTE else ""
    return Finding("disk", f"{free / GIGABYTE:.1f} GiB free", remedy)


def home_of(home: Home) -> list[Finding]:
    found = [Finding("home", str(home.path)), Finding("ports", f"{home.ports.base} and following")]
    if home.secret.exists() and home.secret.stat().st_mode & 0o077:
        found.append(Finding("secret", "others may read it", f"chmod 600 {home.secret}"))
    return found


def downloads() -> list[Finding]:
    """Present and as pinned, without fetching anything."""
    wanted = jars.read_list()
    folder = jars.cache_folder() / "m2"
    good = [jar for jar in wanted if jars.is_good(folder / jar.path, jar)]
    seen = f"{len(good)} of {len(wanted)} Kafka files in {folder}"
    return [Finding("downloads", seen if len(good) < len(wanted) else f"{seen}, all as pinned")]


def permission() -> list[Finding]:
    if os.environ.get("DATABASE_URL"):
        return [Finding("PostgreSQL", "from DATABASE_URL")]
    try:
        seen = "as root, in a user namespace" if postgres.disguise() else "embedded"
    except Trouble as trouble:
        return [Finding("PostgreSQL", "cannot run as root here", str(trouble))]
    return [Finding("PostgreSQL", seen)]


async def free_ports(home: Home) -> list[Finding]:
    ports.demand_free(Installation.here(home).wanted_ports() if home.secret.exists() else {})
    return [Finding("running", words("no: make run starts it", "否:make run 启动"))]


async def processes(home: Home) -> list[Finding]:
    found = await status.examine(home)
    return [
        Finding(name, each["state"], each["last_failure"] or "; ".join(each["flaws"]))
        if each["state"] not in ("ready", "held") or each["flaws"]
        else Finding(name, each["state"])
        for name, each in found["processes"].items()
    ]


async def database(home: Home) -> list[Finding]:
    """Durable, and with a clock like ours: clocks and deadlines are judged by the database."""
    conn = await asyncpg.connect(Installation.here(home).admin_dsn, timeout=5)
    try:
        time = await conn.fetchval("SELECT clock_timestamp()")
        apart = abs((datetime.now(UTC) - time).total_seconds())
        fsync = await conn.fetchval("SHOW fsync")
    finally:
        await conn.close()
    return [
        Finding("fsync", fsync, "" if fsync == "on" else "switch it on: data may be lost"),
        Finding("clocks", f"{apart:.1f} s apart", "set the clocks" if apart > 2 else ""),
    ]


async def topics_of(home: Home) -> list[Finding]:
    told = await topics.compare(Installation.here(home).bootstrap, topics.read())
    return [Finding("topics", each, "make topics") for each in told] or [
        Finding("topics", "as declared")
    ]


def limits() -> None:
    """The rate limits in force, and the variables that change them."""
    settings = importlib.import_module("services.gateway.settings")
    given = settings.read_gateway_settings(os.environ)
    table = plain(*words("limit value", "限额 值").split())
    for each in fields(given):
        if each.name.endswith(("_rate", "_burst")):
            table.add_row(f"{settings.PREFIX}{each.name.upper()}", f"{getattr(given, each.name):g}")
    console.print()
    console.print(table)
