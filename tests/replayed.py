"""The demo city as the replay knows it, read from the pack itself, for tests without a server."""

import csv
from functools import cache
from pathlib import Path

from operate.replay.city import Category, City, Team
from operate.replay.mapping import Box

PACK = Path(__file__).parents[1] / "deploy" / "city" / "demo"
BOX = Box(108.6, 34.0, 109.2, 34.4)


@cache
def demo_city() -> City:
    kinds = {row["code"]: row["kind"] for row in table("organisations.csv")}
    return City(
        BOX,
        {
            row["area"]: row["name"]
            for row in table("organisations.csv")
            if row["kind"] == "township"
        },
        kinds,
        {
            row["code"]: Category(row["code"], row["priority"], tuple(row["keywords"].split(";")))
            for row in table("categories.csv")
        },
        tuple(Team(row["code"], kinds[row["unit"]], row["area"]) for row in table("teams.csv")),
    )


def table(name: str) -> list[dict[str, str]]:
    with (PACK / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
