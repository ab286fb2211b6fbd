"""The accounts and API keys of the demo city: they exist only where it was loaded with `--demo`."""

import csv
import getpass
import importlib
import os
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg

from backbone.postgres.migrate import service_url
from operate.home.keys import Keys
from operate.run.installation import Installation

PACK = Path(__file__).parents[3] / "deploy" / "city" / "demo"
PASSWORD = "demo-liandong"  # noqa: S105  # shown together with the demo accounts

Row = dict[str, str | None]

# The roles of the API keys that the 110 desk's own system gets.
CALL_DESK = ("call_taker", "dispatcher")
LEADER = "team_leader"
ANYONE = """
SELECT EXISTS (SELECT FROM gateway.accounts) OR EXISTS (SELECT FROM gateway.api_keys)
"""


async def load(installation: Installation, *, again: bool = False) -> bool:
    """Load the demo's accounts and keys unless they were loaded before; return whether the demo is
    in force. `again` puts a demo that was ended in force; what was disabled stays disabled."""
    gateway, dsn = _gateway(installation)
    loaded: bool = await gateway.load_demo(
        dsn, coded_rows(installation), demo(), api_keys(installation.keys), operator(), again=again
    )
    return loaded


async def begin(installation: Installation) -> bool:
    """Load the demo at a first start that wants it; return whether it is in force.

    A person who asks for it by name gets it. By default only a database without any account is a
    first start's: one of a city that is restored, or was begun with `--no-demo`, gets none whose
    password is known.
    """
    wants = installation.wants_demo
    if wants and installation.demo is None:
        wants = not await _has_accounts(installation)
    return await (load if wants else in_force)(installation)


async def end(installation: Installation) -> bool:
    """Shut the demo's accounts and keys for good; return whether they were in force."""
    gateway, dsn = _gateway(installation)
    ended: bool = await gateway.end_demo(dsn, coded_rows(installation), operator())
    return ended


async def in_force(installation: Installation) -> bool:
    gateway, dsn = _gateway(installation)
    found: bool = await gateway.demo_in_force(dsn)
    return found


def operator() -> str:
    """The person at this terminal who changes accounts, as the audit shows the name."""
    try:
        return f"operator:{getpass.getuser()}"
    except (KeyError, OSError):  # a number without a name, in a container
        return f"operator:{os.getuid()}"


def coded_rows(installation: Installation) -> Any:
    """The codes of the gateway's rows that give rights, with the keys of the installation."""
    module = importlib.import_module("services.gateway.accounts.coded")
    return module.Coded(installation.keys.keyring("gateway"))


async def _has_accounts(installation: Installation) -> bool:
    conn = await asyncpg.connect(installation.admin_dsn)
    try:
        return bool(await conn.fetchval(ANYONE))
    finally:
        await conn.close()


def _gateway(installation: Installation) -> tuple[Any, str]:
    module = importlib.import_module("services.gateway.accounts.loading")
    return module, service_url(installation.admin_dsn, "gateway", installation.keys.secret)


def demo() -> list[Row]:
    """The accounts of the demo city pack, all with the demo password."""
    return [
        {
            "user": row["user"],
            "password": PASSWORD,
            "role": row["role"],
            "unit": row["unit"],
            "team": row["team"] or None,
            "name": row["name"],
        }
        for row in read("accounts.csv")
    ]


def api_keys(keys: Keys) -> list[Row]:
    """One key for each functional unit, two for the 110 desk, one for each team's leader."""
    found = []
    for unit, kind in ((row["code"], row["kind"]) for row in read("organisations.csv")):
        for role in CALL_DESK if kind == "command" else ("clerk",):
            found.append(api_key(keys, unit, role))
    for team in read("teams.csv"):
        found.append(api_key(keys, team["unit"], LEADER, team["code"]))
    return found


def api_key(keys: Keys, unit: str, role: str, team: str = "") -> Row:
    key = keys.api_key(unit, role, team)
    return {"key": key, "unit": unit, "role": role, "team": team or None}


@cache
def read(name: str) -> tuple[dict[str, str], ...]:
    with (PACK / name).open(encoding="utf-8-sig", newline="") as file:
        return tuple(csv.DictReader(file))
