"""Pages of incidents: cut by their bytes, counted exactly, refused when they take too long."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec.structs import replace

from backbone.postgres import counting, turns
from backbone.postgres.listing import MOST_BYTES, Lists
from backbone.postgres.pool import Pool, open_pool
from backbone.process.metrics import LISTS_TOO_SLOW
from backbone.wire import to_message
from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument, TooSlow
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from services.workflow import codec, storage
from services.workflow.incident.record import Charge, Incident, State
from services.workflow.wiring import build_decider
from tests.cities import a_city
from tests.incidents import DESK, LI, NOW, a_matter
from tests.installation import Installation
from tests.listed import Listed, trusted
from tests.serving import calling, serving

DECIDER = build_decider(a_city)
CLERK = Actor("li", "north", "clerk", "990101001")
KEY = bytes(32)
TIMELINE = pb.GetTimelineRequest


@pytest.fixture
async def pool(database: Installation) -> AsyncIterator[Pool]:
    async with await open_pool(database.url("workflow"), "workflow") as pool:
        yield pool


def an_incident(number: int, narrative: str = "", state: State = State.TRIAGE) -> Incident:
    matter = replace(a_matter(), id=UUID(int=number), code=str(number), narrative=narrative)
    charge = Charge("north", "north")
    return Incident(
        UUID(int=number), 1, NOW, state, matter, NOW, charge, involved=("command", "north")
    )


async def asked(pool: Pool, **parts: Any) -> pb.ListIncidentsResponse:
    request, response = pb.ListIncidentsRequest(**parts), pb.ListIncidentsResponse()
    lists = Lists(pool, KEY, "incidents", storage.PATHS, trusted)
    wanted = storage.asked(request, CLERK)
    await lists.answer(
        request, response, wanted, lambda row: codec.to_resource(DECIDER.from_row(row))
    )
    return response


async def test_a_page_ends_before_it_is_too_large_to_be_sent(pool: Pool) -> None:
    await Listed(pool, DECIDER, storage.PATHS).write(
        [an_incident(number, "长" * 130_000) for number in range(30)]
    )
    found: list[str] = []
    token = ""
    while True:
        page = await asked(pool, page_size=30, page_token=token)
        assert 0 < page.ByteSize() < 4 * 1024 * 1024
        found += [each.id for each in page.items]
        token = page.next_page_token
        if not token:
            break
        assert page.ByteSize() > MOST_BYTES / 2, "no page is shorter than it must be"
    assert found == [str(UUID(int=number)) for number in range(30)]


async def test_timeline_and_clocks_have_pages(database: Installation) -> None:
    async with (
        serving(database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):
        matter = to_message(a_matter(), resources.Matter)
        await call("OpenIncident", pb.OpenIncidentRequest(matter=matter), DESK)
        one = {"incident_id": matter.id}
        await call("ClaimIncident", pb.ClaimIncidentRequest(**one), LI)
        away = pb.HandOffIncidentRequest(**one, to_unit="south", reason="不属本辖区")
        await call("HandOffIncident", away, LI)
        for method, kind in (("ListClocks", pb.ListClocksRequest), ("GetTimeline", TIMELINE)):
            whole = await call(method, kind(**one), LI)
            assert len(whole.items) > 1 and not whole.next_page_token
            found, token = [], ""
            while token or not found:
                page = await call(method, kind(**one, page_size=1, page_token=token), LI)
                assert len(page.items) == 1
                found += page.items
                token = page.next_page_token
            assert found == list(whole.items)
            wrong = kind(**one, page_token="AAAA")
            assert await call.refused(method, wrong, LI) == "BAD_PAGE_TOKEN"


async def test_counts_are_exact_up_to_a_number_and_say_more_beyond(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Listed(pool, DECIDER, storage.PATHS).write([an_incident(number) for number in range(9)])
    for most, size, more in ((10, 9, False), (9, 9, False), (8, 8, True)):
        monkeypatch.setattr(counting, "MOST", most)
        page = await asked(pool, count=True, page_size=1)
        assert (page.total_size, page.total_more) == (size, more)
    assert not (await asked(pool)).HasField("total_size")


async def test_open_ones_are_shown_unless_others_are_asked_for(pool: Pool) -> None:
    states = (State.TRIAGE, State.RESOLVED, State.CLOSED, State.MERGED, State.VOIDED)
    every = [an_incident(number, state=state) for number, state in enumerate(states)]
    await Listed(pool, DECIDER, storage.PATHS).write(every)

    async def shown(**parts: Any) -> set[int]:
        return {UUID(each.id).int for each in (await asked(pool, **parts)).items}

    assert await shown() == {0, 1}
    assert await shown(closed=True) == {2, 3, 4}
    assert (
        await shown(state="STATE_CLOSED") == await shown(state="STATE_CLOSED", closed=True) == {2}
    )
    assert (
        await shown(state="STATE_TRIAGE") == await shown(state="STATE_TRIAGE", closed=True) == {0}
    )
    assert await shown(code="3") == {3} and await shown(code="0") == {0}
    assert await shown(code="3", state="STATE_TRIAGE") == set()


async def test_a_list_that_takes_too_long_says_so_and_not_to_repeat(
    pool: Pool, database: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "READ", turns.READ.replace("= 2000", "= 100"))
    refused = LISTS_TOO_SLOW.labels("incidents")._value
    before = refused.get()
    other = await asyncpg.connect(database.admin)
    async with other.transaction():
        await other.execute("LOCK TABLE workflow.incidents, workflow.incident_readers")
        with pytest.raises(TooSlow, match="LIST_TOO_SLOW"):
            await asked(pool)
    await other.close()
    assert refused.get() == before + 1
    assert not (await asked(pool)).items, "the connection can be used again"


async def test_a_token_of_another_list_is_refused(pool: Pool) -> None:
    await Listed(pool, DECIDER, storage.PATHS).write([an_incident(number) for number in range(3)])
    token = (await asked(pool, page_size=1)).next_page_token
    assert len((await asked(pool, page_size=7, page_token=token)).items) == 2
    for other in ({"closed": True}, {"unit": "north"}, {"area": "990101"}):
        with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
            await asked(pool, page_token=token, **other)
