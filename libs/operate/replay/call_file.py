"""Converts calls of another city (`lat,lng,title,time,township,address`) to calls of this one."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from backbone.words.place import Point
from operate.replay.cells import cell, degrees
from operate.replay.city import City
from operate.replay.dates import EXPECTED, time_of
from operate.replay.mapping import Affine, Box, by_hash
from operate.replay.rows import DANGER, Call, Day

COLUMNS = frozenset({"lat", "lng", "title", "time", "township", "address"})
TITLES = Path(__file__).with_name("titles.yaml")
LIFE_IN_DANGER = ("EMS", "Fire")

Table = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """The category and narrative for titles with one of `words`, in one of `groups`.

    The group is the part of a title before the colon. No words or no groups means any.
    """

    category: str
    says: str
    words: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def fits(self, group: str, title: str) -> bool:
        about = not self.words or any(word in title for word in self.words)
        return about and (not self.groups or group in self.groups)


def read(name: str, table: Table, city: City) -> Day:
    points = [point_of(f"{name}#{number}", row) for number, row in enumerate(table, start=1)]
    place = Affine(Box.around(points), city.box.inner())
    townships = sorted(city.townships)
    calls = [
        call_of(f"{name}#{number}", row, place(point), city, townships)
        for number, (row, point) in enumerate(zip(table, points, strict=True), start=1)
    ]
    notes = {
        "places": f"affine map of {place.source} onto {place.target}",
        "townships": "matched by SHA-256 of the name among the city's townships",
        "priorities": "EMS and Fire are P1; Traffic is P2 where the category is urgent, else P3",
        "times": "taken now; the original time stands in the narrative",
    }
    return Day(name, tuple(sorted(calls, key=lambda call: call.time)), notes)


def point_of(key: str, row: dict[str, str]) -> Point:
    return Point(
        cell(key, row, "lng", degrees(180), ("a longitude in degrees", "以度为单位的经度")),
        cell(key, row, "lat", degrees(90), ("a latitude in degrees", "以度为单位的纬度")),
    )


def call_of(key: str, row: dict[str, str], point: Point, city: City, townships: list[str]) -> Call:
    group, _, title = row["title"].partition(":")
    meaning = meaning_of(group, title)
    township = city.townships[by_hash(row["township"], townships)]
    time = cell(key, row, "time", time_of, EXPECTED)
    return Call(
        key=key,
        time=time,
        category=meaning.category,
        priority=priority_of(group, city.categories[meaning.category].priority),
        narrative=f"{meaning.says}。原记录：{row['title'].strip(' -')}，{row['time']}。",
        place=f"{township} {row['address']}",
        point=point,
        number=f"1990000{int(key.rpartition('#')[2]) % 10_000:04}",
        name="",
    )


def priority_of(group: str, usual: str) -> str:
    if group in LIFE_IN_DANGER:
        return DANGER
    return "P2" if usual in (DANGER, "P2") else "P3"


def meaning_of(group: str, title: str) -> Meaning:
    """The first meaning that fits; the last rows have no words, so every known group has one."""
    for meaning in meanings():
        if meaning.fits(group, title):
            return meaning
    return meanings()[-1]


@cache
def meanings() -> tuple[Meaning, ...]:
    rows = yaml.safe_load(TITLES.read_text(encoding="utf-8"))
    return tuple(
        Meaning(
            row["category"],
            row["says"],
            tuple(row.get("words", ())),
            tuple(row.get("groups", ())),
        )
        for row in rows
    )
