"""Who may see which missions, and which list shows them: the SQL says what the rules say."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.postgres.pool import open_pool
from backbone.words.actor import Actor
from backbone.words.place import Place
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.emergency import storage
from services.emergency.deciders import missions as decider
from services.emergency.mission.record import OVER, Ending, Mission, Order, Pushes, Release, State
from services.emergency.scope import Scope
from tests.installation import Installation
from tests.listed import Listed, actors, areas, asking, of_state, some, times, units

TEAMS = ("fire", "rescue")
PRIORITIES = ("P1", "P2", "P3", "P4")
UNANSWERED = (State.PENDING, State.DELIVERED)


@st.composite
def missions(draw: Any) -> Mission:
    key, time, state = uuid4(), draw(times), draw(st.sampled_from(State))
    order = Order(
        matter_id=key,
        code=str(key),
        team=draw(st.sampled_from(TEAMS)),
        priority=draw(st.sampled_from(PRIORITIES)),
        place=Place(),
        narrative="",
        category="",
        exercise=False,
        ordered_by="li",
        ordered_unit=draw(units),
    )
    refused = "too far" if state is State.REFUSED else ""
    return Mission(
        id=key,
        version=1,
        time=time,
        state=state,
        order=order,
        release=Release(draw(units), draw(areas), True, (10,), time, time),
        pushes=Pushes(time if state in UNANSWERED else None),
        ending=Ending(time, refused) if state in OVER else None,
    )


scopes = st.one_of(
    st.just(Scope(Actor("", role="service"))),
    st.builds(Scope, actors, st.sampled_from(TEAMS)),
    st.builds(Scope, actors),
)
requests = st.builds(
    pb.ListMissionsRequest,
    state=some(*resources.Mission.State.values()),
    team=some(*TEAMS),
    priority=some(*PRIORITIES),
    open=st.booleans(),
    closed=st.booleans(),
)


@pytest.fixture
async def listed(database: Installation, small_pieces: None) -> AsyncIterator[Listed]:
    async with await open_pool(database.url("emergency"), "emergency") as pool:
        yield Listed(pool, decider, storage.PATHS)


def passes(mission: Mission, request: pb.ListMissionsRequest) -> bool:
    state = resources.Mission.State.Name(request.state).removeprefix("STATE_")
    wanted = state if request.state else ""
    return (
        of_state(mission.state, mission.state in OVER, wanted, request.closed)
        and request.team in ("", mission.order.team)
        and request.priority in ("", mission.order.priority)
    )


def sees(scope: Scope) -> Callable[[Mission], bool]:
    return lambda mission: scope.sees(mission.order.team, mission.facts)


@asking
@given(st.lists(missions(), min_size=15, max_size=40), scopes, requests)
async def test_a_list_shows_what_the_rules_let_through(
    listed: Listed, states: list[Mission], scope: Scope, request_: pb.ListMissionsRequest
) -> None:
    asked = storage.asked(request_, scope.conditions, None)
    await listed.agrees(states, asked, sees(scope), lambda each: passes(each, request_))


@asking
@given(st.lists(missions(), min_size=1, max_size=10), scopes)
async def test_a_matter_finds_its_missions_in_every_state(
    listed: Listed, states: list[Mission], scope: Scope
) -> None:
    asked = storage.asked(pb.ListMissionsRequest(), scope.conditions, states[0].order.matter_id)
    await listed.agrees(states, asked, sees(scope), lambda each: each is states[0])


def test_a_caller_without_team_unit_and_area_sees_no_mission() -> None:
    assert Scope(Actor("li", role="call_taker")).conditions == ()
