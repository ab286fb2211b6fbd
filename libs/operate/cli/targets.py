"""The make targets `migrate`, `topics`, `acls`: `python -m operate.cli.targets NAME`.

Each uses the server that the environment names, or the embedded one while it runs.
"""

import asyncio
import logging
import sys

from operate.cli import guard
from operate.cli.screen import words
from operate.home.home import Home
from operate.run import boot
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
    told = asyncio.run(boot.create_topics(Installation.here(Home.here())))
    print("\n".join(told) or words("all topics are as declared", "所有主题与声明一致"))
    return 1 if told else 0


def acls() -> int:
    """Give each service its user and its rights at a protected Kafka, and no others."""
    told = asyncio.run(boot.apply_acls(Installation.here(Home.here())))
    print("\n".join(told) or words("all rights are as declared", "所有权限与声明一致"))
    return 0


def main(name: str) -> int:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return guard.run({"migrate": migrate, "topics": topics, "acls": acls}[name])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
