"""Incidents for tests of the pure core: a city, its people, decide and evolve in short."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.matter import Matter
from backbone.words.place import Place
from services.workflow.incident import INCIDENTS
from services.workflow.incident.record import Incident
from services.workflow.incident.world import World
from tests.cities import COUNTY, NORTH, a_city

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CITY = a_city()
ID = UUID(int=7)
LI, WANG = Actor("li", "north", "clerk", NORTH), Actor("wang", "north", "clerk", NORTH)
CHEN = Actor("chen", "south", "clerk", "990101002")
DESK = Actor("zhao", "command", "dispatcher", COUNTY)
SECOND = Actor("qian", "command", "call_taker", COUNTY)
HEAD = Actor("sun", "county", "head", COUNTY)
LEADER = Actor("zhou", "county", "leader", COUNTY)
# They have nothing to do with it: of another unit, of another county.
STRANGER = Actor("wu", "roads", "clerk", NORTH)
ELSEWHERE = Actor("zheng", "harbour", "leader", "990102")


class Alone:
    """Nothing is locked beside the incident, but so many that the actor holds."""

    def __init__(self, held: int = 0) -> None:
        self._held = frozenset(UUID(int=1_000 + number) for number in range(held))

    def one(self, key: UUID) -> Any | None:
        return None

    def members(self, key: UUID) -> Collection[UUID]:
        return self._held


def a_matter(**parts: str) -> Matter:
    given = {
        "code": "990101260101-000001-0",
        "source": "ALARM",
        "title": "theft",
        "narrative": "a bicycle",
        "category": "theft",
        "priority": "P2",
        "desk": "command",
        **parts,
    }
    return Matter(id=ID, place=Place("gate", area=NORTH), **given)


def decide(
    incident: Incident | None,
    command: Any,
    now: datetime = NOW,
    city: City = CITY,
    held: int = 0,
) -> list[Any]:
    return INCIDENTS.decide(incident, command, now, World(city, Alone(held)))


def evolve(incident: Incident | None, event: Any) -> Incident:
    return INCIDENTS.evolve(incident, event)


def folded(events: Sequence[Any], incident: Incident | None = None) -> Incident | None:
    return reduce(evolve, events, incident)


def after(*commands: Any, found: Incident | None = None, city: City = CITY) -> Incident:
    """The incident after these commands, all given at the same moment."""
    for command in commands:
        found = folded(decide(found, command, NOW, city), found)
    assert found is not None
    return found


def changed(incident: Incident, **parts: Any) -> Incident:
    """The incident with some fields changed, wherever in the record they stand."""
    for name, value in parts.items():
        if name in incident.__struct_fields__:
            incident = replace(incident, **{name: value})
            continue
        for part in ("charge", "counts", "ending", "matter"):
            record = getattr(incident, part)
            if name in record.__struct_fields__:
                incident = replace(incident, **{part: replace(record, **{name: value})})
                break
        else:
            raise KeyError(name)
    return incident
