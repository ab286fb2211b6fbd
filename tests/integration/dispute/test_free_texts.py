"""Free texts hold no personal data in plain: sealed at the edge, shown to those who work on it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from backbone.words.actor import Actor
from liandong.dispute.v1 import dispute_pb2 as resources
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1.dispute_service_pb2_grpc import DisputeServiceStub
from liandong.incident.v1 import incident_service_pb2 as flow
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from liandong.place.v1.place_pb2 import Place
from tests.cities import COUNTY, NORTH, a_city
from tests.installation import Installation
from tests.serving import Client, Home, calling, everything_at_rest, serving

DESK = Actor("zhao", "command", "receptionist", COUNTY)
LI, LEADER = Actor("li", "north", "mediator", NORTH), Actor("sun", "county", "leader", COUNTY)
NAME, MOBILE, IDENTITY = "欧阳小明", "13912345678", "11010519491231002X"
TEXT = f"楼上{NAME}漏水，电话139 1234\n5678，身份证{IDENTITY}，欧阳先生不在家"
CANARIES = (NAME, "139 1234", "1234\n5678", IDENTITY, "欧阳先生", "欧 阳 小 明", "13800001111")


@pytest.fixture
async def home(database: Installation) -> AsyncIterator[Home]:
    async with serving(database, a_city(), "dispute", "workflow") as home:
        yield home


@pytest.fixture
async def call(home: Home) -> AsyncIterator[Client]:
    async with calling(home, "dispute", DisputeServiceStub) as client:
        yield client


@pytest.fixture
async def flows(home: Home) -> AsyncIterator[Client]:
    async with calling(home, "workflow", IncidentServiceStub) as client:
        yield client


def a_request() -> pb.RegisterDisputeRequest:
    party = resources.Party(side="SIDE_APPLICANT", name=NAME, contact=MOBILE)
    other = resources.Party(side="SIDE_RESPONDENT", name="司马大光", contact="13887654321")
    return pb.RegisterDisputeRequest(
        kind="KIND_NEIGHBOURS",
        subject=f"{NAME}家漏水",
        text=TEXT,
        parties=[party, other],
        place=Place(text="gate", area=NORTH),
    )


async def test_texts_are_sealed_in_every_service_and_shown_to_those_who_work(
    call: Client, flows: Client, database: Installation
) -> None:
    dispute = (await call("RegisterDispute", a_request(), DESK, "k")).dispute
    assert dispute.text == TEXT and dispute.subject == f"{NAME}家漏水"
    again = (await call("RegisterDispute", a_request(), DESK, "k")).dispute
    assert again.id == dispute.id, "a repeat is the same request, though it is sealed anew"

    read = pb.GetDisputeRequest(dispute_id=dispute.id)
    watched = (await call("GetDispute", read, LEADER)).dispute
    assert watched.text == "楼上欧***漏水，电话139****5678，身份证110***********002X，欧***不在家"

    accept = pb.AcceptDisputeRequest(dispute_id=dispute.id, mediation="MEDIATION_PEOPLE")
    await call("AcceptDispute", accept, DESK)
    routed = (await call("RouteDispute", pb.RouteDisputeRequest(
        dispute_id=dispute.id, to_unit="north"), DESK)).dispute  # fmt: skip
    incident = routed.incident.id
    await flows("ClaimIncident", flow.ClaimIncidentRequest(incident_id=incident), LI)
    said = "已见 欧 阳 小 明，改用13800001111"
    report = flow.ReportProgressRequest(incident_id=incident, text=said)
    await flows("ReportProgress", report, LI)

    facts = await facts_of(flows, incident, LI)
    assert said in facts and TEXT in facts and "persons" not in facts
    hidden = await facts_of(flows, incident, LEADER)
    assert "已见 欧***，改用138****1111" in hidden
    for schema in ("dispute", "workflow"):
        rest = await everything_at_rest(database, schema)
        assert "楼上" in rest, "the rest of the text can be searched as before"
        assert not [each for each in CANARIES if each in rest or repr(each)[1:-1] in rest]


async def facts_of(flows: Client, incident: str, who: Actor) -> str:
    """All texts of the timeline, and of the incident."""
    request = flow.GetTimelineRequest(incident_id=incident)
    items = (await flows("GetTimeline", request, who)).items
    shown = (
        await flows("GetIncident", flow.GetIncidentRequest(incident_id=incident), who)
    ).incident
    return "\n".join([shown.narrative, *map(texts_of, (each.facts for each in items))])


def texts_of(value: Any) -> str:
    """The names and texts of a Struct, as they are written."""
    parts: list[str] = []
    for name, each in value.fields.items():
        parts.append(name)
        inner = each.WhichOneof("kind")
        parts.append(each.string_value if inner == "string_value" else "")
        parts.append(texts_of(each.struct_value) if inner == "struct_value" else "")
    return "\n".join(filter(None, parts))
