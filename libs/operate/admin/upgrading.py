"""Tells what an upgrade would change in this installation, and does it beside a living city."""

from collections.abc import Sequence

import asyncpg

from backbone.postgres.migrate import migrate_all
from backbone.process.settings import PORTS
from operate.admin import data_keys, due
from operate.home import absence
from operate.home.trouble import Trouble
from operate.run import boot, control
from operate.run.installation import Installation


async def plan(installation: Installation) -> due.Plan:
    """Look, and change nothing. Raises Trouble without a database."""
    try:
        conn = await asyncpg.connect(installation.admin_dsn, timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        raise absence.of(installation, "postgres") from error
    try:
        return await due.plan(conn)
    finally:
        await conn.close()


async def perform(installation: Installation, asked: due.Plan) -> list[str]:
    """Migrate beside the living city; return what was applied.

    Raises Trouble, with nothing changed, if a migration would block it or break what runs.
    """
    if asked.refused:
        names = ", ".join(asked.refused)
        raise Trouble(
            f"Not beside a living city: {names}. `liandong down` and `liandong up` apply them "
            "while no service runs; nothing was changed.",
            f"不能在运行中执行：{names}。请执行 liandong down 再 liandong up，"
            "在各服务停止时应用；未作任何更改。",
        )
    applied = await migrate_all(installation.admin_dsn, installation.keys.secret)
    await data_keys.ensure(installation.admin_dsn, installation.keys)
    # New topics and rights stand before a service of the new release starts.
    await boot.create_topics(installation)
    await boot.apply_acls(installation)
    return applied


def roll(installation: Installation, names: Sequence[str]) -> list[str]:
    """Restart these services, or every one, with the code that is installed now, one process after
    the other. Raises Trouble for an unknown name."""
    return control.again(installation.home, names or PORTS)
