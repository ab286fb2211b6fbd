"""`liandong doctor`: checks machine, settings, ports and servers, and suggests remedies."""

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError

from backbone.process.settings import SettingsError
from operate.admin import topics, wiring
from operate.admin.evidence import schemas_in
from operate.admin.finding import Finding, see_logs
from operate.admin.forgeries import forgeries
from operate.admin.machine import disk, downloads, machine, permission, present
from operate.admin.process_findings import processes
from operate.admin.sign_in import sign_in_of
from operate.admin.topic_differences import Away, Kept
from operate.admin.waiting_findings import dead_letters, refused_links
from operate.cli.screen import console, plain, words
from operate.home import elsewhere, leftovers, ports
from operate.home.certificates import IDENTITIES, is_open
from operate.home.home import Home
from operate.home.trouble import Trouble
from operate.run import boot
from operate.run.installation import Installation

PATIENCE = 20.0
# Settings of its command line or its machine win: then it says `off` also afterwards.
FSYNC_ON = "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf()"
LAST_CHECK = """
SELECT flaws, first, time < now() - interval '2 days' AS is_old, time
FROM "{schema}".verifications ORDER BY time DESC LIMIT 1
"""


async def examine(home: Home) -> bool:
    """Run all checks and print the findings; return whether there is no problem."""
    findings = [machine(), disk(home), *home_of(home), *downloads(), *permission()]
    findings += await careful(words("certificates", "证书"), "", certificates_of, home)
    runner = elsewhere.runner_of(home)
    if home.supervisor() is None and runner is None:
        findings += await careful(words("ports", "端口"), "", free_ports, home)
    else:
        findings += await careful(words("processes", "进程"), "", processes, home)
        findings += await careful(words("database", "数据库"), "postgres", database, home)
        findings += await careful(words("evidence", "存证"), "postgres", evidence_of, home)
        findings += await careful(words("forged", "伪造"), "", forgeries, home)
        findings += await careful(words("topics", "主题"), "kafka", topics_of, home)
        findings += await careful(words("dead letters", "死信"), "kafka", dead_letters, home)
        findings += await careful(words("refused follow-ups", "后续联动"), "", refused_links, home)
        findings += await careful(words("rights at Kafka", "Kafka 权限"), "kafka", rights, home)
    findings += await careful(words("sign-in provider", "统一身份认证"), "", sign_in_of, home)
    table = plain("", *words("what seen remedy", "检查 结果 处理").split())
    rates = limits(findings)
    for each in findings:
        sign = "[red]✗[/]" if each.remedy else "[green]✓[/]"
        table.add_row(sign, each.what, each.seen, each.remedy)
    console.print(table)
    if runner is None:  # else the gateway has another environment than this command
        console.print()
        console.print(rates)
    return not any(each.remedy for each in findings)


async def careful(
    what: str, part: str, check: Callable[[Home], Awaitable[list[Finding]]], home: Home
) -> list[Finding]:
    """Run one check; an error becomes a finding, and the other checks go on.

    `part` is the server that the check asks, which the remedy names if it does not answer.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await check(home)
    except Trouble as trouble:
        return [Finding(what, "", str(trouble))]
    except (OSError, KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        remedy = str(await away(Installation.here(home), part, error)) if part else see_logs(home)
        return [Finding(what, str(error) or words("no answer", "没有应答"), remedy)]


async def away(installation: Installation, part: str, error: Exception) -> Trouble:
    if part == "kafka":
        return await boot.no_kafka(installation)
    return boot.no_database(installation, error)


def home_of(home: Home) -> list[Finding]:
    base = words(f"{home.ports.base} and following", f"自 {home.ports.base} 起")
    usable = os.access(present(home.path), os.W_OK | os.X_OK) and present(home.path).is_dir()
    other = words(
        "it cannot be written: choose another folder with LIANDONG_HOME",
        "无法写入：请用 LIANDONG_HOME 指定另一个文件夹",
    )
    found = [
        Finding(words("home", "主目录"), str(home.path), "" if usable else other),
        Finding(words("ports", "端口"), base),
    ]
    if is_open(home.secret):
        seen = words("others may read it", "其他用户可读")
        found.append(Finding(words("secret", "密钥文件"), seen, f"chmod 600 {home.secret}"))
    return found


async def free_ports(home: Home) -> list[Finding]:
    what = words("running", "运行")
    if left := leftovers.find(str(home.path)):
        seen = words(
            f"no, but {len(left)} processes of an earlier run are left",
            f"否，但上次运行遗留 {len(left)} 个进程",
        )
        ends = words(
            "`liandong up --detach` adopts them, without an outage; `liandong down` ends them",
            "liandong up --detach 可接管，不中断服务；liandong down 将其结束",
        )
        return [Finding(what, seen, ends)]
    known = home.secret.exists()  # else it has never been started
    wanted = Installation.here(home).wanted_ports() if known else home.ports.of_services()
    ports.demand_free(wanted)
    return [Finding(what, words("no: make run starts it", "否：make run 启动"))]


async def database(home: Home) -> list[Finding]:
    """Check fsync and clock skew: the database's clock decides when clocks and deadlines end."""
    conn = await asyncpg.connect(Installation.here(home).admin_dsn, timeout=5)
    try:
        time = await conn.fetchval("SELECT clock_timestamp()")
        apart = abs((datetime.now(UTC) - time).total_seconds())
        fsync = await conn.fetchval("SHOW fsync")
    finally:
        await conn.close()
    lose = words(f"{fsync}: data may be lost", f"{fsync}：可能丢失数据")
    kept = fsync == "on"
    seen = words(f"{apart:.1f} s apart", f"相差 {apart:.1f} 秒")
    clocks = words("set the clocks", "请校准时钟")
    return [
        Finding("fsync", fsync if kept else lose, "" if kept else FSYNC_ON),
        Finding(words("clocks", "时钟"), seen, clocks if apart > 2 else ""),
    ]


