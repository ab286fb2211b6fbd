"""What a supervision says names no protected caller of its incidents to those who are asked."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from backbone.postgres.span_sealing import SpanSealer
from backbone.words.actor import Actor
from liandong.incident.v1 import incident_pb2 as incidents
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from liandong.place.v1.place_pb2 import Place
from liandong.supervision.v1 import supervision_pb2 as resources
from liandong.supervision.v1 import supervision_service_pb2 as spb
from liandong.supervision.v1.supervision_service_pb2_grpc import SupervisionServiceStub
from tests.cities import COUNTY, NORTH, SOUTH, a_city
from tests.installation import Installation
from tests.serving import Client, Home, calling, serving

DESK = Actor("zhao", "command", "dispatcher", COUNTY)
FENG = Actor("feng", "county", "supervisor", COUNTY)
LI = Actor("li", "north", "clerk", NORTH)
CHEN = Actor("chen", "south", "clerk", SOUTH)
HEADS = Actor("zhu", "north", "head", NORTH), Actor("liu", "south", "head", SOUTH)
KEY = resources.Supervision.LEVEL_KEY
SAID, TOLD = "请回复王建国，(+86)29-87654321", "请回复［报警人］，［号码］"


@pytest.fixture
async def home(database: Installation) -> AsyncIterator[Home]:
    async with serving(database, a_city(), "workflow") as home:
        yield home


@pytest.fixture
async def flows(home: Home) -> AsyncIterator[Client]:
    async with calling(home, "workflow", IncidentServiceStub) as client:
        yield client


@pytest.fixture
async def call(home: Home) -> AsyncIterator[Client]:
    async with calling(home, "workflow", SupervisionServiceStub) as client:
        yield client


async def held(flows: Client, holder: Actor, *persons: str) -> str:
    """An incident that this person holds, of these sealed persons."""
    matter = incidents.Matter(
        id=str(uuid4()),
        code=f"990101260101-{uuid4().int % 10**9:09d}-0",
        source="ALARM",
        title="theft",
        category="theft",
        priority="P2",
        place=Place(text="gate", area=holder.area),
        desk="command",
        persons=persons,
    )
    opened = await flows("OpenIncident", pb.OpenIncidentRequest(matter=matter), DESK, matter.id)
    claim = pb.ClaimIncidentRequest(incident_id=opened.incident.id)
    await flows("ClaimIncident", claim, holder, f"claim {matter.id}")
    return str(matter.id)


def texts_of(found: resources.Supervision) -> set[str]:
    assert not found.persons
    return {found.reason, *(each.question for each in found.demands)}


async def test_a_supervision_names_no_protected_caller(
    home: Home, flows: Client, call: Client
) -> None:
    """Of none of its incidents, in no answer, list or timeline, nor to those who asked."""
    sealer = SpanSealer(home.settings("workflow").texts)
    persons = [sealer.seal_name(each, kept=True) for each in ("王建国", "029-87654321")]
    one, other = await held(flows, LI), await held(flows, CHEN, *persons)
    ask = spb.OpenSupervisionRequest(incident_ids=[one, other], level=KEY, reason=SAID)
    opened = (await call("OpenSupervision", ask, FENG, "open")).supervision
    assert texts_of(opened) == {TOLD}
    of = opened.id
    answer = spb.AnswerSupervisionRequest(supervision_id=of, text=SAID)
    answered = (await call("AnswerSupervision", answer, LI, "answer")).supervision
    assert [each.text for each in answered.demands] == [TOLD]
    for who in (FENG, LI, CHEN, *HEADS):
        got = await call("GetSupervision", spb.GetSupervisionRequest(supervision_id=of), who)
        assert texts_of(got.supervision) == {TOLD}
        for inbox in (False, True):
            asked = spb.ListSupervisionsRequest(inbox=inbox)
            listed = await call("ListSupervisions", asked, who)
            assert all(texts_of(each) == {TOLD} for each in listed.items)
            assert listed.items or inbox
        request = spb.GetSupervisionTimelineRequest(supervision_id=of)
        assert await words_of(call, request, who) == {TOLD}


async def words_of(call: Client, request: Any, who: Actor) -> set[str]:
    timeline = await call("GetSupervisionTimeline", request, who)
    assert not timeline.persons
    facts = [dict(each.facts) for each in timeline.items]
    return {each.get("reason") or each.get("text") or "" for each in facts}
