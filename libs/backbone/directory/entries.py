"""Conversion between directory entries on the wire and the records that services work with."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from backbone.directory import danger_list
from backbone.directory.flat import flat, plain
from backbone.directory.ladders import ladder_message, to_ladder
from backbone.directory.policies import policy_message, to_policy
from backbone.directory.working_calendar import to_calendar, to_message
from backbone.words.areas import ancestors
from backbone.words.calendar import UNANNOUNCED, Calendar
from backbone.words.city import (
    Area,
    Category,
    City,
    Competence,
    Grid,
    Head,
    Person,
    Record,
    Ring,
    Team,
    Unit,
)
from backbone.words.danger import NO_DANGERS, DangerList
from backbone.words.ladder import USUAL, Ladder
from backbone.words.neighbours import Neighbour
from backbone.words.policy import Policy
from liandong.directory.v1 import directory_pb2 as wire
from liandong.place.v1 import place_pb2 as place

Point: TypeAlias = tuple[float, float]

HEAD = "city"
POLICY = "policy"
CALENDAR = "calendar"
LADDER = "ladder"
DANGER = "danger"
FLAT: dict[str, type[Any]] = {
    "area": Area,
    "unit": Unit,
    "category": Category,
    "competence": Competence,
    "person": Person,
    "team": Team,
}
PLURALS = {
    "area": "areas",
    "grid": "grids",
    "unit": "units",
    "category": "categories",
    "competence": "competences",
    "person": "people",
    "team": "teams",
    "neighbour": "neighbours",
}
KINDS = frozenset(PLURALS) | {POLICY, CALENDAR, DANGER, LADDER}
"""The kinds of entries that a service may ask for; the head of the city is always included."""


def kind_of(key: str) -> str:
    """Return the kind of an entry by its key: unit for unit/990101001-police."""
    return key.partition("/")[0]


def key_of(record: Record) -> str:
    """Return the key under which a record is published."""
    match record:
        case Head():
            return HEAD
        case Policy():
            return POLICY
        case Calendar():
            return CALENDAR
        case Ladder():
            return LADDER
        case DangerList():
            return DANGER
        case Person():
            return f"person/{record.user}"
        case _:
            return f"{type(record).__name__.lower()}/{record.code}"


def to_entry(record: Record, version: int) -> wire.DirectoryEntry:
    """Return the wire entry of a record; the head's own version is that of its entry."""
    key = key_of(record)
    body: dict[str, Any] = {kind_of(key): message_of(record)}
    return wire.DirectoryEntry(key=key, version=version, **body)


def message_of(record: Record) -> Any:
    """Return the body of a record's entry, without key and version."""
    match record:
        case Head():
            return _head_message(record)
        case Policy():
            return policy_message(record)
        case Calendar():
            return to_message(record)
        case Ladder():
            return ladder_message(record)
        case DangerList():
            return danger_list.to_message(record)
        case Neighbour():
            return wire.Neighbour(
                **plain(record) | {"ring": wire.Ring(points=_points(record.ring))}
            )
        case Grid():
            path = list(reversed(ancestors(record.code)[1:]))
            rings = [wire.Ring(points=_points(ring)) for ring in record.rings]
            return wire.Grid(code=record.code, name=record.name, area_path=path, rings=rings)
        case _:
            kind: Any = getattr(wire, type(record).__name__)
            return kind(**plain(record))


def to_record(entry: wire.DirectoryEntry) -> Record | None:
    """Return the record of a wire entry; None for a kind that only newer services know."""
    kind = entry.WhichOneof("body")
    if kind is None:
        return None
    return _READERS[kind](getattr(entry, kind))


def to_city(records: Mapping[str, Record]) -> City | None:
    """Build a City from records by key; None while the head is missing."""
    head = records.get(HEAD)
    if not isinstance(head, Head):
        return None
    sorts: dict[str, dict[str, Any]] = {plural: {} for plural in PLURALS.values()}
    for key, record in records.items():
        kind, _, code = key.partition("/")
        if kind in PLURALS:
            sorts[PLURALS[kind]][code] = record
    policy, calendar = records.get(POLICY), records.get(CALENDAR)
    ladder = records.get(LADDER)
    danger = records.get(DANGER)
    return City(
        head,
        policy if isinstance(policy, Policy) else None,
        calendar=calendar if isinstance(calendar, Calendar) else UNANNOUNCED,
        ladder=ladder if isinstance(ladder, Ladder) else USUAL,
        danger=danger if isinstance(danger, DangerList) else NO_DANGERS,
        **sorts,
    )


def _head_message(head: Head) -> wire.City:
    time = Timestamp()
    time.FromDatetime(head.effective_time)
    bounds = wire.Bounds(south_west=_point(head.south_west), north_east=_point(head.north_east))
    said = plain(head) | {"effective_time": time, "bounds": bounds}
    del said["south_west"], said["north_east"]
    return wire.City(**said)


def _head(message: wire.City) -> Head:
    south_west, north_east = message.bounds.south_west, message.bounds.north_east
    return Head(
        code=message.code,
        name=message.name,
        south_west=(south_west.longitude, south_west.latitude),
        north_east=(north_east.longitude, north_east.latitude),
        version=message.version,
        effective_time=_time(message.effective_time),
        checksum=message.checksum,
        entries=message.entries,
        dialling_code=message.dialling_code,
        unit_kinds=dict(message.unit_kinds),
        skills=dict(message.skills),
    )


def _grid(message: wire.Grid) -> Grid:
    rings: tuple[Ring, ...] = tuple(
        tuple((point.longitude, point.latitude) for point in ring.points) for ring in message.rings
    )
    return Grid(message.code, message.name, rings)


def _neighbour(message: wire.Neighbour) -> Neighbour:
    ring = tuple((point.longitude, point.latitude) for point in message.ring.points)
    return Neighbour(message.code, message.name, message.telephone, ring)


def _time(value: Timestamp) -> datetime:
    return value.ToDatetime(tzinfo=UTC)


def _point(point: Point) -> place.Point:
    return place.Point(longitude=point[0], latitude=point[1])


def _points(ring: Iterable[Point]) -> list[place.Point]:
    return [_point(point) for point in ring]


_READERS: dict[str, Callable[[Any], Record]] = {
    HEAD: _head,
    POLICY: to_policy,
    CALENDAR: to_calendar,
    LADDER: to_ladder,
    DANGER: danger_list.to_danger_list,
    "neighbour": _neighbour,
    "grid": _grid,
    **{kind: flat(record) for kind, record in FLAT.items()},
}
