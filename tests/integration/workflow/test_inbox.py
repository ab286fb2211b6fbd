"""The inbox of each role: the SQL says what the pure rule says, and what no 110 desk may see."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.postgres.asking import Asked
from backbone.postgres.pool import open_pool
from backbone.words.actor import SERVICE, Actor
from backbone.words.clock import LAPSE
from backbone.words.place import contains
from backbone.words.policy import DISPUTE_CALL_BACK
from backbone.words.rights import verifiers_of
from backbone.words.sight import sees
from backbone.words.timekeeping import fire
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from services.workflow import codec, storage
from services.workflow.incident import clocks
from services.workflow.incident.kinds import ARRIVAL, FEEDBACK, HAND_OFF, OBJECTION, SIGN_IN
from services.workflow.incident.record import OVER, Incident, Question
from services.workflow.incident.waiting import (
    AFTER_WORK,
    ALERTS,
    REASONS,
    Waiting,
    waits_for,
    waits_of,
)
from services.workflow.narrowing import fits
from services.workflow.wiring import build_decider
from tests.cities import a_city
from tests.installation import Installation
from tests.integration.workflow.test_lists import incidents
from tests.listed import AREAS, CATEGORIES, START, UNITS, Listed, actors, asking, some, times, units

SOURCES = ("ALARM", "PETITION", "DISPUTE", "CARE", "MISSION")
DESK_ROLES = ("call_taker", "dispatcher", "leader", "duty_officer", "receptionist", "clerk", "head")


@st.composite
def waiting_incidents(draw: Any) -> Incident:
    """Of any source, with any questions, any clocks, raised or late."""
    found: Incident = draw(incidents())
    source = draw(st.sampled_from(SOURCES))
    # A dispute alone is born from another matter.
    origin = found.matter.origin if source == "DISPUTE" else ""
    matter = replace(found.matter, source=source, origin=origin)
    charge = replace(found.charge, raised_to=draw(st.sampled_from(("", "", *UNITS))))
    asked = tuple(
        Question(kind, "north", draw(units), "x", START, START, draw(st.sampled_from(("", *UNITS))))
        for kind in draw(st.sets(st.sampled_from((HAND_OFF, OBJECTION))))
    )
    found = replace(found, matter=matter, charge=charge, questions=asked)
    for kind in draw(st.sets(st.sampled_from((SIGN_IN, ARRIVAL, FEEDBACK)))):
        found = clocks.started(found, kind, "a rule", START, 5)
    solved = draw(st.sampled_from(("", "YES", "NO")))
    found = replace(found, ending=replace(found.ending, solved=solved))
    found = replace(found, counts=replace(found.counts, reworks=draw(st.sampled_from((0, 2)))))
    late = draw(st.booleans())
    fired = (fire(each, LAPSE, START + timedelta(hours=1)) for each in found.clocks)
    found = replace(found, clocks=tuple(fired) if late else found.clocks)
    involved = {*found.involved, *waits_for(found)}
    return replace(found, involved=tuple(sorted(involved)))


requests = st.builds(
    pb.ListIncidentsRequest,
    inbox=st.just(True),
    reason=st.sampled_from(("", "", *sorted(REASONS))),
    overdue=st.booleans(),
)
filters = st.builds(
    pb.ListIncidentsRequest,
    state=some(*resources.Incident.State.values()),
    unit=some(*UNITS),
    category=some(*CATEGORIES),
    priority=some("P1", "P2", "P3", "P4"),
    holder=some("li", "wang"),
    area=some(*AREAS, "990100", "990101"),
    closed=st.booleans(),
    source=some("ALARM", "DISPUTE", "PETITION"),
    from_time=st.none() | times,
    to_time=st.none() | times,
)
people = actors | st.builds(
    Actor,
    user=st.just("li"),
    unit=st.sampled_from(UNITS),
    role=st.sampled_from((*DESK_ROLES, "centre_director")),
    area=st.sampled_from(("990101", "990101001")),
)


def calls_back(role: str, source: str) -> bool:
    """The office has replied to its petition itself: any of its staff is told of its end."""
    made = role in verifiers_of(source) or source == "PETITION"
    return made or (source == "DISPUTE" and role in DISPUTE_CALL_BACK)


def waits_rightly(given: list[Waiting], request: pb.ListIncidentsRequest) -> bool:
    """Whether there is anything, of this reason if one is asked for, and late if that is."""
    return (
        bool(given)
        and (not request.reason or any(each.reason == request.reason for each in given))
        and (not request.overdue or any(each.overdue for each in given))
    )


def in_inbox(incident: Incident, actor: Actor, request: pb.ListIncidentsRequest) -> bool:
    """The rule of `GET /v1/inbox`, without SQL."""
    waits = waits_of(incident)
    matter = incident.matter
    by_unit, by_area = replace(actor, area=""), replace(actor, unit="")
    mine = [
        each
        for each in waits
        if actor.unit
        and each.unit == actor.unit
        and actor.unit in incident.readers
        and (each.reason not in AFTER_WORK or calls_back(actor.role, matter.source))
    ]
    if waits_rightly(mine, request) and sees(by_unit, incident.facts):
        return True
    if actor.role in DISPUTE_CALL_BACK and matter.source == "DISPUTE" and not matter.against:
        called = [each for each in waits if each.reason in AFTER_WORK]
        if contains(actor.area, incident.area) and waits_rightly(called, request):
            return True
    alerts = [each for each in waits if each.reason in ALERTS]
    watches = actor.role in ("dispatcher", "leader") and sees(by_area, incident.facts)
    return watches and waits_rightly(alerts, request)


@pytest.fixture
async def listed(database: Installation, small_pieces: None) -> AsyncIterator[Listed]:
    async with await open_pool(database.url("workflow"), "workflow") as pool:
        yield Listed(pool, build_decider(a_city), storage.PATHS)


@asking
@given(st.lists(waiting_incidents(), min_size=15, max_size=40), people, requests)
async def test_an_inbox_shows_what_waits_for_the_caller(
    listed: Listed, states: list[Incident], actor: Actor, request_: pb.ListIncidentsRequest
) -> None:
    asked = storage.asked(request_, actor, DISPUTE_CALL_BACK)
    await listed.agrees(
        states, asked, lambda each: in_inbox(each, actor, request_), lambda each: True
    )


@given(waiting_incidents(), filters)
def test_a_filter_holds_for_what_stands_beside_as_it_does_for_the_incident(
    incident: Incident, request_: pb.ListIncidentsRequest
) -> None:
    """The list, whose SQL asks the same, takes the open ones where no state is asked for."""
    row = storage.TABLE.row_of(incident)
    over = incident.state in OVER
    any_state = pb.ListIncidentsRequest()
    any_state.CopyFrom(request_)
    any_state.closed = request_.closed or (not request_.state and over)
    listed = Asked(((),), *_of_list(any_state)).has(row)
    wait = resources.Waiting(reason="TEAM_REFUSED", overdue=True)
    assert fits(request_, wait, storage.TABLE.project(incident)) == listed


def _of_list(request: pb.ListIncidentsRequest) -> Any:
    asked = storage.asked(request, Actor("li", "north", SERVICE, "990100"))
    return asked.filters, asked.span, asked.parts


@given(waiting_incidents(), people, requests)
def test_each_entry_of_an_inbox_says_why_and_since_when(
    incident: Incident, actor: Actor, request_: pb.ListIncidentsRequest
) -> None:
    if not in_inbox(incident, actor, request_):
        return
    shown = codec.in_inbox(incident, actor, DISPUTE_CALL_BACK).waits
    assert shown, "no entry without a reason"
    assert [each.overdue for each in shown] == sorted(
        (each.overdue for each in shown), reverse=True
    )
    for each in shown:
        assert each.reason in REASONS
        assert each.since.ToDatetime() <= max(START + timedelta(days=9), START).replace(tzinfo=None)
        below = each.reason in AFTER_WORK and actor.role in DISPUTE_CALL_BACK
        assert each.unit == actor.unit or each.reason in ALERTS or below
        assert each.reason not in AFTER_WORK or calls_back(actor.role, incident.matter.source)


@given(waiting_incidents(), st.sampled_from(("call_taker", "dispatcher")), units)
def test_no_petition_and_no_accusation_of_other_units_stands_at_a_110_desk(
    incident: Incident, role: str, unit: str
) -> None:
    actor = Actor("li", unit, role, "990101")
    shown = in_inbox(incident, actor, pb.ListIncidentsRequest(inbox=True))
    assert not (shown and incident.matter.source in ("PETITION", "CARE"))
    # The desk knows what it has taken down itself, even against itself.
    against, desk = incident.matter.against, incident.matter.desk
    has_to_do = unit == desk or (unit != against and unit in incident.involved)
    assert not (shown and against and not has_to_do)
