"""A generated, fictional day with a busy hour and a storm.

The same seed and size give the same rows with the same keys, so that a repeated replay is the same
day; another size gives another day.
"""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from backbone.words.place import Point
from operate.replay.city import City
from operate.replay.rows import Call, Day

WORDS = Path(__file__).with_name("made_day.yaml")
SIZE, SEED = 300, 1
DATE = datetime(2026, 6, 18, tzinfo=UTC)
# The corner of the city that the storm hits, as shares of its width and height.
STORM_WEST, STORM_SOUTH, STORM_SIDE = 0.55, 0.5, 0.2


def make(city: City, size: int = SIZE, seed: int = SEED) -> Day:
    chance = random.Random(f"{seed}/{size}")  # noqa: S311 - a day, not a secret
    name = f"made-day-{seed}-{size}"
    moments = sorted(moment(chance) for _ in range(size))
    rows = [
        made_call(number, f"{name}#{number}", *at, city, chance)
        for number, at in enumerate(moments, start=1)
    ]
    hours = Counter(row.time.hour for row in rows)
    busiest, most = hours.most_common(1)[0]
    notes = {
        "made": f"fictional, seed {seed}, {size} receipts",
        "busiest_hour": f"{busiest:02}:00, {most} receipts",
        "storm": f"{sum(stormy for _, stormy in moments)} receipts from one corner of the city",
    }
    return Day(name, tuple(rows), notes)


def moment(chance: random.Random) -> tuple[datetime, bool]:
    """The time of a call, and whether the storm is its cause."""
    words = vocabulary()
    storm = words["storm"]
    stormy = chance.random() < storm["share"]
    if stormy:
        hour = chance.uniform(storm["from"], storm["to"])
    else:
        hour = chance.choices(range(24), words["hours"])[0] + chance.random()
    return DATE + timedelta(hours=hour), stormy


def made_call(
    row: int, key: str, time: datetime, stormy: bool, city: City, chance: random.Random
) -> Call:
    kind = chance.choices(vocabulary()["kinds"], weights(time, stormy))[0]
    road = chance.choice(vocabulary()["words"]["road"])
    return Call(
        row=row,
        key=key,
        stamp=key,
        time=time,
        category=kind["category"],
        priority=city.categories[kind["category"]].priority,
        narrative=filled(kind["says"], road, chance),
        place=f"{road}{chance.randint(1, 199)}号",
        point=somewhere(city, stormy, chance),
        number=f"1990000{chance.randrange(10_000):04}",
        name=f"{chance.choice(vocabulary()['surnames'])}{chance.choice(vocabulary()['titles'])}",
        kind=kind.get("kind", "CALL"),
    )


def weights(time: datetime, stormy: bool) -> list[float]:
    rush = time.hour in (17, 18)
    return [
        kind.get("storm", 0) if stormy else kind["weight"] * (kind.get("rush", 1) if rush else 1)
        for kind in vocabulary()["kinds"]
    ]


def filled(says: str, road: str, chance: random.Random) -> str:
    """The narrative of a call: each {word} is chosen at random, {road} is the place's road."""
    for name, choices in vocabulary()["words"].items():
        while f"{{{name}}}" in says:
            word = road if name == "road" else chance.choice(choices)
            says = says.replace(f"{{{name}}}", word, 1)
    return says


def somewhere(city: City, stormy: bool, chance: random.Random) -> Point:
    across, up = chance.random(), chance.random()
    if stormy:
        across, up = STORM_WEST + across * STORM_SIDE, STORM_SOUTH + up * STORM_SIDE
    return city.box.inner().at(across, up)


@cache
def vocabulary() -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return words
