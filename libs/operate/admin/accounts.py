"""The demo accounts and the departments' API keys of a local installation."""

import csv
import importlib
from functools import cache
from pathlib import Path

from backbone.postgres.migrate import service_url
from operate.home.keys import Keys
from operate.run.installation import Installation

PACK = Path(__file__).parents[3] / "deploy" / "city" / "demo"
PASSWORD = "demo-liandong"  # noqa: S105  # shown together with the demo accounts

Row = dict[str, str | None]

# The roles of the API keys that the 110 desk's own system gets.
CALL_DESK = ("call_taker", "dispatcher")
LEADER = "team_leader"


async def load(installation: Installation) -> None:
    """Load the accounts and keys into the gateway; loading them again changes nothing."""
    gateway = importlib.import_module("services.gateway.accounts.loading")
    dsn = service_url(installation.admin_dsn, "gateway", installation.keys.secret)
    await gateway.load_accounts(dsn, demo(), api_keys(installation.keys))


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
