"""Who may know of which disputes, and which list shows them: the SQL says what the rules say."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.postgres.pool import open_pool
from backbone.words.actor import Actor
from liandong.dispute.v1 import dispute_pb2 as resources
from liandong.dispute.v1 import dispute_service_pb2 as pb
from services.dispute import storage
from services.dispute.dispute.record import OVER, Dispute, Filing, Kind, Source, State, may_see
from services.dispute.wiring import build_decider
from tests.cities import a_city
from tests.installation import Installation
from tests.listed import UNITS, Listed, actors, areas, asking, of_state, some, times, units


@st.composite
def disputes(draw: Any) -> Dispute:
    key, time, desk = uuid4(), draw(times), draw(units)
    filing = Filing(
        kind=draw(st.sampled_from(Kind)),
        source=draw(st.sampled_from(Source)),
        level=draw(st.integers(1, 3)),
        violence=False,
        subject="",
        text="",
        parties=(),
        place=None,
        category="",
        priority="P3",
    )
    return Dispute(
        id=key,
        code=str(key),
        version=1,
        time=time,
        state=draw(st.sampled_from(sorted(set(State) - {State.AGREED}))),
        desk=desk,
        area=draw(areas),
        register_time=time,
        filing=filing,
        units=tuple(sorted({desk, *draw(st.lists(units))})),
    )


requests = st.builds(
    pb.ListDisputesRequest,
    state=some(*resources.Dispute.State.values()),
    kind=some(*resources.Kind.values()),
    source=some(*resources.Source.values()),
    level=some(1, 2, 3),
    desk=some(*UNITS),
    closed=st.booleans(),
)


@pytest.fixture
async def listed(database: Installation, small_pieces: None) -> AsyncIterator[Listed]:
    async with await open_pool(database.url("dispute"), "dispute") as pool:
        yield Listed(pool, build_decider(a_city), storage.PATHS)


def passes(dispute: Dispute, request: pb.ListDisputesRequest) -> bool:
    state = resources.Dispute.State.Name(request.state).removeprefix("STATE_")
    kind = resources.Kind.Name(request.kind).removeprefix("KIND_")
    source = resources.Source.Name(request.source).removeprefix("SOURCE_")
    wanted = state if request.state else ""
    return (
        of_state(dispute.state, dispute.state in OVER, wanted, request.closed)
        and (not request.kind or dispute.filing.kind == kind)
        and (not request.source or dispute.filing.source == source)
        and request.level in (0, dispute.filing.level)
        and request.desk in ("", dispute.desk)
    )


@asking
@given(st.lists(disputes(), min_size=15, max_size=40), actors, requests)
async def test_a_list_shows_what_the_rules_let_through(
    listed: Listed, states: list[Dispute], actor: Actor, request_: pb.ListDisputesRequest
) -> None:
    asked = storage.asked(request_, actor)
    await listed.agrees(
        states, asked, lambda each: may_see(each, actor), lambda each: passes(each, request_)
    )


@asking
@given(st.lists(disputes(), min_size=8, max_size=20), st.data(), actors)
async def test_a_list_follows_every_change_of_a_record(
    listed: Listed, states: list[Dispute], data: Any, actor: Actor
) -> None:
    await listed.write(states)
    others = [data.draw(disputes()) for _ in states]
    later = [replace(each, id=was.id) for was, each in zip(states, others, strict=True)]
    request = pb.ListDisputesRequest(closed=data.draw(st.booleans()))
    await listed.follows(
        later,
        storage.asked(request, actor),
        lambda each: may_see(each, actor) and passes(each, request),
    )
