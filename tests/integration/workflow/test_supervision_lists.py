"""Who may see which supervisions, and which list shows them: the SQL says what the rules say."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.postgres.pool import open_pool
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from backbone.words.sight import PETITION
from liandong.supervision.v1 import supervision_pb2 as resources
from liandong.supervision.v1 import supervision_service_pb2 as pb
from services.workflow import storage
from services.workflow.supervision import derive, may_see, waits_for
from services.workflow.supervision.lifting import LiftSupervision
from services.workflow.supervision.record import (
    ACCUSED,
    OVER,
    Answering,
    Deadline,
    Demand,
    Level,
    State,
    Supervision,
)
from services.workflow.wiring import build_supervisions
from tests.cities import a_city
from tests.installation import Installation
from tests.listed import UNITS, Listed, actors, areas, asking, some, times, units


@st.composite
def demands(draw: Any) -> Demand:
    state, time = draw(st.sampled_from(Answering)), draw(times)
    late = draw(st.booleans()) and state is Answering.OWED
    deadline = Deadline(time, "named", 1, "MINUTES")
    reasons = ["", *sorted(ACCUSED)]
    return Demand(
        str(uuid4()),
        draw(units),
        state,
        "",
        time,
        deadline,
        lapse_time=time if late else None,
        end_reason=draw(st.sampled_from(reasons)) if state is Answering.ENDED else "",
    )


@st.composite
def supervisions(draw: Any) -> Supervision:
    lifted, time = draw(st.booleans()), draw(times)
    found = Supervision(
        id=uuid4(),
        version=1,
        time=time,
        state=State.LIFTED if lifted else State.OPEN,
        level=draw(st.sampled_from(Level)),
        reason="",
        unit=draw(units),
        opener="",
        open_time=time,
        area=draw(areas),
        demands=tuple(draw(st.lists(demands(), min_size=1, max_size=3))),
        lift_time=time if lifted else None,
        origins=draw(st.sampled_from([(), (PETITION,)])),
    )
    if any(each.end_reason for each in found.demands) or draw(st.booleans()):
        began = tuple(draw(st.sets(st.sampled_from([each.incident for each in found.demands]))))
        barred = tuple(draw(st.sets(units, max_size=2)))
        also = tuple(draw(st.sets(units, max_size=2)))
        found = replace(found, accused=draw(units), accusations=began, barred=barred)
        found = replace(found, also_accused=also)
    return derive(found)


requests = st.builds(
    pb.ListSupervisionsRequest,
    state=some(*resources.Supervision.State.values()),
    level=some(*resources.Supervision.Level.values()),
    unit=some(*UNITS),
    closed=st.booleans(),
)
many = st.lists(supervisions(), min_size=10, max_size=30)


@pytest.fixture
async def listed(database: Installation, small_pieces: None) -> AsyncIterator[Listed]:
    async with await open_pool(database.url("workflow"), "workflow") as pool:
        yield Listed(pool, build_supervisions(a_city), storage.SUPERVISION_PATHS)


def sees(found: Supervision, actor: Actor) -> bool:
    try:
        may_see(found, LiftSupervision(actor, ""))
    except NotFound:
        return False
    return True


def passes(found: Supervision, request: pb.ListSupervisionsRequest) -> bool:
    state = resources.Supervision.State.Name(request.state).removeprefix("STATE_")
    level = resources.Supervision.Level.Name(request.level).removeprefix("LEVEL_")
    right = found.state == state if request.state else (found.state in OVER) == request.closed
    return right and request.unit in ("", found.unit) and level in ("UNSPECIFIED", found.level)


@asking
@given(many, actors, requests)
async def test_a_list_shows_what_the_rules_let_through(
    listed: Listed, states: list[Supervision], actor: Actor, request_: pb.ListSupervisionsRequest
) -> None:
    asked = storage.asked_supervisions(request_, actor)
    await listed.agrees(
        states, asked, lambda each: sees(each, actor), lambda each: passes(each, request_)
    )


@asking
@given(many, actors, requests)
async def test_an_inbox_shows_what_waits_for_the_unit_and_may_be_read(
    listed: Listed, states: list[Supervision], actor: Actor, request_: pb.ListSupervisionsRequest
) -> None:
    request_.inbox = True
    asked = storage.asked_supervisions(request_, actor)
    await listed.agrees(
        states,
        asked,
        lambda each: actor.unit in waits_for(each) and sees(each, actor),
        lambda each: passes(each, request_),
    )
