"""Tells what an upgrade would change in this installation, and does it beside a living city."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from backbone.postgres.expanding import CONTRACT, flaws_of
from backbone.postgres.migrate import migrate_all, name_of, pending, schemas
from backbone.process.settings import PORTS
from operate.admin import data_keys
from operate.home import absence
from operate.home.trouble import Trouble
from operate.run import boot, control
from operate.run.installation import Installation


@dataclass(slots=True)
class Plan:
    """The migrations that are due, and for each what a living city would suffer from it."""

    due: list[str] = field(default_factory=list)
    contracts: list[str] = field(default_factory=list)
    flaws: dict[str, list[str]] = field(default_factory=dict)


async def plan(installation: Installation) -> Plan:
    """Look, and change nothing. Raises Trouble without a database."""
    try:
        conn = await asyncpg.connect(installation.admin_dsn, timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        raise absence.of(installation, "postgres") from error
    found = Plan()
    try:
        for schema in schemas():
            for path in await pending(conn, schema):
                name, text = f"{schema.name}: {name_of(schema, path)}", path.read_text()
                found.due.append(name)
                if text.startswith(CONTRACT):
                    found.contracts.append(name)
                if flaws := flaws_of(text):
                    found.flaws[name] = flaws
    finally:
        await conn.close()
    return found


async def perform(installation: Installation, asked: Plan) -> list[str]:
    """Migrate beside the living city; return what was applied.

    Raises Trouble, with nothing changed, if a migration would block it or break what runs.
    """
    if asked.flaws or asked.contracts:
        names = ", ".join([*asked.flaws, *asked.contracts])
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
