"""The make targets: `python -m operate.cli.targets migrate|topics|acls|environment`.

Each uses the server that the environment names, or the embedded one while it runs.
"""

import asyncio
import logging
import os
import sys
from pathlib import Path

from operate.admin import topics as declared
from operate.backup import refilling
from operate.cli import guard
from operate.cli.screen import words
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
    """Create missing topics. Raises Trouble if their events must be sent again first."""
    if installation.home.supervisor():
        present = await boot.present_topics(installation) or set()
        lost = await refilling.lost(installation.admin_dsn, declared.read(), present)
        if lost:
            names = ", ".join(lost)
            raise Trouble(
                f"Kafka has lost {names}, and journals have their events: `liandong down` and "
                "`liandong up` create and fill them. Created now, they would miss the old events.",
                f"Kafka 丢失了 {names}，而日志中仍有其事件：请执行 liandong down 再 liandong up，"
                "以便重建并填充。现在直接建立会缺少旧事件。",
            )
    return await boot.create_topics(installation)


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
