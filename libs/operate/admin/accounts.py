"""The demo's accounts and the departments' API keys: who may sign in to a local installation."""

import csv
import importlib
from functools import cache
from pathlib import Path

from backbone.postgres.migrate import service_url
from operate.home.keys import Keys
from operate.run.installation import Installation

PACK = Path(__file__).parents[3] / "deploy" / "city" / "demo"
PASSWORD = "demo-liandong"  # noqa: S105  # the demo's, and marked as such wherever it is shown

Row = dict[str, str | None]

# Which kind of unit drives its own system with which roles.
CALL_DESK = ("call_taker", "dispatcher")
LEADER = "team_leader"


async def load(installation: Installation) -> None:
    """Give the gateway the accounts and keys; the same ones again change nothing."""
    gateway = importlib.import_module("services.gateway.accounts.loading")
    dsn = service_url(installation.admin_dsn, "gateway", installation.keys.secret)
    keys = [{**row, "exempt": True} for row in api_keys(installation.keys)]
    await gateway.load_accounts(dsn, demo(), keys)


def demo() -> list[Row]:
    """The accounts of the city pack, all with the one demo password."""
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
    """One for each functional unit, two for the 110 desk, one for the leader of each team."""
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
