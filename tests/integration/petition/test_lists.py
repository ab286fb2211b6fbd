"""Who may know of which petitions, and which list shows them: the SQL says what the rules say."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.postgres.pool import open_pool
from backbone.words.actor import Actor
from liandong.petition.v1 import petition_pb2 as resources
from liandong.petition.v1 import petition_service_pb2 as pb
from services.petition import storage
from services.petition.petition.record import (
    OVER,
    Acceptance,
    Channel,
    Filing,
    Kind,
    Petition,
    State,
    may_see,
)
from services.petition.wiring import build_decider
from tests.cities import a_city
from tests.installation import Installation
from tests.listed import (
    CATEGORIES,
    UNITS,
    Listed,
    actors,
    areas,
    asking,
    below,
    categories,
    of_state,
    some,
    times,
    units,
)


@st.composite
def petitions(draw: Any) -> Petition:
    key, time, desk = uuid4(), draw(times), draw(units)
    filing = Filing(
        channel=draw(st.sampled_from(Channel)),
        subject="",
        text="",
        petitioners=(),
        head_count=1,
        place=None,
        category=draw(categories),
        priority="P3",
        against=draw(st.sampled_from(("", "", "sealed"))),
        against_unit=draw(st.sampled_from(("", "", *UNITS))),
    )
    kind = draw(st.sampled_from((None, *Kind)))
    return Petition(
        id=key,
        code=str(key),
        version=1,
        time=time,
        state=draw(st.sampled_from(State)),
        desk=desk,
        area=draw(areas),
        register_time=time,
        filing=filing,
        units=tuple(sorted({desk, *draw(st.lists(units))})),
        acceptance=Acceptance(kind, None, time) if kind else None,
    )


requests = st.builds(
    pb.ListPetitionsRequest,
    state=some(*resources.Petition.State.values()),
    channel=some(*resources.Channel.values()),
    kind=some(*resources.Kind.values()),
    category=some(*CATEGORIES),
    desk=some(*UNITS),
    closed=st.booleans(),
)


@pytest.fixture
async def listed(database: Installation, small_pieces: None) -> AsyncIterator[Listed]:
    async with await open_pool(database.url("petition"), "petition") as pool:
        yield Listed(pool, build_decider(a_city), storage.PATHS)


def passes(petition: Petition, request: pb.ListPetitionsRequest) -> bool:
    state = resources.Petition.State.Name(request.state).removeprefix("STATE_")
    channel = resources.Channel.Name(request.channel).removeprefix("CHANNEL_")
    kind = resources.Kind.Name(request.kind).removeprefix("KIND_")
    wanted = state if request.state else ""
    return (
        of_state(petition.state, petition.state in OVER, wanted, request.closed)
        and (not request.channel or petition.filing.channel == channel)
        and (not request.kind or petition.kind == kind)
        and request.desk in ("", petition.desk)
        and below(petition.filing.category, request.category, ".")
    )


@asking
@given(st.lists(petitions(), min_size=15, max_size=40), actors, requests)
async def test_a_list_shows_what_the_rules_let_through(
    listed: Listed, states: list[Petition], actor: Actor, request_: pb.ListPetitionsRequest
) -> None:
    asked = storage.asked(request_, actor)
    await listed.agrees(
        states, asked, lambda each: may_see(each, actor), lambda each: passes(each, request_)
    )


@asking
@given(st.lists(petitions(), min_size=8, max_size=20), st.data(), actors)
async def test_a_list_follows_every_change_of_a_record(
    listed: Listed, states: list[Petition], data: Any, actor: Actor
) -> None:
    await listed.write(states)
    later = [data.draw(petitions_like(each)) for each in states]
    request = pb.ListPetitionsRequest(closed=data.draw(st.booleans()))
    await listed.follows(
        later,
        storage.asked(request, actor),
        lambda each: may_see(each, actor) and passes(each, request),
    )


def petitions_like(petition: Petition) -> Any:
    """Any other record of the same id."""
    return petitions().map(lambda other: replace(other, id=petition.id, code=petition.code))
