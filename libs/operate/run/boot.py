"""The boot: starts servers, services and stream processor in parallel where possible."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

import asyncpg
import stamina
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from backbone.kafka.connecting import WRONG_PASSWORD, refusal_by
from backbone.postgres.migrate import MigrationError, migrate_all
from backbone.postgres.pool import is_transient
from backbone.process.certificates import WireFlaw, flaw_in
from backbone.process.settings import PORTS
from backbone.process.wires import Protected
from operate.admin import accounts, acls, city, data_keys, due, topics
from operate.admin.topic_differences import OURS
from operate.backup import refilling, unfinished
from operate.cli.screen import words
from operate.home import absence
from operate.home.trouble import Trouble
from operate.run import warmup
from operate.run.all_ready import all_ready
from operate.run.child import State
from operate.run.facts import Facts
from operate.run.installation import DATABASE, Installation
from operate.run.protection import kafka_password
from operate.run.supervisor import Supervisor

log = logging.getLogger(__name__)

PATIENCE = 120.0
EACH = 5.0  # more seconds for each process: few cores start many services one after the other
FIRST = "-0"  # a node keeps the first partition of a topic in the folder <topic>-0
AWAY = (OSError, KafkaConnectionError, KafkaTimeoutError, *WRONG_PASSWORD)


class Boot:
    """Brings one installation up; the supervisor calls it with itself."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._demo = False
        self._present: set[str] | None = None
        self._refilled = asyncio.Event()

    async def __call__(self, supervisor: Supervisor) -> Facts:
        """Start everything; return the facts of run.json beside the processes. Raises Trouble."""
        self._present = await present_topics(self._installation)  # before any is created
        await together(self._bring_up_database(supervisor), self._bring_up_kafka(supervisor))
        for each in supervisor.children:
            if "kafka" in each.program.needs:
                each.start()
        supervisor.say(words("waiting for the services", "等待各服务就绪"))
        await self._load_city(supervisor)
        supervisor.say(words("waiting for the services", "等待各服务就绪"))
        await all_ready(supervisor.children, PATIENCE + EACH * len(supervisor.children))
        return self._facts()

    async def _load_city(self, supervisor: Supervisor) -> None:
        """Load the demo city if there is none: the directory becomes ready only with a city."""
        if supervisor.child("directory").state is State.HELD:
            return  # of a city that goes on
        starting = asyncio.create_task(supervisor.child("directory").ready())
        loading = asyncio.create_task(city.load_if_empty(self._installation, supervisor.say))
        try:
            await asyncio.wait({starting, loading}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
            await loading
        finally:
            starting.cancel()
            loading.cancel()

    async def _bring_up_database(self, supervisor: Supervisor) -> None:
        installation = self._installation
        if server := installation.postgres:
            supervisor.say(words("starting PostgreSQL", "正在启动 PostgreSQL"))
            child = supervisor.child("postgres")
            child.start()
            await all_ready([child], PATIENCE)
            await create_database(server.dsn)
        supervisor.say(words("migrating the schemas", "正在迁移数据库"))
        await migrate(installation)
        await self._refill()
        supervisor.say(words("starting the services", "正在启动各服务"))
        for each in supervisor.children:
            if each.program.needs == {"postgres"}:
                each.start()
        # The services start beside it: on a slow machine a connection may take too long.
        again = stamina.retry_context(on=is_transient, attempts=None, timeout=PATIENCE)
        async for attempt in again:
            with attempt:
                installation.home.demo_ended.unlink(missing_ok=True)
                self._demo = await accounts.begin(installation)

    async def _refill(self) -> None:
        """Have the relays fill the topics that Kafka has lost; no service runs yet."""
        if self._present is not None:
            dsn = self._installation.admin_dsn
            for schema, count in (await refilling.mark(dsn, topics.read(), self._present)).items():
                log.info("kafka has lost topics: %s sends %s events again", schema, count)
        self._refilled.set()

    async def _bring_up_kafka(self, supervisor: Supervisor) -> None:
        installation = self._installation
        if node := installation.kafka:
            await asyncio.to_thread(node.prepare, partial(fetched, supervisor, time.monotonic()))
            if await asyncio.to_thread(warmup.is_due):
                supervisor.say(
                    words(
                        "preparing Kafka for fast starts, once", "首次运行：为 Kafka 快速启动做准备"
                    )
                )
                await asyncio.to_thread(warmup.train)
            supervisor.say(words("starting Kafka", "正在启动 Kafka"))
            child = supervisor.child("kafka")
            child.start()
            await all_ready([child], PATIENCE)
        await self._refilled.wait()
        await create_topics(installation)
        await apply_acls(installation)

    def _facts(self) -> Facts:
        installation = self._installation
        protection = installation.protection
        shown = {"ca": str(protection.folder / "ca.pem")} if protection.secure else {}
        return {
            **shown,
            "gateway": installation.gateway_url,
            "kafka": installation.bootstrap,
            "database": installation.admin_dsn,
            "accounts": accounts.demo() if self._demo else [],
            "api_keys": accounts.api_keys(installation.keys) if self._demo else [],
        }


def fetched(supervisor: Supervisor, started: float, done: int, total: int) -> None:
    """Report the download of Kafka, after its first second; called from a thread."""
    if done < total and time.monotonic() - started > 1:
        supervisor.doing = words(
            f"fetching Kafka, {done} of {total} files", f"正在下载 Kafka:{done}/{total}"
        )


async def present_topics(installation: Installation) -> set[str] | None:
    """Our topics that Kafka has; None if that is not known yet, as of one that is still down."""
    if node := installation.kafka:
        return {path.name[: -len(FIRST)] for path in node.data.glob(f"{OURS}*{FIRST}")}
    try:
        return await topics.existing(installation.brokers)
    except (KafkaError, OSError):
        return None


async def create_database(dsn: str) -> None:
    conn = await asyncpg.connect(dsn)
    try:
        known = await conn.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE)
        if not known:
            await conn.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await conn.close()


