"""Supervisions for tests of the pure core: three incidents of two units, and what comes of them."""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Refusal
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.opening import OpenIncident
from services.workflow.incident.record import Incident, holder_key
from services.workflow.incident.world import World
from services.workflow.supervision import SUPERVISIONS
from services.workflow.supervision.opening import OpenSupervision
from services.workflow.supervision.record import Level, Supervision
from tests.cities import COUNTY, NORTH, SOUTH
from tests.incidents import CHEN, CITY, DESK, LI, NOW, WANG, a_matter, after, changed

ID = UUID(int=99)
FENG = Actor("feng", "county", "supervisor", COUNTY)
MAYOR = Actor("zhou", "county", "leader", COUNTY)
CLERK = Actor("he", "county", "clerk", COUNTY)
NORTH_HEAD = Actor("zhu", "north", "head", NORTH)
SOUTH_HEAD = Actor("liu", "south", "head", SOUTH)


def an_incident(number: int, holder: Actor, **parts: str) -> Incident:
    """An incident that the holder's unit has in hand."""
    matter = replace(a_matter(code=f"990101260101-{number:06}-0", **parts), id=UUID(int=number))
    place = replace(matter.place, area=holder.area)
    opening = OpenIncident(DESK, replace(matter, place=place, to_unit=holder.unit))
    return after(opening, ClaimIncident(holder))


ONE, TWO, THREE = an_incident(1, LI), an_incident(2, WANG), an_incident(3, CHEN)


class Locked:
    """These incidents are locked with the supervision, and held by their holders."""

    def __init__(self, *incidents: Incident) -> None:
        self._known = {each.id: each for each in incidents}
        self._held: dict[UUID, set[UUID]] = {}
        for each in incidents:
            key = holder_key(each.charge.unit, each.charge.holder)
            self._held.setdefault(key, set()).add(each.id)

    def one(self, key: UUID) -> Any | None:
        return self._known.get(key)

    def members(self, key: UUID) -> frozenset[UUID]:
        return frozenset(self._held.get(key, ()))


# The unit that has it is barred from it a moment later.
BARRED = changed(an_incident(4, LI), barred=("north",))
ALL = Locked(ONE, TWO, THREE, BARRED)
IDS = tuple(str(each.id) for each in (ONE, TWO, THREE))
OPENING = OpenSupervision(FENG, ID, IDS, Level.KEY, "two weeks without news")


def decide(
    found: Supervision | None,
    command: Any,
    now: datetime = NOW,
    also: Locked = ALL,
    city: City = CITY,
) -> list[Any]:
    return SUPERVISIONS.decide(found, command, now, World(city, also))


def lived(
    *commands: Any, found: Supervision | None = None, now: datetime = NOW, also: Locked = ALL
) -> Supervision:
    """The supervision after these commands, all given at the same moment."""
    for command in commands:
        found = reduce(SUPERVISIONS.evolve, decide(found, command, now, also), found)
    assert found is not None
    return found


def reason_of(
    found: Supervision | None, command: Any, now: datetime = NOW, also: Locked = ALL
) -> str:
    with pytest.raises(Refusal) as caught:
        decide(found, command, now, also)
    return caught.value.reason


def states_of(found: Supervision) -> Mapping[str, list[str]]:
    """The places of the answers, by unit."""
    states: dict[str, list[str]] = {}
    for each in found.demands:
        states.setdefault(each.unit, []).append(each.state)
    return states
