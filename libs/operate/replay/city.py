"""The city as a replay knows it: by its public API, and the API keys in run.json."""

from dataclasses import dataclass
from typing import Any

from operate.home.home import Home
from operate.home.own_files import read_own
from operate.home.trouble import Trouble
from operate.replay.client import Client, Connection
from operate.replay.mapping import Box

PAGE = 1_000
DESK = "command"
TOWNSHIP = 9


@dataclass(frozen=True, slots=True)
class Category:
    code: str
    priority: str
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Team:
    code: str
    kind: str
    area: str


@dataclass(frozen=True, slots=True)
class Keys:
    """API keys: of departments by unit, of the desk by role, of team leaders by team."""

    units: dict[str, str]
    desk: dict[str, str]
    teams: dict[str, str]


@dataclass(frozen=True, slots=True)
class City:
    """Names and codes. `townships` maps area codes to names, `units` unit codes to kinds."""

    box: Box
    townships: dict[str, str]
    units: dict[str, str]
    categories: dict[str, Category]
    teams: tuple[Team, ...]


def read_run(home: Home) -> dict[str, Any]:
    """Read run.json of the running installation. Raises Trouble if it is not ready."""
    try:
        return read_own(home.run_file)
    except FileNotFoundError:
        raise Trouble(
            f"{home.run_file} does not exist, so liandong is not ready: "
            "start it with make run (or liandong up --detach), then run the same command again.",
            f"没有 {home.run_file}，系统未就绪：请先执行 make run"
            "（或 liandong up --detach），再重试。",
        ) from None


def read_keys(run: dict[str, Any]) -> Keys:
    keys = Keys({}, {}, {})
    for row in run["api_keys"]:
        if row.get("team"):
            keys.teams[row["team"]] = row["key"]
        elif row["unit"].endswith(f"-{DESK}"):
            keys.desk[row["role"]] = row["key"]
        else:
            keys.units[row["unit"]] = row["key"]
    return keys


async def read_city(connection: Connection, keys: Keys) -> City:
    desk = Client(connection, keys.desk["dispatcher"])
    head = await desk.get("/v1/city")
    units = [row async for row in desk.items("/v1/units", page_size=PAGE)]
    teams = [row async for row in desk.items("/v1/teams", page_size=PAGE)]
    categories = [row async for row in desk.items("/v1/categories", page_size=PAGE)]
    kinds = {row["code"]: row["kind"] for row in units}
    south_west, north_east = head["bounds"]["south_west"], head["bounds"]["north_east"]
    return City(
        Box(
            south_west["longitude"],
            south_west["latitude"],
            north_east["longitude"],
            north_east["latitude"],
        ),
        {row["area"]: row["name"] for row in units if row["kind"] == "township"},
        kinds,
        {row["code"]: as_category(row) for row in categories},
        tuple(Team(row["code"], kinds[row["unit"]], row["area"]) for row in teams),
    )


def as_category(row: dict[str, Any]) -> Category:
    return Category(row["code"], row["default_priority"], tuple(row["keywords"]))
