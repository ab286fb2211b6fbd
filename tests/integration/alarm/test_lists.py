"""Who may see which receipts, and which list shows them: the SQL says what the rules say."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.postgres.pool import open_pool, transaction
from backbone.postgres.turns import READ
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from backbone.words.place import Place, contains
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.alarm import outstanding, storage
from services.alarm.receipt.record import (
    OVER,
    Caller,
    Classification,
    Ending,
    Kind,
    Origin,
    Outcome,
    Receipt,
    Report,
    State,
)
from services.alarm.receipt.rights import require_may_see
from services.alarm.wiring import build_decider
from tests.cities import a_city
from tests.installation import Installation
from tests.listed import (
    AREAS,
    CATEGORIES,
    START,
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

PRIORITIES = ("P1", "P2", "P3", "P4")
# The ways to end that have no incident.
WAYS = (Outcome.ANSWERED, Outcome.PASSED, Outcome.INVALID)


async def test_what_was_passed_on_in_vain_is_read_by_an_index_of_its_own(
    database: Installation,
) -> None:
    """The index holds these alone, in the order of the list, not all that was ever passed on."""
    caller = SimpleNamespace(actor=Actor("zhao", "command", "dispatcher", "990101"))
    request = pb.ListOutstandingRequest(priority="P1")
    statement, values = outstanding._statement(request, caller, outstanding.FIRST, START, 51)
    async with (
        await open_pool(database.url("alarm"), "alarm") as pool,
        transaction(pool, READ) as conn,
    ):
        rows = await conn.fetch(f"EXPLAIN {statement}", *values)
    plan = "\n".join(row[0] for row in rows)
    assert "receipts_outstanding" in plan and "Sort" not in plan, plan


@st.composite
def receipts(draw: Any) -> Receipt:
    key, time, state = uuid4(), draw(times), draw(st.sampled_from(State))
    outcome = draw(st.sampled_from(WAYS))
    ending = Ending(
        outcome=outcome,
        end_time=time,
        ended_by="li",
        passed_to=draw(units) if outcome is Outcome.PASSED else "",
    )
    return Receipt(
        id=key,
        version=1,
        time=time,
        code=str(key),
        origin=Origin(draw(st.sampled_from(Kind)), draw(units), draw(areas), "li", time),
        report=Report(caller=Caller(), place=Place(area=draw(areas)), narrative=""),
        classification=Classification(draw(categories), draw(st.sampled_from(PRIORITIES))),
        state=state,
        ending=None if state is State.RECEIVED else ending,
    )


requests = st.builds(
    pb.ListReceiptsRequest,
    state=some(*resources.Receipt.State.values()),
    outcome=some(*(resources.Receipt.Outcome.Value(f"OUTCOME_{each}") for each in WAYS)),
    kind=some(*resources.Receipt.Kind.values()),
    priority=some(*PRIORITIES),
    category=some(*CATEGORIES),
    area=some(*AREAS, "990100", "990101"),
    unit=some(*UNITS),
    closed=st.booleans(),
)
days = st.none() | st.integers(0, 5)


@pytest.fixture
async def listed(database: Installation, small_pieces: None) -> AsyncIterator[Listed]:
    async with await open_pool(database.url("alarm"), "alarm") as pool:
        yield Listed(pool, build_decider(a_city), storage.PATHS)


def sees(receipt: Receipt, actor: Actor) -> bool:
    try:
        require_may_see(receipt, actor)
    except NotFound:
        return False
    return True


def passes(receipt: Receipt, request: pb.ListReceiptsRequest) -> bool:
    state = resources.Receipt.State.Name(request.state).removeprefix("STATE_")
    outcome = resources.Receipt.Outcome.Name(request.outcome).removeprefix("OUTCOME_")
    kind = resources.Receipt.Kind.Name(request.kind).removeprefix("KIND_")
    wanted = state if request.state else ""
    return (
        of_state(receipt.state, receipt.state in OVER, wanted, request.closed)
        and (not request.outcome or receipt.outcome == outcome)
        and (not request.kind or receipt.origin.kind == kind)
        and request.priority in ("", receipt.classification.priority)
        and request.unit in ("", receipt.unit)
        and below(receipt.classification.category, request.category, ".")
        and (not request.area or contains(request.area, receipt.area))
    )


@asking
@given(st.lists(receipts(), min_size=15, max_size=40), actors, requests, days, days)
async def test_a_list_shows_what_the_rules_let_through(
    listed: Listed,
    states: list[Receipt],
    actor: Actor,
    request_: pb.ListReceiptsRequest,
    first: int | None,
    last: int | None,
) -> None:
    since = None if first is None else START + timedelta(days=first)
    until = None if last is None else START + timedelta(days=last)
    asked = storage.asked(request_, actor, since, until)

    def within(receipt: Receipt) -> bool:
        time = receipt.origin.receive_time
        return (since is None or since <= time) and (until is None or time < until)

    await listed.agrees(
        states,
        asked,
        lambda each: sees(each, actor),
        lambda each: passes(each, request_) and within(each),
    )


@asking
@given(st.lists(receipts(), min_size=1, max_size=10), actors)
async def test_a_code_finds_receipts_in_every_state(
    listed: Listed, states: list[Receipt], actor: Actor
) -> None:
    asked = storage.asked(pb.ListReceiptsRequest(code=states[0].code), actor, None, None)
    await listed.agrees(
        states, asked, lambda each: sees(each, actor), lambda each: each is states[0]
    )
