"""Incidents for tests of the pure core: a city, its people, commands, and what comes of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Refusal
from backbone.words.matter import Matter
from backbone.words.place import Place
from services.workflow.incident import INCIDENTS
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.closing import VerifyIncident
from services.workflow.incident.handing_off import HandOffIncident
from services.workflow.incident.handling import ResolveIncident
from services.workflow.incident.opening import OpenIncident
from services.workflow.incident.record import Incident
from services.workflow.incident.returning import RequestReturn
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


class Alone:
    """Nothing is locked beside the incident, but so many that the actor holds."""

    def __init__(self, held: int = 0) -> None:
        self._held = frozenset(UUID(int=1_000 + number) for number in range(held))

    def one(self, key: UUID) -> Any | None:
        return None

    def members(self, key: UUID) -> frozenset[UUID]:
        return self._held


def a_matter(**parts: str) -> Matter:
    given: dict[str, Any] = {
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


def refusal_of(incident: Incident | None, command: Any, now: datetime = NOW, held: int = 0) -> str:
    """The reason why the command is refused."""
    with pytest.raises(Refusal) as caught:
        decide(incident, command, now, held=held)
    return caught.value.reason


def who_has(incident: Incident) -> tuple[str, str, str, str]:
    """Its state, the unit that has it, the unit that answers for it, and its holder."""
    charge = incident.charge
    return incident.state, charge.unit, charge.accountable_unit, charge.holder


OPEN = OpenIncident(DESK, a_matter())
TRIAGE = OpenIncident(DESK, a_matter(category="unheard"))
CLAIM = ClaimIncident(LI)
OFFER, ASK = HandOffIncident(LI, "south", "theirs"), RequestReturn(LI, "not ours")
RESOLVE, VERIFY = ResolveIncident(LI, "SOLVED", "done"), VerifyIncident(SECOND, "YES")
OFFERED, CLAIMED = after(OPEN), after(OPEN, CLAIM)
ASKED = after(ASK, found=CLAIMED)
HANDING_OFF = after(OFFER, found=CLAIMED)
RESOLVED = after(RESOLVE, found=CLAIMED)
VERIFIED = after(VERIFY, found=RESOLVED)
