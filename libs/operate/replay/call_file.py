"""Converts calls of another city (`lat,lng,title,time,township,address`) to calls of this one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import yaml

from backbone.words.place import Point
from operate.replay.cells import cell, degrees, each_read
from operate.replay.city import City
from operate.replay.dates import EXPECTED, said, time_of
from operate.replay.identity import Identity, Said, identify, plain
from operate.replay.mapping import Affine, Box, by_hash, number_of
from operate.replay.rows import DANGER, Call, Day

COLUMNS = frozenset({"lat", "lng", "title", "time", "township", "address"})
# The optional column with the number that the record has where it comes from.
REFERENCE = "reference"
TITLES = Path(__file__).with_name("titles.yaml")
LIFE_IN_DANGER = ("EMS", "Fire")

Table = Mapping[int, dict[str, str]]


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
    read, unread = each_read(name, table, COLUMNS, _where_and_when, frozenset({REFERENCE}))
    said_in = (_said(row, table[row], *found) for row, found in read.items())
    known = identify(unquote(name), "call", said_in)
    place = Affine(Box.around([point for point, _ in read.values()]), city.box.inner())
    townships = sorted(city.townships)
    calls = []
    for own in known.rows:
        point, time = read[own.row]
        calls.append(call_of(own, table[own.row], time, place(point), city, townships))
    notes = {
        "places": f"affine map of {place.source} onto {place.target}",
        "townships": "matched by SHA-256 of the name among the city's townships",
        "priorities": "EMS and Fire are P1; Traffic is P2 where the category is urgent, else P3",
        "times": "taken now; the original time stands in the narrative",
    }
    if known.equal:
        notes["equal"] = f"{known.equal} rows say what an earlier one says; each is a call"
    told = (*unread, *known.contradictions)
    rows = tuple(sorted(calls, key=lambda call: call.time))
    return Day(name, rows, notes, tuple(known.repeats), is_file=True, unread=told)


def _where_and_when(spot: str, row: Mapping[str, str]) -> tuple[Point, datetime]:
    return point_of(spot, row), cell(spot, row, "time", time_of, EXPECTED)


def point_of(spot: str, row: Mapping[str, str]) -> Point:
    return Point(
        cell(spot, row, "lng", degrees(180), ("a longitude in degrees", "以度为单位的经度")),
        cell(spot, row, "lat", degrees(90), ("a latitude in degrees", "以度为单位的纬度")),
    )


def _said(number: int, row: dict[str, str], point: Point, time: datetime) -> Said:
    texts = (plain(row[name]) for name in ("title", "township", "address"))
    where = (repr(point.longitude), repr(point.latitude))
    return Said(number, plain(row.get(REFERENCE, "")), (*where, said(time), *texts))


def call_of(
    own: Identity,
    row: dict[str, str],
    time: datetime,
    point: Point,
    city: City,
    townships: list[str],
) -> Call:
    group, _, title = row["title"].partition(":")
    meaning = meaning_of(group, title)
    township = city.townships[by_hash(row["township"], townships)]
    source = f"，编号 {own.reference}" if own.reference else ""
    return Call(
        row=own.row,
        key=own.key,
        stamp=own.stamp,
        reference=own.reference,
        time=time,
        category=meaning.category,
        priority=priority_of(group, city.categories[meaning.category].priority),
        narrative=f"{meaning.says}。原记录：{row['title'].strip(' -')}，{said(time)}{source}。",
        place=f"{township} {row['address']}",
        point=point,
        number=f"1990000{number_of(own.key, 10_000):04}",
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
