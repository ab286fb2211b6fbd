"""The make targets: `python -m operate.cli.targets migrate|topics|acls|environment`.

Each uses the server that the environment names, or the embedded one while it runs.
"""

import asyncio
import logging
import os
import sys
from pathlib import Path

import asyncpg

from operate.admin import due
from operate.admin import topics as declared
from operate.backup import refilling
from operate.cli import guard
from operate.cli.screen import words
from operate.home import elsewhere
from operate.home.home import Home
from operate.home.trouble import Trouble
from operate.run import boot, handout
from operate.run.installation import Installation


def migrate() -> int:
    """Bring the schemas up to date without starting any service."""
    home = Home.here()
    home.make()
    applied = asyncio.run(boot.migrate(Installation.here(home)))
    print("\n".join(applied) or words("every schema is up to date", "各数据库结构均为最新"))
    return 0


def topics() -> int:
    """Create missing topics; exit code 1 if a difference remains that needs a person."""
    told = asyncio.run(created(Installation.here(Home.here())))
    print("\n".join(told) or words("all topics are as declared", "所有主题与声明一致"))
    return 1 if told else 0


async def created(installation: Installation) -> list[str]:
    """Create missing topics. Those that Kafka has lost are filled from the journals by the relays.

    Raises Trouble where services are at work: their new events would overtake the old ones.
    """
    present = await boot.present_topics(installation)
    if present is not None:  # else Kafka does not answer, which its creation says
        try:
            await refill(installation, present)
        except (OSError, asyncpg.PostgresError) as error:
            raise boot.no_database(installation, error) from error
    return await boot.create_topics(installation)


async def refill(installation: Installation, present: set[str]) -> None:
    dsn, topics = installation.admin_dsn, declared.read()
    if not (lost := await refilling.lost(dsn, topics, present)):
        return
    if await due.working(installation):
        runner, names = elsewhere.runner_of(installation.home), ", ".join(lost)
        stops = runner.halts if runner else "liandong down"
        starts = words("start all again", "再启动全部") if runner else "liandong up"
        raise Trouble(
            f"Kafka has lost {names}, and journals have their events. Created now, they would miss "
            f"the old events: `{stops}`, run this again, which fills them, and {starts}.",
            f"Kafka 丢失了 {names}，而日志中仍有其事件。现在直接建立会缺少旧事件："
            f"请先执行 {stops}，再重新执行本命令（由日志重新填充），然后 {starts}。",
        )
    await refilling.mark(dsn, topics, present)


def acls() -> int:
    """Give each service its user and its rights at a protected Kafka, and no others."""
    told = asyncio.run(boot.apply_acls(Installation.here(Home.here())))
    print("\n".join(told) or words("all rights are as declared", "所有权限与声明一致"))
    return 0


def environment() -> int:
    """Write the environment of every service, and whom Prometheus asks, into the folder OUT.

    PLACE is the folder in which the services find certificates and signers.json.
    """
    home = Home.here()
    home.make()
    out, place = Path(os.environ["OUT"]), Path(os.environ.get("PLACE") or "/etc/liandong")
    told = handout.hand_out(Installation.here(home), out, place)
    print("\n".join(str(out / name) for name in told))
    return 0


TARGETS = {"migrate": migrate, "topics": topics, "acls": acls, "environment": environment}


def main(name: str) -> int:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return guard.run(TARGETS[name])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