async def migrate(installation: Installation, *, restoring: bool = False) -> list[str]:
    """Migrate all schemas, and give each its keys; return the applied files. Raises Trouble, also
    for a migration that would block services at work, or break what they read, and for a database
    whose restore has not come to its end, unless it is that of this command."""
    try:
        if not restoring:
            await unfinished.demand_none(installation.admin_dsn)
        await due.demand_rest(installation)
        applied = await migrate_all(installation.admin_dsn, installation.keys.secret)
        await data_keys.ensure(installation.admin_dsn, installation.keys)
        return applied
    except (OSError, asyncpg.CannotConnectNowError) as error:
        raise no_database(installation, error) from error
    except (asyncpg.PostgresError, MigrationError) as error:
        raise Trouble(
            f"The database migration failed: {error}. With your own DATABASE_URL, its role needs "
            "CREATEROLE, and CREATE on the database.",
            f"数据库迁移失败：{error}。使用自己的 DATABASE_URL 时，其角色需要 CREATEROLE 权限"
            "以及该数据库的 CREATE 权限。",
        ) from error


async def create_topics(installation: Installation) -> list[str]:
    """Create missing topics; return the differences. Raises Trouble if Kafka fails."""
    bootstrap = installation.bootstrap
    try:
        return await topics.ensure(installation.brokers, topics.read())
    except AWAY as error:
        raise await no_kafka(installation) from error
    except KafkaError as error:
        raise Trouble(
            f"Kafka at {bootstrap} refused the topics: {error!r}. See its log.",
            f"{bootstrap} 的 Kafka 未能建立主题：{error!r}。详见其日志。",
        ) from error


async def apply_acls(installation: Installation) -> list[str]:
    """Give each service its user and rights at Kafka; return what changed. Raises Trouble.

    A Kafka without protection has neither.
    """
    if not isinstance(installation.brokers, Protected):
        return []
    users = {name: kafka_password(installation.keys, name) for name in PORTS}
    try:
        return await acls.ensure(installation.brokers, acls.read(), users)
    except AWAY as error:
        raise await no_kafka(installation) from error
    except KafkaError as error:
        raise Trouble(
            f"Kafka refused to set the rights of the services: {error!r}. The administrator "
            "(KAFKA_ADMIN_USER) needs ALTER on the cluster.",
            f"Kafka 拒绝设置各服务的权限：{error!r}。管理账号（KAFKA_ADMIN_USER）需要集群的 "
            "ALTER 权限。",
        ) from error


async def no_kafka(installation: Installation) -> Trouble:
    """Why Kafka was of no use: it does not let us in, or it does not answer."""
    brokers = installation.brokers
    flaw = await refusal_by(brokers) if isinstance(brokers, Protected) else None
    return told(flaw) or absence.of(installation, "kafka")


def no_database(installation: Installation, error: BaseException) -> Trouble:
    """Why PostgreSQL was of no use: its certificate is not good, or it does not answer."""
    return told(flaw_in(error, "PostgreSQL")) or absence.of(installation, "postgres")


def told(flaw: WireFlaw | None) -> Trouble | None:
    return None if flaw is None else Trouble(flaw.english, flaw.chinese)


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """Run the coroutines concurrently; the first failure cancels the others and is raised."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for part in parts:
                tasks.create_task(part)
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