async def evidence_of(home: Home) -> list[Finding]:
    """The result of the last nightly check of each service."""
    conn = await asyncpg.connect(Installation.here(home).admin_dsn, timeout=5)
    found, unchecked = [], False
    try:
        for schema in await schemas_in(conn):
            row = await conn.fetchrow(LAST_CHECK.format(schema=schema))
            unchecked = unchecked or row is None
            if row is not None and row["flaws"]:
                seen = f"{schema}: {row['first']}"
                found.append(Finding(words("evidence", "存证"), seen, "liandong verify"))
            elif row is not None and row["is_old"]:
                seen = words(
                    f"{schema}: not checked since {row['time']:%Y-%m-%d}",
                    f"{schema}：{row['time']:%Y-%m-%d} 以来未校验",
                )
                found.append(Finding(words("evidence", "存证"), seen, "liandong verify"))
    finally:
        await conn.close()
    sound = words("no flaw at the last nightly check", "最近一次夜间校验无问题")
    if unchecked:
        sound = words(
            "not checked yet: it is each night, and by `liandong verify`",
            "尚未校验：每夜自动校验，也可执行 liandong verify",
        )
    return found or [Finding(words("evidence", "存证"), sound)]


async def topics_of(home: Home) -> list[Finding]:
    told = await topics.compare(Installation.here(home).brokers, topics.read())
    what = words("topics", "主题")
    return [Finding(what, each, remedy_of_topic(each)) for each in told] or [
        Finding(what, words("as declared", "与声明一致"))
    ]


def remedy_of_topic(told: str) -> str:
    if isinstance(told, Away):
        return words("start that broker", "请启动该代理")
    return told.remedy if isinstance(told, Kept) else "make topics"


async def certificates_of(home: Home) -> list[Finding]:
    names = IDENTITIES
    if elsewhere.runner_of(home):  # each service has its own; CertificateExpires tells of them
        folder = Installation.here(home).protection.folder
        here = tuple(each for each in IDENTITIES if (folder / f"{each}.pem").exists())
        names = here or IDENTITIES
    found = wiring.certificates(Installation.here(home), names) if home.secret.exists() else []
    return [Finding(words("certificates", "证书"), *each) for each in found]


async def rights(home: Home) -> list[Finding]:
    """Whether Kafka lets every service in, and what it lets it do."""
    found = await wiring.at_kafka(Installation.here(home))
    return [Finding(words("rights at Kafka", "Kafka 权限"), *each) for each in found]


def limits(findings: list[Finding]) -> Any:
    """A table of the rate limits in force with their variables; a bad setting is a finding."""
    settings = importlib.import_module("services.gateway.settings")
    table = plain(*words("limit value", "限额 值").split())
    try:
        given = settings.read_gateway_settings(os.environ)
    except SettingsError as error:
        mend = words("correct the setting", "请更正该设置")
        findings.append(Finding(words("settings", "设置"), str(error), mend))
        return table
    for each in fields(given):
        if each.name.endswith(("_rate", "_burst")):
            table.add_row(f"{settings.PREFIX}{each.name.upper()}", f"{getattr(given, each.name):g}")
    return table
