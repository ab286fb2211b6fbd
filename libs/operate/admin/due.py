"""The migrations that are due, and whether they may run beside a living city."""

import os
from dataclasses import dataclass, field

import asyncpg

from backbone.postgres.expanding import CONTRACT, flaws_of
from backbone.postgres.migrate import name_of, pending, schemas
from operate.home import elsewhere
from operate.home.trouble import Trouble
from operate.run.installation import Installation

# Said by a person who knows why.
ANYWAY = "LIANDONG_MIGRATE_ANYWAY"
# Before a city is loaded, the services serve no person and every table is empty: they may run
# beside the first migrations.
LOADED = "SELECT EXISTS (SELECT FROM directory.packs)"
AT_WORK = """
SELECT DISTINCT usename FROM pg_stat_activity
WHERE datname = current_database() AND usename = ANY($1)
"""


@dataclass(slots=True)
class Plan:
    """The migrations that are due, and for each what a living city would suffer from it."""

    due: list[str] = field(default_factory=list)
    contracts: list[str] = field(default_factory=list)
    flaws: dict[str, list[str]] = field(default_factory=dict)

    @property
    def refused(self) -> list[str]:
        """Those that may not run beside a living city."""
        return [*dict.fromkeys([*self.flaws, *self.contracts])]


async def plan(conn: "asyncpg.Connection[asyncpg.Record]") -> Plan:
    """Look, and change nothing."""
    found = Plan()
    for schema in schemas():
        for path in await pending(conn, schema):
            name, text = f"{schema.name}: {name_of(schema, path)}", path.read_text()
            found.due.append(name)
            if text.startswith(CONTRACT):
                found.contracts.append(name)
            if flaws := flaws_of(text):
                found.flaws[name] = flaws
    return found


async def demand_rest(installation: Installation) -> None:
    """Raise Trouble, with nothing changed, if a due migration would block services that are at work
    on its schema, or take away what they read. Raises OSError, PostgresError."""
    if os.environ.get(ANYWAY) == "1":
        return
    conn = await asyncpg.connect(installation.admin_dsn)
    try:
        refused = (await plan(conn)).refused
        living = refused and await at_work(conn)
    finally:
        await conn.close()
    names = [name for name in refused if living and name.partition(":")[0] in living]
    if names:
        raise not_beside(installation, names)


async def working(installation: Installation) -> set[str]:
    """The schemas whose services are at work now. Raises OSError, PostgresError."""
    conn = await asyncpg.connect(installation.admin_dsn)
    try:
        return await at_work(conn)
    finally:
        await conn.close()


async def at_work(conn: "asyncpg.Connection[asyncpg.Record]") -> set[str]:
    """The schemas of a loaded city whose services are connected."""
    if not await conn.fetchval("SELECT to_regclass('directory.packs')"):
        return set()
    if not await conn.fetchval(LOADED):
        return set()
    roles = {schema.role: schema.name for schema in schemas()}
    return {roles[row["usename"]] for row in await conn.fetch(AT_WORK, [*roles])}


def not_beside(installation: Installation, names: list[str]) -> Trouble:
    """Why these may not run now, and the commands that let them."""
    runner = elsewhere.runner_of(installation.home)
    stops = runner.halts if runner else "liandong down"
    told = ", ".join(names)
    return Trouble(
        f"Not beside a living city: {told}. Services are at work there, which it would block, or "
        f"whose tables it would change: `{stops}`, and run this again. {ANYWAY}=1 does it all the "
        "same. Nothing was changed.",
        f"不能在运行中执行：{told}。相关服务正在使用该数据库，执行会阻塞或破坏其运行："
        f"请先执行 {stops}，再重新执行。设 {ANYWAY}=1 可强制执行。未作任何更改。",
    )
