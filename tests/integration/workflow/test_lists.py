"""Who may see which incidents, and which list shows them: the SQL says what the pure rules say."""

from collections.abc import AsyncIterator
from datetime import UTC
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.postgres.pool import open_pool
from backbone.words.actor import Actor
from backbone.words.clock import Clock, Span
from backbone.words.errors import NotFound
from backbone.words.matter import Matter
from backbone.words.place import Place, contains
from backbone.words.working_time import Budget, Unit
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from services.workflow import storage
from services.workflow.incident import may_see, waits_for
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.kinds import SIGN_IN
from services.workflow.incident.record import HELD, OVER, Charge, Incident, State
from services.workflow.incident.waiting import shown_to, waits_of
from services.workflow.wiring import build_decider
from tests.cities import a_city
from tests.installation import Installation
from tests.listed import (
    AREAS,
    CATEGORIES,
    UNITS,
    Listed,
    actors,
    areas,
    asking,
    below,
    categories,
    some,
    times,
    units,
)

BORN = (("ALARM", ""), ("ALARM", ""), ("DISPUTE", ""), ("DISPUTE", "PETITION"), ("PETITION", ""))
PRIORITIES = ("P1", "P2", "P3", "P4")


NEVER: Any = st.none()


@st.composite
def incidents(draw: Any, lapses: Any = NEVER) -> Incident:
    state, unit, key = draw(st.sampled_from(State)), draw(units), uuid4()
    source, origin = draw(st.sampled_from(BORN))
    matter = Matter(
        id=key,
        code=str(key),
        source=source,
        origin=origin,
        title="",
        narrative="",
        category=draw(categories),
        priority=draw(st.sampled_from(PRIORITIES)),
        place=Place(area=draw(areas)),
        desk=draw(units),
        against=draw(st.sampled_from(("", "", *UNITS))),
    )
    holder = draw(st.sampled_from(("li", "wang"))) if state in HELD else ""
    lapsed = draw(lapses)
    ledger = (Span(lapsed),) if lapsed else ()
    late = Clock("1", SIGN_IN, "", "", Budget(1, Unit.MINUTES), ledger, lapse_time=lapsed)
    charge = Charge(unit, unit, None, "", holder)
    given = Incident(
        key, 1, draw(times), state, matter, draw(times), charge, clocks=(late,) if lapsed else ()
    )
    involved = {*draw(st.lists(units)), unit, matter.desk, *waits_for(given)}
    return replace(given, involved=tuple(sorted(involved)))


requests = st.builds(
    pb.ListIncidentsRequest,
    state=some(*resources.Incident.State.values()),
    unit=some(*UNITS),
    category=some(*CATEGORIES),
    priority=some(*PRIORITIES),
    holder=some("li", "wang"),
    area=some(*AREAS, "990100", "990101"),
    closed=st.booleans(),
    source=some("ALARM", "DISPUTE", "PETITION"),
    overdue=some(True),
    from_time=st.none() | times,
    to_time=st.none() | times,
)


@pytest.fixture
async def listed(database: Installation, small_pieces: None) -> AsyncIterator[Listed]:
    async with await open_pool(database.url("workflow"), "workflow") as pool:
        yield Listed(pool, build_decider(a_city), storage.PATHS)


def sees(incident: Incident, actor: Actor) -> bool:
    try:
        may_see(incident, ClaimIncident(actor))
    except NotFound:
        return False
    return True


def passes(incident: Incident, request: pb.ListIncidentsRequest) -> bool:
    state = resources.Incident.State.Name(request.state).removeprefix("STATE_")
    matter, charge = incident.matter, incident.charge
    rightly = incident.state == state if request.state else (
        bool(request.code) or (incident.state in OVER) == request.closed
    )  # fmt: skip
    open_time = incident.open_time
    since = not request.HasField("from_time") or request.from_time.ToDatetime(UTC) <= open_time
    until = not request.HasField("to_time") or open_time < request.to_time.ToDatetime(UTC)
    late = any(each.overdue for each in waits_of(incident))
    return (
        rightly
        and since
        and until
        and (late or not request.overdue)
        and request.source in ("", matter.source)
        and request.unit in ("", charge.unit)
        and request.priority in ("", matter.priority)
        and request.holder in ("", charge.holder)
        and request.code in ("", matter.code)
        and below(matter.category, request.category, ".")
        and (not request.area or contains(request.area, incident.area))
    )


STAFF = ("clerk", "head", "care_worker", "mediator", "grid_member", "call_taker", "receptionist")


@asking
@given(st.lists(incidents(NEVER | times), min_size=15, max_size=40), actors, requests)
async def test_a_list_shows_what_the_rules_let_through(
    listed: Listed, states: list[Incident], actor: Actor, request_: pb.ListIncidentsRequest
) -> None:
    asked = storage.asked(request_, actor)
    await listed.agrees(
        states, asked, lambda each: sees(each, actor), lambda each: passes(each, request_)
    )


@asking
@given(st.lists(incidents(), min_size=15, max_size=40), units, st.sampled_from(STAFF), requests)
async def test_an_inbox_shows_what_waits_for_the_unit(
    listed: Listed, states: list[Incident], unit: str, role: str, request_: pb.ListIncidentsRequest
) -> None:
    request_.inbox, request_.overdue = True, False
    actor = Actor("li", unit, role, "990101001")
    asked = storage.asked(request_, actor)
    waiting = lambda each: bool(shown_to(each, actor, ())) and sees(each, actor)  # noqa: E731
    mine = lambda each: waiting(each) and unit in each.readers  # noqa: E731
    await listed.agrees(states, asked, mine, lambda each: passes(each, request_))


@asking
@given(st.lists(incidents(), min_size=1, max_size=10), actors)
async def test_a_code_finds_open_incidents_and_those_that_are_over(
    listed: Listed, states: list[Incident], actor: Actor
) -> None:
    request = pb.ListIncidentsRequest(code=states[0].matter.code)
    asked = storage.asked(request, actor)
    await listed.agrees(
        states, asked, lambda each: sees(each, actor), lambda each: each is states[0]
    )


@asking
@given(st.lists(incidents(), min_size=8, max_size=20), st.data(), actors)
async def test_a_list_follows_every_change_of_a_record(
    listed: Listed, states: list[Incident], data: Any, actor: Actor
) -> None:
    """The rows beside the table are written anew where the door updates a row."""
    await listed.write(states)
    later = [replace(data.draw(incidents()), id=each.id) for each in states]
    request = pb.ListIncidentsRequest(closed=data.draw(st.booleans()))
    await listed.follows(
        later,
        storage.asked(request, actor),
        lambda each: sees(each, actor) and passes(each, request),
    )
