"""Who may see which care cases, and which list shows them: the SQL says what the rules say."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.postgres.pool import open_pool
from backbone.words.actor import Actor
from liandong.population.v1 import population_pb2 as resources
from liandong.population.v1 import population_service_pb2 as pb
from services.population import storage
from services.population.care_case.record import (
    OVER,
    Admission,
    CareCase,
    Charge,
    HandOver,
    Programme,
    State,
    has_sent,
    is_audited,
    is_entrusted,
)
from services.population.care_case.table import is_overdue
from services.population.wiring import build_decider
from tests.cities import a_city
from tests.installation import Installation
from tests.listed import UNITS, Listed, asking, of_state, some, times, units

USERS = ("li", "wang", "zhao")
ROLES = ("head", "care_worker", "clerk", "auditor")
actors = st.builds(
    Actor,
    user=st.sampled_from(("", *USERS)),
    unit=st.sampled_from(("", *UNITS)),
    role=st.sampled_from(ROLES),
    area=st.just("990100"),
)


@st.composite
def cases(draw: Any) -> CareCase:
    key, time, state = uuid4(), draw(times), draw(st.sampled_from(State))
    workers = draw(st.sets(st.sampled_from(USERS), min_size=1))
    late = draw(st.booleans())
    return CareCase(
        id=key,
        code=str(key),
        version=1,
        time=time,
        state=state,
        admission=Admission(draw(st.sampled_from(Programme)), "x", None, None, None),
        hand_over=HandOver(draw(units), draw(st.sampled_from(USERS)), time, late),
        charge=Charge(draw(units), "", tuple(sorted(workers))),
    )


requests = st.builds(
    pb.ListCareCasesRequest,
    state=some(*resources.CareCase.State.values()),
    programme=some(*resources.Programme.values()),
    overdue=st.booleans(),
    closed=st.booleans(),
)


@pytest.fixture
async def listed(database: Installation, small_pieces: None) -> AsyncIterator[Listed]:
    async with await open_pool(database.url("population"), "population") as pool:
        yield Listed(pool, build_decider(a_city), storage.PATHS)


def passes(case: CareCase, request: pb.ListCareCasesRequest) -> bool:
    state = resources.CareCase.State.Name(request.state).removeprefix("STATE_")
    programme = resources.Programme.Name(request.programme).removeprefix("PROGRAMME_")
    wanted = state if request.state else ""
    return (
        of_state(case.state, case.state in OVER, wanted, request.closed)
        and (not request.programme or case.admission.programme == programme)
        and (not request.overdue or is_overdue(case))
    )


@asking
@given(st.lists(cases(), min_size=15, max_size=40), actors, requests)
async def test_a_list_shows_what_the_rules_let_through(
    listed: Listed, states: list[CareCase], actor: Actor, request_: pb.ListCareCasesRequest
) -> None:
    asked = storage.asked(request_, actor)

    def sees(case: CareCase) -> bool:
        concerned = is_entrusted(case, actor) or has_sent(case, actor)
        return is_audited(case, actor) or (concerned and actor.role != "operator")

    await listed.agrees(states, asked, sees, lambda each: passes(each, request_))
